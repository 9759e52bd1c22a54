using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

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

    /// <summary>The 64 elements from any place on; zeros past the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Read(ReadOnlySpan<ulong> mask, int start)
    {
        int word = start >> 6, offset = start & 63;
        ulong bits = mask[word] >> offset;
        return offset != 0 && word + 1 < mask.Length ? bits | (mask[word + 1] << (64 - offset)) : bits;
    }

    /// <summary>Adds elements from any place on, where room for them has zeros.</summary>
    internal static void Put(Span<ulong> mask, int start, ReadOnlySpan<ulong> elements)
    {
        int offset = start & 63, at = start >> 6;
        for (int w = 0; w < elements.Length; w++, at++)
        {
            mask[at] |= elements[w] << offset;
            if (offset != 0 && elements[w] >> (64 - offset) is > 0 and ulong over)
                mask[at + 1] |= over;
        }
    }

    /// <summary>The first ones of a word, at most this many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Lowest(ulong word, int count)
    {
        if (Bmi2.X64.IsSupported)
            return Bmi2.X64.ParallelBitDeposit(Bmi2.X64.ZeroHighBits(ulong.MaxValue, (ulong)Math.Min(count, 64)), word);
        for (int surplus = BitOperations.PopCount(word) - count; surplus > 0; surplus--)
            word ^= 1UL << (63 - BitOperations.LeadingZeroCount(word));
        return word;
    }

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

    /// <summary>How many elements the set has in a range.</summary>
    public static int CountRange(ReadOnlySpan<ulong> mask, int start, int length)
    {
        int count = 0;
        for (; length >= 64; start += 64, length -= 64)
            count += BitOperations.PopCount(Read(mask, start));
        return length == 0 ? count : count + BitOperations.PopCount(Read(mask, start) & ((1UL << length) - 1));
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
