using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace CabsPs.Engine.Numerics;

/// <summary>Compares the magnitudes of up to 64 values, read as integers of the same order, with one.</summary>
internal static class MagnitudeComparison
{
    /// <summary>Which of the values are above the cutoff, and which at it. The vectors take whole words of float; all else goes the plain
    /// way, with the same result.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (ulong Above, ulong Equal) Compare<T>(ReadOnlySpan<T> values, ulong cutoff)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (typeof(T) != typeof(float) || values.Length != 64 || !Vector256.IsHardwareAccelerated)
            return ComparePlainly(values, cutoff);
        ref int bits = ref Unsafe.As<T, int>(ref MemoryMarshal.GetReference(values));
        return Vector512.IsHardwareAccelerated ? Compare512(ref bits, (int)cutoff) : Compare256(ref bits, (int)cutoff);
    }

    /// <summary>Which of the values are above the last of a range, and which in it.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (ulong Above, ulong Within) Between<T>(ReadOnlySpan<T> values, ulong first, ulong last)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (typeof(T) != typeof(float) || values.Length != 64 || !Vector256.IsHardwareAccelerated)
            return BetweenPlainly(values, first, last);
        ref int bits = ref Unsafe.As<T, int>(ref MemoryMarshal.GetReference(values));
        // as signed integers: first − 1 may be −1, and the last is no NaN's
        int below = (int)first - 1, most = (int)Math.Min(last, int.MaxValue);
        return Vector512.IsHardwareAccelerated ? Between512(ref bits, below, most) : Between256(ref bits, below, most);
    }

    /// <summary>The plain twin.</summary>
    internal static (ulong Above, ulong Within) BetweenPlainly<T>(ReadOnlySpan<T> values, ulong first, ulong last)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ulong above = 0, within = 0;
        for (int i = 0; i < values.Length; i++)
        {
            ulong key = ReferenceKernels<T>.Magnitude(values[i]);
            above |= (key > last ? 1UL : 0) << i;
            within |= (key >= first && key <= last ? 1UL : 0) << i;
        }

        return (above, within);
    }

    /// <summary>The plain twin.</summary>
    internal static (ulong Above, ulong Equal) ComparePlainly<T>(ReadOnlySpan<T> values, ulong cutoff)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ulong above = 0, equal = 0;
        for (int i = 0; i < values.Length; i++)
        {
            ulong key = ReferenceKernels<T>.Magnitude(values[i]);
            above |= (key > cutoff ? 1UL : 0) << i;
            equal |= (key == cutoff ? 1UL : 0) << i;
        }

        return (above, equal);
    }

    private static (ulong Above, ulong Equal) Compare512(ref int bits, int cutoff)
    {
        ulong above = 0, equal = 0;
        Vector512<int> sign = Vector512.Create(int.MaxValue), limit = Vector512.Create(cutoff);
        for (int i = 0; i < 64; i += Vector512<int>.Count)
        {
            Vector512<int> key = Vector512.LoadUnsafe(ref bits, (nuint)i) & sign;
            above |= Vector512.GreaterThan(key, limit).ExtractMostSignificantBits() << i;
            equal |= Vector512.Equals(key, limit).ExtractMostSignificantBits() << i;
        }

        return (above, equal);
    }

    private static (ulong Above, ulong Within) Between512(ref int bits, int below, int most)
    {
        ulong above = 0, reached = 0;
        Vector512<int> sign = Vector512.Create(int.MaxValue), floor = Vector512.Create(below), ceiling = Vector512.Create(most);
        for (int i = 0; i < 64; i += Vector512<int>.Count)
        {
            Vector512<int> key = Vector512.LoadUnsafe(ref bits, (nuint)i) & sign;
            above |= Vector512.GreaterThan(key, ceiling).ExtractMostSignificantBits() << i;
            reached |= Vector512.GreaterThan(key, floor).ExtractMostSignificantBits() << i;
        }

        return (above, reached & ~above);
    }

    private static (ulong Above, ulong Within) Between256(ref int bits, int below, int most)
    {
        ulong above = 0, reached = 0;
        Vector256<int> sign = Vector256.Create(int.MaxValue), floor = Vector256.Create(below), ceiling = Vector256.Create(most);
        for (int i = 0; i < 64; i += Vector256<int>.Count)
        {
            Vector256<int> key = Vector256.LoadUnsafe(ref bits, (nuint)i) & sign;
            above |= (ulong)Vector256.GreaterThan(key, ceiling).ExtractMostSignificantBits() << i;
            reached |= (ulong)Vector256.GreaterThan(key, floor).ExtractMostSignificantBits() << i;
        }

        return (above, reached & ~above);
    }

    private static (ulong Above, ulong Equal) Compare256(ref int bits, int cutoff)
    {
        ulong above = 0, equal = 0;
        Vector256<int> sign = Vector256.Create(int.MaxValue), limit = Vector256.Create(cutoff);
        for (int i = 0; i < 64; i += Vector256<int>.Count)
        {
            Vector256<int> key = Vector256.LoadUnsafe(ref bits, (nuint)i) & sign;
            above |= (ulong)Vector256.GreaterThan(key, limit).ExtractMostSignificantBits() << i;
            equal |= (ulong)Vector256.Equals(key, limit).ExtractMostSignificantBits() << i;
        }

        return (above, equal);
    }
}
