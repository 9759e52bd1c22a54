using System.Numerics;
using CabsPs.Engine.LinearAlgebra;

namespace CabsPs.Engine.Merging;

/// <summary>Puts pieces of one or more tensors together to whole matrices. Pieces may come in any order and from several threads.</summary>
/// <param name="context">The tensor, of two dimensions.</param>
/// <param name="count">How many matrices.</param>
internal sealed class MatrixCollector(TensorContext context, int count)
{
    private readonly Lock _lock = new();
    private readonly int _rows = (int)context.Shape[0];
    private readonly int _columns = (int)context.Shape[1];
    private Matrix[]? _matrices;

    /// <summary>Bytes they take.</summary>
    public long ByteLength => count * (long)_rows * _columns * sizeof(double);

    /// <summary>The matrices.</summary>
    public IReadOnlyList<Matrix> Matrices => Reserved();

    /// <summary>Refuses a tensor that no array can hold.</summary>
    /// <exception cref="CabsException">It is too large.</exception>
    public static void Check(TensorContext context)
    {
        if (context.Count > Array.MaxLength)
            throw new CabsException(CabsError.MemoryLimit, $"tensor {Text.Quote(context.Tensor)} has {context.Count} weights and is needed as a whole; at most {Array.MaxLength} can be held, so exclude it", context.Tensor);
    }

    /// <summary>Takes a piece of one of them over.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    public void Add<T>(int index, long start, ReadOnlySpan<T> values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Span<double> own = Reserved()[index].Values.AsSpan((int)start, values.Length);
        for (int i = 0; i < values.Length; i++)
            own[i] = double.CreateTruncating(values[i]);
    }

    /// <summary>Takes the difference of a piece from another over, not rounded to the pieces' type.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    public void AddDifference<T>(int index, long start, ReadOnlySpan<T> values, ReadOnlySpan<T> origin)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Span<double> own = Reserved()[index].Values.AsSpan((int)start, values.Length);
        for (int i = 0; i < values.Length; i++)
            own[i] = double.CreateTruncating(values[i]) - double.CreateTruncating(origin[i]);
    }

    /// <summary>Gives the matrices away.</summary>
    public Matrix[] Take()
    {
        Matrix[] taken = Reserved();
        _matrices = null;
        return taken;
    }

    private Matrix[] Reserved()
    {
        lock (_lock)
            return _matrices ??= [.. Enumerable.Range(0, count).Select(_ => new Matrix(_rows, _columns))];
    }
}
