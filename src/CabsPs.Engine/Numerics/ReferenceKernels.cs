using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Numerics;

/// <summary>The kernels as plain loops: the readable twin that the vectorised float32 ones are tested against bit for bit, and
/// the implementation for float64.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class ReferenceKernels<T> : IKernels<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Reductions keep this many partial sums, element i going to sum i mod 16, and add them up pairwise at the end
    /// (0+8, 1+9, … then 0+4 …), so that every vector width gives the same bits.</summary>
    public const int Lanes = 16;

    /// <summary>The only instance needed.</summary>
    public static readonly ReferenceKernels<T> Instance = new();

    /// <inheritdoc/>
    public bool Widen(ReadOnlySpan<byte> source, DType type, Span<T> destination)
    {
        switch (type)
        {
            case DType.F32:
                Convert(MemoryMarshal.Cast<byte, float>(source), destination, T.CreateTruncating);
                break;
            case DType.F64:
                Convert(MemoryMarshal.Cast<byte, double>(source), destination, T.CreateTruncating);
                break;
            case DType.F16:
                Convert(MemoryMarshal.Cast<byte, Half>(source), destination, T.CreateTruncating);
                break;
            case DType.BF16:
                Convert(MemoryMarshal.Cast<byte, ushort>(source), destination, static bits => T.CreateTruncating(BFloat16.ToSingle(bits)));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "not a floating-point type that merges");
        }

        return FirstNonFinite(destination) < 0;
    }

    /// <inheritdoc/>
    public bool WidenDelta(ReadOnlySpan<byte> source, DType type, ReadOnlySpan<T> baseValues, Span<T> delta)
    {
        bool finite = Widen(source, type, delta);
        Subtract(delta, baseValues);
        return finite;
    }

    /// <inheritdoc/>
    public bool MergeDense(in StoredTile tile, in Terms<T> terms)
    {
        T[] baseValues = new T[tile.Length], total = new T[tile.Length], delta = new T[tile.Length];
        bool finite = Widen(tile.BaseBytes, tile.BaseType, baseValues);
        for (int k = 0; k < terms.Inputs.Length; k++)
        {
            int input = terms.Inputs[k];
            if (tile.InputTypes[input] != tile.BaseType)
                return false;
            finite &= WidenDelta(tile.InputBytes(input), tile.BaseType, baseValues, delta);
            AddScaled(total, delta, terms.Weights[k]);
        }

        Finish(baseValues, total, terms, tile.OutputType, tile.OutputBytes);
        return finite;
    }

    /// <inheritdoc/>
    public void MergeDeltas(Tile<T> tile, in Terms<T> terms, DType type, Span<byte> output)
    {
        Span<T> total = tile.Total;
        total.Clear();
        for (int k = 0; k < terms.Inputs.Length; k++)
        {
            int input = terms.Inputs[k];
            if (terms.Masked[k])
                AddScaled(total, tile.Input(input), terms.Weights[k], tile.Mask(input));
            else
                AddScaled(total, tile.Input(input), terms.Weights[k]);
        }

        Finish(tile.Base, total, terms, type, output);
    }

    /// <inheritdoc/>
    public void Narrow(ReadOnlySpan<T> source, DType type, Span<byte> destination)
    {
        switch (type)
        {
            case DType.F32:
                Convert(source, MemoryMarshal.Cast<byte, float>(destination), float.CreateTruncating);
                break;
            case DType.F64:
                Convert(source, MemoryMarshal.Cast<byte, double>(destination), double.CreateTruncating);
                break;
            case DType.F16:
                Convert(source, MemoryMarshal.Cast<byte, Half>(destination), Half.CreateTruncating);
                break;
            case DType.BF16:
                Convert(source, MemoryMarshal.Cast<byte, ushort>(destination), static value => BFloat16.FromDouble(double.CreateTruncating(value)));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "not a floating-point type that merges");
        }
    }

    /// <inheritdoc/>
    public int FirstNonFinite(ReadOnlySpan<T> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!T.IsFinite(values[i]))
                return i;
        }

        return -1;
    }

    /// <inheritdoc/>
    public void Subtract(Span<T> values, ReadOnlySpan<T> other)
    {
        for (int i = 0; i < values.Length; i++)
            values[i] -= other[i];
    }

    /// <inheritdoc/>
    public void AddScaled(Span<T> total, ReadOnlySpan<T> delta, T weight)
    {
        for (int i = 0; i < total.Length; i++)
            total[i] += weight * delta[i];
    }

    /// <inheritdoc/>
    public void AddScaled(Span<T> total, ReadOnlySpan<T> delta, T weight, ReadOnlySpan<ulong> mask)
    {
        for (int i = 0; i < total.Length; i++)
        {
            if (BitMask.Has(mask, i))
                total[i] += weight * delta[i];
        }
    }

    /// <inheritdoc/>
    public void AddAgreeing(ReadOnlySpan<T> elected, ReadOnlySpan<T> delta, T weight, T share, ReadOnlySpan<ulong> mask, Span<T> sum, Span<T> divisor)
    {
        for (int i = 0; i < sum.Length; i++)
        {
            T term = weight * delta[i];
            bool agrees = elected[i] >= T.Zero ? term > T.Zero : term < T.Zero;
            if (agrees && (mask.IsEmpty || BitMask.Has(mask, i)))
            {
                sum[i] += term;
                divisor[i] += share;
            }
        }
    }

    /// <inheritdoc/>
    public void DivideEach(Span<T> values, ReadOnlySpan<T> divisor)
    {
        for (int i = 0; i < values.Length; i++)
            values[i] = divisor[i] == T.Zero ? values[i] : values[i] / divisor[i];
    }

    /// <inheritdoc/>
    public void Scale(Span<T> values, T factor)
    {
        for (int i = 0; i < values.Length; i++)
            values[i] *= factor;
    }

    /// <inheritdoc/>
    public void Divide(Span<T> values, T divisor)
    {
        for (int i = 0; i < values.Length; i++)
            values[i] /= divisor;
    }

    /// <inheritdoc/>
    public void Add(Span<T> values, ReadOnlySpan<T> other)
    {
        for (int i = 0; i < values.Length; i++)
            values[i] += other[i];
    }

    /// <inheritdoc/>
    public double SumOfSquares(ReadOnlySpan<T> values)
    {
        Span<double> sums = stackalloc double[Lanes];
        sums.Clear();
        for (int i = 0; i < values.Length; i++)
        {
            double value = double.CreateTruncating(values[i]);
            sums[i % Lanes] += value * value;
        }

        return AddUp(sums);
    }

    /// <inheritdoc/>
    public (double All, double Kept) SumOfSquares(ReadOnlySpan<T> values, ReadOnlySpan<ulong> mask)
    {
        Span<double> all = stackalloc double[Lanes], kept = stackalloc double[Lanes];
        all.Clear();
        kept.Clear();
        return EndSquares(values, mask, all, kept);
    }

    /// <inheritdoc/>
    public double SumOfMagnitudes(ReadOnlySpan<T> values)
    {
        Span<double> sums = stackalloc double[Lanes];
        sums.Clear();
        for (int i = 0; i < values.Length; i++)
            sums[i % Lanes] += Math.Abs(double.CreateTruncating(values[i]));
        return AddUp(sums);
    }

    /// <inheritdoc/>
    public double SumOfMagnitudes(ReadOnlySpan<T> values, ReadOnlySpan<ulong> mask)
    {
        Span<double> sums = stackalloc double[Lanes];
        sums.Clear();
        for (int i = 0; i < values.Length; i++)
            sums[i % Lanes] += BitMask.Has(mask, i) ? Math.Abs(double.CreateTruncating(values[i])) : 0;
        return AddUp(sums);
    }

    /// <inheritdoc/>
    public void KeepLargest(ReadOnlySpan<T> delta, int blockLength, int quota, int tailQuota, ReadOnlySpan<ulong> claimed, Span<ulong> mask, ref int guess)
    {
        mask.Clear();
        var free = new List<int>();
        var taken = new List<int>();
        for (int start = 0; start < delta.Length; start += blockLength)
        {
            int end = Math.Min(start + blockLength, delta.Length);
            int wanted = end - start == blockLength ? quota : tailQuota;
            free.Clear();
            taken.Clear();
            for (int i = start; i < end; i++)
            {
                if (Magnitude(delta[i]) != 0)
                    (claimed.IsEmpty || !BitMask.Has(claimed, i) ? free : taken).Add(i);
            }

            wanted -= Take(free, delta, wanted, mask);
            Take(taken, delta, wanted, mask);
        }
    }

    /// <summary>|value| as an integer of the same order: its bits without the sign. NaN counts as larger than infinity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Magnitude(T value) => typeof(T) == typeof(float)
        ? BitConverter.SingleToUInt32Bits((float)(object)value) & 0x7FFF_FFFF
        : BitConverter.DoubleToUInt64Bits(double.CreateTruncating(value)) & 0x7FFF_FFFF_FFFF_FFFF;

    /// <summary>Goes on with partial sums of squares, the first value going to sum 0, and adds them up.</summary>
    internal static (double All, double Kept) EndSquares(ReadOnlySpan<T> values, ReadOnlySpan<ulong> mask, Span<double> all, Span<double> kept)
    {
        for (int i = 0; i < values.Length; i++)
        {
            double value = double.CreateTruncating(values[i]);
            all[i % Lanes] += value * value;
            kept[i % Lanes] += BitMask.Has(mask, i) ? value * value : 0;
        }

        return (AddUp(all), AddUp(kept));
    }

    /// <summary>Adds partial sums pairwise, halving their number each time.</summary>
    internal static double AddUp(Span<double> sums)
    {
        for (int half = sums.Length / 2; half > 0; half /= 2)
        {
            for (int i = 0; i < half; i++)
                sums[i] += sums[i + half];
        }

        return sums[0];
    }

    private void Finish(Span<T> baseValues, Span<T> total, in Terms<T> terms, DType type, Span<byte> output)
    {
        if (terms.Divisor != T.One)
            Divide(total, terms.Divisor);
        if (terms.Factor != T.One)
            Scale(total, terms.Factor);
        Add(total, baseValues);
        Narrow(total, type, output);
    }

    private static int Take(List<int> candidates, ReadOnlySpan<T> delta, int wanted, Span<ulong> mask)
    {
        int count = Math.Min(wanted, candidates.Count);
        if (count <= 0)
            return 0;
        var keys = new (ulong Key, int Index)[candidates.Count];
        for (int i = 0; i < keys.Length; i++)
            keys[i] = (~Magnitude(delta[candidates[i]]), candidates[i]);
        Array.Sort(keys);
        for (int i = 0; i < count; i++)
            BitMask.Set(mask, keys[i].Index);
        return count;
    }

    private static void Convert<TFrom, TTo>(ReadOnlySpan<TFrom> source, Span<TTo> destination, Func<TFrom, TTo> one)
    {
        for (int i = 0; i < destination.Length; i++)
            destination[i] = one(source[i]);
    }
}
