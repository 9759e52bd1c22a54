using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Numerics;

/// <summary>The kernels as plain loops: the readable twin that the vectorised float32 ones are tested against bit for bit, and
/// the implementation for float64.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed partial class ReferenceKernels<T> : IKernels<T>
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
    public bool WidenDelta(ReadOnlySpan<byte> source, DType type, ReadOnlySpan<T> origin, Span<T> delta)
    {
        bool finite = Widen(source, type, delta);
        Subtract(delta, origin);
        return finite;
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
    public void Combine(Tile<T> tile, ReadOnlySpan<Term<T>> terms, T divisor, T lambda, DType type, Span<byte> destination)
    {
        Span<T> total = tile.Total;
        total.Clear();
        foreach (Term<T> term in terms)
        {
            if (term.Masked)
                AddScaled(total, tile.Input(term.Input), term.Weight, tile.Mask(term.Input));
            else
                AddScaled(total, tile.Input(term.Input), term.Weight);
        }

        Divide(total, divisor);
        Scale(total, lambda);
        Span<T> output = tile.Output;
        tile.Base.CopyTo(output);
        Add(output, total);
        Narrow(output, type, destination);
    }

    /// <inheritdoc/>
    public void CombineElected(Tile<T> tile, ReadOnlySpan<Term<T>> terms, ReadOnlySpan<T> shares, bool normalize, T lambda, DType type, Span<byte> destination)
    {
        Span<T> output = tile.Output;
        for (int i = 0; i < output.Length; i++)
            output[i] = Elected(tile, terms, shares, normalize, lambda, i);
        Narrow(output, type, destination);
    }

    /// <inheritdoc/>
    public void KeepLargest(ReadOnlySpan<T> delta, int blockLength, int quota, int tailQuota, ReadOnlySpan<ulong> claimed, Span<ulong> mask, ref uint hint)
    {
        mask.Clear();
        ulong[] keys = ArrayPool<ulong>.Shared.Rent(Math.Min(blockLength, delta.Length));
        for (int start = 0; start < delta.Length; start += blockLength)
        {
            int end = Math.Min(start + blockLength, delta.Length);
            int wanted = end - start == blockLength ? quota : tailQuota;
            wanted -= Take(delta, start, end, wanted, claimed, fromClaimed: false, mask, keys);
            if (!claimed.IsEmpty)
                Take(delta, start, end, wanted, claimed, fromClaimed: true, mask, keys);
        }

        ArrayPool<ulong>.Shared.Return(keys);
    }

    /// <inheritdoc/>
    public void AssignJointly(Tile<T> tile, IReadOnlyList<int> members, int blockLength, ReadOnlySpan<int> quotas, ReadOnlySpan<int> tailQuotas, ReadOnlySpan<double> rms)
    {
        tile.Claimed.Clear();
        foreach (int member in members)
            tile.Mask(member).Clear();
        var assignment = new JointAssignment<T>();
        Span<int> left = new int[members.Count];
        for (int start = 0; start < tile.Length; start += blockLength)
        {
            int length = Math.Min(blockLength, tile.Length - start);
            (length == blockLength ? quotas : tailQuotas).CopyTo(left);
            assignment.Assign(tile, members, start, length, rms, left);
        }
    }

    /// <summary>|value| as an integer of the same order: its bits without the sign. NaN counts as larger than infinity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Magnitude(T value) => typeof(T) == typeof(float)
        ? BitConverter.SingleToUInt32Bits((float)(object)value) & 0x7FFF_FFFF
        : BitConverter.DoubleToUInt64Bits(double.CreateTruncating(value)) & 0x7FFF_FFFF_FFFF_FFFF;

    // takes what is above the smallest magnitude wanted, then as many of that one, from the left, as are still wanted
    private static int Take(ReadOnlySpan<T> delta, int start, int end, int wanted, ReadOnlySpan<ulong> claimed, bool fromClaimed, Span<ulong> mask, Span<ulong> keys)
    {
        int found = 0;
        for (int i = start; i < end; i++)
        {
            if (IsCandidate(delta, i, claimed, fromClaimed))
                keys[found++] = Magnitude(delta[i]);
        }

        int count = Math.Min(wanted, found);
        if (count <= 0)
            return 0;
        keys[..found].Sort();
        ulong smallest = keys[found - count];
        int ties = keys[(found - count)..found].LastIndexOf(smallest) + 1;
        for (int i = start; i < end; i++)
        {
            if (!IsCandidate(delta, i, claimed, fromClaimed) || Magnitude(delta[i]) < smallest)
                continue;
            if (Magnitude(delta[i]) > smallest || ties-- > 0)
                BitMask.Set(mask, i);
        }

        return count;
    }

    /// <summary>One element of <see cref="CombineElected"/>.</summary>
    internal static T Elected(Tile<T> tile, ReadOnlySpan<Term<T>> terms, ReadOnlySpan<T> shares, bool normalize, T lambda, int i)
    {
        T elected = T.Zero, sum = T.Zero, divisor = T.Zero;
        foreach (Term<T> term in terms)
            elected += Product(tile, term, i);
        for (int k = 0; k < terms.Length; k++)
        {
            T term = Product(tile, terms[k], i);
            if (elected >= T.Zero ? term > T.Zero : term < T.Zero)
            {
                sum += term;
                divisor += shares[k];
            }
        }

        if (normalize && divisor != T.Zero)
            sum /= divisor;
        return tile.Base[i] + (sum * lambda);
    }

    private static T Product(Tile<T> tile, Term<T> term, int i) =>
        !term.Masked || BitMask.Has(tile.Mask(term.Input), i) ? term.Weight * tile.Input(term.Input)[i] : T.Zero;

    private static bool IsCandidate(ReadOnlySpan<T> delta, int i, ReadOnlySpan<ulong> claimed, bool fromClaimed) =>
        Magnitude(delta[i]) != 0 && (!claimed.IsEmpty && BitMask.Has(claimed, i)) == fromClaimed;

    private static void Convert<TFrom, TTo>(ReadOnlySpan<TFrom> source, Span<TTo> destination, Func<TFrom, TTo> one)
    {
        for (int i = 0; i < destination.Length; i++)
            destination[i] = one(source[i]);
    }
}
