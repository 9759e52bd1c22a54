using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Merging;

/// <summary>A piece of a tensor as its models store it, and room for the result.</summary>
/// <param name="Start">The first element's place in the tensor.</param>
/// <param name="Length">Its elements.</param>
/// <param name="Offset">Where it begins in each buffer, in elements.</param>
/// <param name="Base">The base's bytes.</param>
/// <param name="BaseType">Their type.</param>
/// <param name="Inputs">The inputs' bytes.</param>
/// <param name="InputTypes">Their types; null where an input lacks the tensor.</param>
/// <param name="Output">Room for the result's bytes.</param>
/// <param name="OutputType">Their type.</param>
public readonly record struct StoredTile(long Start, int Length, int Offset, byte[] Base, DType BaseType, byte[][] Inputs, DType?[] InputTypes, byte[] Output, DType OutputType)
{
    /// <summary>The base's bytes of this piece.</summary>
    public ReadOnlySpan<byte> BaseBytes => Base.AsSpan(Offset * BaseType.Size(), Length * BaseType.Size());

    /// <summary>The bytes of this piece for the result.</summary>
    public Span<byte> OutputBytes => Output.AsSpan(Offset * OutputType.Size(), Length * OutputType.Size());

    /// <summary>An input's bytes of this piece; empty where it lacks the tensor.</summary>
    public ReadOnlySpan<byte> InputBytes(int index) =>
        InputTypes[index] is { } type ? Inputs[index].AsSpan(Offset * type.Size(), Length * type.Size()) : [];
}

/// <summary>What is added to the base: output = base + (Σ weight · mask ⊙ delta) / divisor · factor.</summary>
/// <typeparam name="T">float or double.</typeparam>
public readonly ref struct Terms<T>
    where T : unmanaged
{
    /// <summary>Creates the terms.</summary>
    /// <param name="inputs">Indexes of the inputs, in the order of the sum.</param>
    /// <param name="weights">A weight for each.</param>
    /// <param name="masked">Whether each is masked.</param>
    /// <param name="divisor">What the sum is divided by; 1 for nothing.</param>
    /// <param name="factor">What it is then multiplied by; 1 for nothing.</param>
    public Terms(ReadOnlySpan<int> inputs, ReadOnlySpan<T> weights, ReadOnlySpan<bool> masked, T divisor, T factor)
    {
        Inputs = inputs;
        Weights = weights;
        Masked = masked;
        Divisor = divisor;
        Factor = factor;
    }

    /// <summary>Indexes of the inputs, in the order of the sum.</summary>
    public ReadOnlySpan<int> Inputs { get; }

    /// <summary>A weight for each.</summary>
    public ReadOnlySpan<T> Weights { get; }

    /// <summary>Whether each is masked.</summary>
    public ReadOnlySpan<bool> Masked { get; }

    /// <summary>What the sum is divided by; 1 for nothing.</summary>
    public T Divisor { get; }

    /// <summary>What it is then multiplied by; 1 for nothing.</summary>
    public T Factor { get; }
}
