using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Diagnostics;

/// <summary>Compares the values of two tensors of the same shape, piece by piece, in order.</summary>
internal sealed class ValueComparison(CheckpointReader reader, TensorInfo first, TensorInfo second, double tolerance)
{
    private const int PieceLength = 32 << 10;
    private static readonly double[] s_float8E4M3 = [.. Enumerable.Range(0, 256).Select(FromE4M3)];
    private long _changed;
    private double _maximum;
    private double _sum;

    /// <summary>Reads both tensors once.</summary>
    public DifferenceFigures Execute(CancellationToken cancel)
    {
        int sizeA = first.Type.Size(), sizeB = second.Type.Size(), parts = first.Type == DType.C64 ? 2 : 1;
        byte[] bytesA = ArrayPool<byte>.Shared.Rent(PieceLength * sizeA), bytesB = ArrayPool<byte>.Shared.Rent(PieceLength * sizeB);
        double[] a = ArrayPool<double>.Shared.Rent(PieceLength * parts), b = ArrayPool<double>.Shared.Rent(PieceLength * parts);
        for (long at = 0; at < first.Count; at += PieceLength)
        {
            cancel.ThrowIfCancellationRequested();
            int count = (int)Math.Min(PieceLength, first.Count - at);
            Span<byte> pieceA = bytesA.AsSpan(0, count * sizeA), pieceB = bytesB.AsSpan(0, count * sizeB);
            reader.Read(first, at * sizeA, pieceA);
            reader.Read(second, at * sizeB, pieceB);
            if (first.Type == second.Type && pieceA.SequenceEqual(pieceB))
                continue;
            if (first.Type is DType.I64 or DType.U64 && second.Type is DType.I64 or DType.U64)
                CompareIntegers(pieceA, pieceB);
            else
                CompareValues(Decode(pieceA, first.Type, a.AsSpan(0, count * parts)), Decode(pieceB, second.Type, b.AsSpan(0, count * parts)), pieceA, pieceB);
        }

        ArrayPool<byte>.Shared.Return(bytesA);
        ArrayPool<byte>.Shared.Return(bytesB);
        ArrayPool<double>.Shared.Return(a);
        ArrayPool<double>.Shared.Return(b);
        return new DifferenceFigures(first.Count * parts, _changed, _maximum, _sum);
    }

    private void CompareValues(ReadOnlySpan<double> a, ReadOnlySpan<double> b, ReadOnlySpan<byte> storedA, ReadOnlySpan<byte> storedB)
    {
        int size = storedA.Length / a.Length;
        for (int i = 0; i < a.Length; i++)
        {
            // equal infinities are equal; their difference is NaN
            if (a[i] == b[i])
                continue;
            double difference = Math.Abs(a[i] - b[i]);
            if (double.IsNaN(difference))
            {
                // widening may quiet a NaN, so those of one type are compared as stored
                bool same = first.Type == second.Type
                    ? storedA.Slice(i * size, size).SequenceEqual(storedB.Slice(i * size, size))
                    : BitConverter.DoubleToInt64Bits(a[i]) == BitConverter.DoubleToInt64Bits(b[i]);
                if (same)
                    continue;
                difference = double.PositiveInfinity;
            }

            Add(difference);
        }
    }

    private void CompareIntegers(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        ReadOnlySpan<long> left = MemoryMarshal.Cast<byte, long>(a), right = MemoryMarshal.Cast<byte, long>(b);
        for (int i = 0; i < left.Length; i++)
        {
            Int128 difference = Exact(left[i], first.Type) - Exact(right[i], second.Type);
            if (difference != 0)
                Add((double)Int128.Abs(difference));
        }
    }

    private static Int128 Exact(long bits, DType type) => type == DType.U64 ? (ulong)bits : bits;

    private void Add(double difference)
    {
        if (difference > tolerance)
            _changed++;
        _maximum = Math.Max(_maximum, difference);
        _sum += difference;
    }

    private static ReadOnlySpan<double> Decode(ReadOnlySpan<byte> stored, DType type, Span<double> values)
    {
        switch (type)
        {
            case DType.F64 or DType.F32 or DType.F16 or DType.BF16:
                Kernels.For<double>().Widen(stored, type, values);
                break;
            case DType.C64:
                Kernels.For<double>().Widen(stored, DType.F32, values);
                break;
            case DType.F8_E4M3:
                for (int i = 0; i < values.Length; i++)
                    values[i] = s_float8E4M3[stored[i]];
                break;
            case DType.F8_E5M2:
                for (int i = 0; i < values.Length; i++)
                    values[i] = (double)BitConverter.UInt16BitsToHalf((ushort)(stored[i] << 8));
                break;
            case DType.F8_E8M0:
                for (int i = 0; i < values.Length; i++)
                    values[i] = stored[i] == 0xFF ? double.NaN : Math.ScaleB(1, stored[i] - 127);
                break;
            case DType.F8_E4M3FNUZ or DType.F8_E5M2FNUZ:
                for (int i = 0; i < values.Length; i++)
                    values[i] = FromFnuz(stored[i], type == DType.F8_E4M3FNUZ ? 3 : 2);
                break;
            case DType.I64:
                Convert<long>(stored, values);
                break;
            case DType.U64:
                Convert<ulong>(stored, values);
                break;
            case DType.I32:
                Convert<int>(stored, values);
                break;
            case DType.U32:
                Convert<uint>(stored, values);
                break;
            case DType.I16:
                Convert<short>(stored, values);
                break;
            case DType.U16:
                Convert<ushort>(stored, values);
                break;
            case DType.I8:
                Convert<sbyte>(stored, values);
                break;
            default:
                Convert<byte>(stored, values);
                break;
        }

        return values;
    }

    private static void Convert<T>(ReadOnlySpan<byte> stored, Span<double> values)
        where T : unmanaged, INumberBase<T>
    {
        ReadOnlySpan<T> elements = MemoryMarshal.Cast<byte, T>(stored);
        for (int i = 0; i < elements.Length; i++)
            values[i] = double.CreateTruncating(elements[i]);
    }

    // 4 exponent bits with bias 7, 3 mantissa bits, no infinity: all ones is NaN
    private static double FromE4M3(int bits)
    {
        int exponent = (bits >> 3) & 15, mantissa = bits & 7;
        double value = (exponent, mantissa) switch
        {
            (15, 7) => double.NaN,
            (0, _) => Math.ScaleB(mantissa / 8.0, -6),
            _ => Math.ScaleB(1 + (mantissa / 8.0), exponent - 7),
        };
        return (bits & 0x80) == 0 ? value : -value;
    }

    // no infinity and no negative zero, whose bits are the only NaN; the bias is one larger than usual
    private static double FromFnuz(int bits, int mantissaBits)
    {
        if (bits == 0x80)
            return double.NaN;
        int exponent = (bits & 0x7F) >> mantissaBits, mantissa = bits & ((1 << mantissaBits) - 1), bias = 1 << (6 - mantissaBits);
        double value = Math.ScaleB((exponent == 0 ? 0 : 1 << mantissaBits) + mantissa, Math.Max(exponent, 1) - bias - mantissaBits);
        return (bits & 0x80) == 0 ? value : -value;
    }
}
