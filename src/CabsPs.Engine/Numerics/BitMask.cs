using System.Numerics;
using System.Runtime.CompilerServices;

namespace CabsPs.Engine.Numerics;

/// <summary>Flat bit sets over the elements of a piece: bit i of word i/64 is element i; unused high bits are zero.</summary>
public static class BitMask
{
    /// <summary>Words a set over this many elements takes.</summary>
    public static int WordCount(int elements) => (elements + 63) >> 6;

    /// <summary>Whether element i is in the set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Has(ReadOnlySpan<ulong> mask, int i) => ((mask[i >> 6] >> i) & 1) != 0;

    /// <summary>Puts element i into the set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set(Span<ulong> mask, int i) => mask[i >> 6] |= 1UL << i;

    /// <summary>How many elements the set has.</summary>
    public static long Count(ReadOnlySpan<ulong> mask)
    {
        long count = 0;
        foreach (ulong word in mask)
            count += BitOperations.PopCount(word);
        return count;
    }

    /// <summary>How many elements two sets share.</summary>
    public static long CountShared(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b)
    {
        long count = 0;
        for (int i = 0; i < a.Length; i++)
            count += BitOperations.PopCount(a[i] & b[i]);
        return count;
    }

    /// <summary>Adds all elements of one set to another.</summary>
    public static void Union(Span<ulong> target, ReadOnlySpan<ulong> source)
    {
        for (int i = 0; i < target.Length; i++)
            target[i] |= source[i];
    }

    /// <summary>Makes the set hold the first <paramref name="elements"/> elements and no other.</summary>
    public static void Fill(Span<ulong> mask, int elements)
    {
        mask.Fill(ulong.MaxValue);
        if ((elements & 63) != 0)
            mask[^1] = (1UL << elements) - 1;
    }
}
