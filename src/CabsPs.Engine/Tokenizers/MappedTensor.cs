using System.Buffers;
using System.Numerics;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Tokenizers;

/// <summary>A model's vocabulary-indexed tensor in the result's numbering, read piece by piece: first the stored bytes of the
/// model's own rows, then, over the widened values, the rows that are made from others.</summary>
internal sealed class MappedTensor
{
    private const int MeanPiece = 1 << 16;

    // the widest models have some twenty thousand
    private const int LongestRow = 1 << 22;
    private readonly RowMap _map;
    private readonly IReadOnlyDictionary<int, TensorInfo> _donors;
    private readonly Lock _lock = new();
    private volatile double[]? _mean;

    /// <summary>Describes the tensor.</summary>
    /// <param name="own">The model's tensor.</param>
    /// <param name="map">Its rows.</param>
    /// <param name="donors">The tensors of other models of the merge whose rows are needed.</param>
    public MappedTensor(TensorInfo own, RowMap map, IReadOnlyDictionary<int, TensorInfo> donors)
    {
        Own = own;
        _map = map;
        _donors = donors;
        long length = own.Count / VocabularyTensors.RowCount(own);
        RowLength = length <= LongestRow ? (int)length
            : throw new CabsException(CabsError.TensorShapeMismatch, $"{own.File}: tensor {Text.Quote(own.Name)} {own.ShapeText} has rows of {length} elements, which are no embeddings of tokens", own.Name);
    }

    /// <summary>The model's tensor.</summary>
    public TensorInfo Own { get; }

    /// <summary>Whether a row comes from a float64 tensor, which has to be computed on in that type.</summary>
    public bool ReadsDouble => _donors.Values.Any(d => d.Type == DType.F64);

    /// <summary>Elements in a row.</summary>
    public int RowLength { get; }

    /// <summary>Elements in the result's numbering.</summary>
    public long Count => (long)_map.Count * RowLength;

    /// <summary>Reads the stored bytes of a range of elements; what is not the model's own becomes zero.</summary>
    public void ReadBytes(CheckpointReader reader, long start, Span<byte> bytes, int pieceBytes = int.MaxValue)
    {
        int size = Own.Type.Size(), length = bytes.Length / size;
        for (int done = 0; done < length;)
        {
            (int row, int column) = Place(start + done);
            int own = _map.OwnRow(row), count = Math.Min(RowLength - column, length - done);
            // rows that follow each other in the model too are read at once
            for (int next = 1; own >= 0 && done + count < length && _map.OwnRow(row + next) == own + next; next++)
                count = Math.Min(count + RowLength, length - done);
            Span<byte> part = bytes.Slice(done * size, count * size);
            if (own < 0)
                part.Clear();
            else
                reader.Read(Own, (((long)own * RowLength) + column) * size, part, pieceBytes);
            done += count;
        }
    }

    /// <summary>Writes the rows that are made from others over a range of elements.</summary>
    /// <param name="reader">Reads other models.</param>
    /// <param name="kernels">Widens what is read.</param>
    /// <param name="start">The first element.</param>
    /// <param name="values">The range, with the model's own rows in place.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <returns>False when a row that was read holds NaN or infinity.</returns>
    public bool Fill<T>(CheckpointReader reader, IKernels<T> kernels, long start, Span<T> values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        bool finite = true;
        for (int done = 0; done < values.Length;)
        {
            (int row, int column) = Place(start + done);
            Span<T> part = values.Slice(done, Math.Min(RowLength - column, values.Length - done));
            if (_map.OwnRow(row) < 0)
                finite &= Fill(_map.Fill(row), reader, kernels, column, part);
            done += part.Length;
        }

        return finite;
    }

    private bool Fill<T>(RowFill fill, CheckpointReader reader, IKernels<T> kernels, int column, Span<T> part)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        switch (fill.Kind)
        {
            case RowFillKind.Row:
                return Read(fill.From, reader, kernels, column, part);
            case RowFillKind.Average:
                return Average(fill.Others!, reader, kernels, column, part);
            case RowFillKind.Mean:
                double[] mean = Mean(reader, kernels);
                for (int i = 0; i < part.Length; i++)
                    part[i] = T.CreateSaturating(mean[column + i]);
                return true;
            default:
                part.Clear();
                return true;
        }
    }

    private bool Average<T>(IReadOnlyList<ModelRowReference> rows, CheckpointReader reader, IKernels<T> kernels, int column, Span<T> part)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] rented = ArrayPool<T>.Shared.Rent(part.Length);
        Span<T> next = rented.AsSpan(0, part.Length);
        bool finite = Read(rows[0], reader, kernels, column, part);
        for (int i = 1; i < rows.Count; i++)
        {
            finite &= Read(rows[i], reader, kernels, column, next);
            for (int j = 0; j < part.Length; j++)
                part[j] += next[j];
        }

        T count = T.CreateSaturating(rows.Count);
        for (int j = 0; j < part.Length; j++)
            part[j] /= count;
        ArrayPool<T>.Shared.Return(rented);
        return finite;
    }

    private bool Read<T>(ModelRowReference from, CheckpointReader reader, IKernels<T> kernels, int column, Span<T> part)
        where T : unmanaged
    {
        TensorInfo tensor = _donors[from.Model];
        int size = tensor.Type.Size();
        byte[] rented = ArrayPool<byte>.Shared.Rent(part.Length * size);
        Span<byte> bytes = rented.AsSpan(0, part.Length * size);
        reader.Read(tensor, (((long)from.Row * RowLength) + column) * size, bytes);
        bool finite = kernels.Widen(bytes, tensor.Type, part);
        ArrayPool<byte>.Shared.Return(rented);
        return finite;
    }

    // one pass over all rows, in a fixed order whatever thread comes first
    private double[] Mean<T>(CheckpointReader reader, IKernels<T> kernels)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (_mean is { } known)
            return known;
        lock (_lock)
        {
            if (_mean is { } made)
                return made;
            double[] sums = new double[RowLength];
            int rows = Math.Max(1, MeanPiece / RowLength), counted = 0;
            byte[] bytes = new byte[rows * RowLength * Own.Type.Size()];
            T[] values = new T[rows * RowLength];
            for (int first = 0; first < _map.Count; first += rows)
            {
                int count = Math.Min(rows, _map.Count - first);
                Span<byte> stored = bytes.AsSpan(0, count * RowLength * Own.Type.Size());
                Span<T> piece = values.AsSpan(0, count * RowLength);
                ReadBytes(reader, (long)first * RowLength, stored);
                kernels.Widen(stored, Own.Type, piece);
                counted += AddRows(reader, kernels, first, piece, sums);
            }

            for (int i = 0; i < sums.Length; i++)
                sums[i] /= Math.Max(1, counted);
            return _mean = sums;
        }
    }

    private int AddRows<T>(CheckpointReader reader, IKernels<T> kernels, int first, Span<T> piece, double[] sums)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int counted = 0;
        for (int at = 0; at < piece.Length; at += RowLength)
        {
            int row = first + (at / RowLength);
            Span<T> values = piece.Slice(at, RowLength);
            if (_map.OwnRow(row) < 0)
            {
                if (_map.Fill(row).Kind == RowFillKind.Mean)
                    continue;
                Fill(_map.Fill(row), reader, kernels, 0, values);
            }

            counted++;
            for (int i = 0; i < values.Length; i++)
                sums[i] += double.CreateSaturating(values[i]);
        }

        return counted;
    }

    private (int Row, int Column) Place(long element) => ((int)(element / RowLength), (int)(element % RowLength));
}
