using System.Numerics;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging;

/// <summary>Stored weights in memory.</summary>
/// <param name="Type">Their type.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="AreDeltas">The base is subtracted already.</param>
internal readonly record struct StoredWeights(DType Type, Memory<byte> Bytes, bool AreDeltas = false)
{
    /// <summary>How many there are.</summary>
    public int Count => Bytes.Length / Type.Size();

    /// <summary>Some of them.</summary>
    public StoredWeights Part(int start, int length)
    {
        int size = Type.Size();
        return new StoredWeights(Type, Bytes.Slice(start * size, length * size), AreDeltas);
    }

    /// <summary>The bytes of some elements.</summary>
    public Span<byte> Slice(int start, int length) => Bytes.Span.Slice(start * Type.Size(), length * Type.Size());
}

/// <summary>A NaN or infinity in an input.</summary>
/// <param name="Input">The input, or -1 for the base.</param>
/// <param name="Index">The element's place in the tensor.</param>
/// <param name="Value">What stands there.</param>
internal readonly record struct NonFiniteWeight(int Input, long Index, double Value);

/// <summary>Fills rows of an input that are computed instead of read; false when a value is not finite.</summary>
/// <param name="input">The input, or -1 for the base.</param>
/// <param name="start">The piece's first element.</param>
/// <param name="values">The piece.</param>
/// <typeparam name="T">float or double.</typeparam>
internal delegate bool RowFiller<T>(int input, long start, Span<T> values);

