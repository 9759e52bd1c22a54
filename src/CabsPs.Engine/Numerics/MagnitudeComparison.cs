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