/// <summary>Takes stored bytes of all models through one pass of a kernel, tile by tile: the inner loop of every merge, and what
/// the benchmarks measure in memory.</summary>
/// <typeparam name="T">float or double.</typeparam>
/// <param name="kernel">The computation, or what only measures.</param>
/// <param name="kernels">The arithmetic.</param>
/// <param name="tileLength">Elements in a tile, a multiple of the kernel's blocks.</param>
/// <param name="segment">Elements that share sums, a multiple of the tile's.</param>
/// <param name="allowNonFinite">Lets NaN and infinity through.</param>
internal sealed class PieceLoop<T>(TensorProbe<T> kernel, IKernels<T> kernels, int tileLength, long segment, bool allowNonFinite)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Whether an input (-1: the base) has rows that are not read but computed, as a vocabulary's new tokens do.</summary>
    public Func<int, bool> HasComputedRows { get; init; } = static _ => false;

    /// <summary>How many of the inputs are models. Those after them are statistics: none is negative, and the base is not subtracted.</summary>
    public int Models { get; init; } = int.MaxValue;

    /// <summary>Fills such rows in a piece of an input that begins at a place of the tensor; false when a value is not finite.</summary>
    public RowFiller<T> FillComputedRows { get; init; } = static (_, _, _) => true;

    /// <summary>Runs one pass over a piece.</summary>
    /// <param name="pass">Which; the one after the measuring passes writes.</param>
    /// <param name="start">The piece's first element, a multiple of the tile's length.</param>
    /// <param name="length">Its elements.</param>
    /// <param name="origin">The base's weights; null where the merge has no base.</param>
    /// <param name="inputs">The inputs' weights.</param>
    /// <param name="output">Room for the result.</param>
    /// <param name="tile">Room to work in.</param>
    /// <param name="sums">The sums of all segments.</param>
    /// <returns>The first weight that is not finite, where that ended the pass.</returns>
    public NonFiniteWeight? Run(int pass, long start, int length, StoredWeights? origin, StoredWeights[] inputs, StoredWeights output, Tile<T> tile, double[] sums)
    {
        int sumCount = kernel.SumCount(pass);
        var parts = new StoredWeights[inputs.Length];
        for (int at = 0; at < length;)
        {
            long index = (start + at) / segment;
            int count = (int)Math.Min(length - at, ((index + 1) * segment) - start - at);
            for (int i = 0; i < inputs.Length; i++)
                parts[i] = inputs[i].Part(at, count);
            Span<double> own = sums.AsSpan((int)index * sumCount, sumCount);
            if (RunPart(pass, start + at, origin?.Part(at, count), parts, output.Part(at, count), tile, own) is { } bad)
                return bad;
            at += count;
        }

        return null;
    }

    private NonFiniteWeight? RunPart(int pass, long start, StoredWeights? origin, StoredWeights[] inputs, StoredWeights output, Tile<T> tile, Span<double> sums)
    {
        var writing = pass == kernel.MeasuringPasses ? (TensorKernel<T>)kernel : null;
        bool asStored = origin is not null && !ComputesRows(inputs.Length) && !inputs.Any(i => i.AreDeltas);
        if (asStored && writing is not null && writing.TryMergeStored(kernels, origin!.Value, inputs, output, sums))
            return null;
        asStored &= kernel.TakesStored(pass) && inputs.Length <= Models && inputs.All(i => i.Type == origin!.Value.Type);
        int length = output.Count;
        for (int at = 0; at < length; at += tileLength)
        {
            tile.MoveTo(start + at, Math.Min(tileLength, length - at));
            if (asStored && TryStored(pass, writing, tile, new StoredTile(tile.Start, tile.Length, at, origin!.Value, inputs), output, sums))
                continue;
            if (origin is { } stored && !Widen(stored.Slice(at, tile.Length), stored.Type, tile, -1, tile.Base) && !allowNonFinite)
                return Find(-1, stored, at, tile);
            for (int i = 0; i < inputs.Length; i++)
            {
                if (!Load(inputs[i], at, tile, i, origin is not null) && (!allowNonFinite || i >= Models))
                    return Find(i, inputs[i], at, tile);
                if (i >= Models && FirstNegative(tile.Input(i)) is >= 0 and int negative)
                    return new NonFiniteWeight(i, tile.Start + negative, double.CreateTruncating(tile.Input(i)[negative]));
            }

            if (writing is not null)
                writing.MergeStored(tile, kernels, output.Type, output.Slice(at, tile.Length), sums);
            else
                kernel.Measure(pass, tile, sums);
        }

        return null;
    }

    private bool TryStored(int pass, TensorKernel<T>? writing, Tile<T> room, StoredTile stored, StoredWeights output, Span<double> sums) => writing is null
        ? kernel.TryMeasureStored(pass, room, kernels, stored, sums)
        : writing.TryMergeStored(room, kernels, stored, output.Type, output.Slice(stored.At, stored.Length), sums);

    private static int FirstNegative(ReadOnlySpan<T> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i] < T.Zero)
                return i;
        }

        return -1;
    }

    private bool ComputesRows(int inputs)
    {
        bool any = false;
        for (int i = -1; i < inputs; i++)
            any |= HasComputedRows(i);
        return any;
    }

    private bool Load(StoredWeights weights, int at, Tile<T> tile, int input, bool hasBase)
    {
        ReadOnlySpan<byte> bytes = weights.Slice(at, tile.Length);
        if (weights.AreDeltas)
            return kernels.Widen(bytes, weights.Type, tile.Input(input));
        bool subtracts = kernel.WantsDeltas && hasBase && input < Models;
        if (subtracts && !HasComputedRows(input))
            return kernels.WidenDelta(bytes, weights.Type, tile.Base, tile.Input(input));
        bool finite = Widen(bytes, weights.Type, tile, input, tile.Input(input));
        if (subtracts)
            kernels.Subtract(tile.Input(input), tile.Base);
        return finite;
    }

    private bool Widen(ReadOnlySpan<byte> bytes, DType type, Tile<T> tile, int input, Span<T> values) =>
        kernels.Widen(bytes, type, values) & (!HasComputedRows(input) || FillComputedRows(input, tile.Start, values));

    private NonFiniteWeight Find(int input, StoredWeights weights, int at, Tile<T> tile)
    {
        Widen(weights.Slice(at, tile.Length), weights.Type, tile, input, tile.Base);
        int first = kernels.FirstNonFinite(tile.Base);
        return new NonFiniteWeight(input, tile.Start + first, double.CreateTruncating(tile.Base[first]));
    }
}
