using System.IO.Hashing;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace CabsPs.Engine.Numerics;

/// <summary>Random numbers that are a function of a key and an index, so that they do not depend on the order in which they are
/// drawn: the output function of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014;
/// constants: Stafford's variant 13) over key + index · golden ratio.</summary>
public readonly struct CounterRandom
{
    private const ulong Golden = 0x9E37_79B9_7F4A_7C15;
    private const ulong First = 0xBF58_476D_1CE4_E5B9;
    private const ulong Second = 0x94D0_49BB_1331_11EB;

    // words of a mask made at once
    private const int Batch = 64;
    private readonly ulong _key;
    private readonly ulong _fineKey;

    /// <summary>Keys a stream by what it is for.</summary>
    /// <param name="seed">The user's seed.</param>
    /// <param name="vector">The task vector's name.</param>
    /// <param name="tensor">The tensor's name.</param>
    public CounterRandom(long seed, string vector, string tensor)
    {
        UInt128 hash = XxHash128.HashToUInt128(Encoding.UTF8.GetBytes($"{vector}\0{tensor}"), seed);
        _key = (ulong)hash;
        _fineKey = (ulong)(hash >> 64);
    }

    /// <summary>What the numbers depend on, and what those that decide between equals do.</summary>
    internal (ulong Key, ulong FineKey) Keys => (_key, _fineKey);

    /// <summary>Whether masks are drawn about as fast as memory gives them: where there is an instruction for products of 64 bits.</summary>
    internal static bool IsFast => Vector512.IsHardwareAccelerated;

    /// <summary>64 random bits.</summary>
    public ulong Bits(long index) => Mix(_key + ((ulong)index * Golden));

    /// <summary>What decides where 16 bits do not.</summary>
    internal uint Fine(long index) => (uint)Mix(_fineKey + ((ulong)index * Golden));

    /// <summary>A number from 0 to below 1, in steps of 2⁻⁵³.</summary>
    public double Uniform(long index) => (Bits(index) >> 11) * (1.0 / (1UL << 53));

    /// <summary>Keeps each element of a piece with a probability, exact to 2⁻⁴⁸. Four elements share 64 bits, 16 each; where these equal the
    /// probability's first 16, 32 more decide.</summary>
    /// <param name="probability">From 0 to 1.</param>
    /// <param name="start">The first element's place in the tensor; a multiple of 4.</param>
    /// <param name="elements">How many there are.</param>
    /// <param name="mask">Receives the kept ones.</param>
    public void KeepEach(double probability, long start, int elements, Span<ulong> mask)
    {
        if (probability >= 1)
        {
            BitMask.Fill(mask, elements);
            return;
        }

        ulong threshold = (ulong)(Math.Max(probability, 0) * (1UL << 48));
        for (int word = 0; word < mask.Length; word += Batch)
        {
            Span<ulong> words = mask.Slice(word, Math.Min(Batch, mask.Length - word));
            long first = start + (word * 64L);
            ulong open = Vector512.IsHardwareAccelerated ? By512(first, threshold, words)
                : Avx2.IsSupported ? By256(first, threshold, words)
                : ulong.MaxValue >> (Batch - words.Length);
            for (; open != 0; open &= open - 1)
            {
                int at = BitOperations.TrailingZeroCount(open);
                words[at] = Word(first + (at * 64L), threshold);
            }
        }

        if ((elements & 63) != 0)
            mask[^1] &= (1UL << elements) - 1;
    }

    // sixteen numbers to a word. A bit of the result for each word with an element whose 16 bits equal the probability's: rare ones
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private ulong By512(long start, ulong threshold, Span<ulong> mask)
    {
        Vector512<ushort> coarse = Vector512.Create((ushort)(threshold >> 32));
        Vector512<ulong> at = Vector512.Create(_key + ((ulong)(start >> 2) * Golden)) + (Vector512<ulong>.Indices * Golden);
        Vector512<ulong> eight = Vector512.Create(unchecked(8 * Golden));
        bool isFine = (uint)threshold != 0;
        ulong open = 0;
        for (int word = 0; word < mask.Length; word++)
        {
            Vector512<ushort> a = Mix(at).AsUInt16();
            at += eight;
            Vector512<ushort> b = Mix(at).AsUInt16();
            at += eight;
            mask[word] = Vector512.LessThan(a, coarse).ExtractMostSignificantBits() | (Vector512.LessThan(b, coarse).ExtractMostSignificantBits() << 32);
            if (isFine)
                open |= (Vector512.EqualsAny(a, coarse) | Vector512.EqualsAny(b, coarse) ? 1UL : 0) << word;
        }

        return open;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private ulong By256(long start, ulong threshold, Span<ulong> mask)
    {
        Vector256<ushort> coarse = Vector256.Create((ushort)(threshold >> 32));
        // packing works within halves: of eight numbers the first vector takes 0, 1, 4 and 5
        Vector256<ulong> at = Vector256.Create(_key + ((ulong)(start >> 2) * Golden)) + (Vector256.Create(0ul, 1, 4, 5) * Golden);
        Vector256<ulong> two = Vector256.Create(unchecked(2 * Golden)), six = Vector256.Create(unchecked(6 * Golden));
        bool isFine = (uint)threshold != 0;
        ulong open = 0;
        for (int word = 0; word < mask.Length; word++)
        {
            ulong below = 0;
            for (int half = 0; half < 64; half += 32)
            {
                Vector256<ushort> a = Mix(at).AsUInt16();
                at += two;
                Vector256<ushort> b = Mix(at).AsUInt16();
                at += six;
                below |= (ulong)Below(a, b, coarse) << half;
                if (isFine)
                    open |= (Vector256.EqualsAny(a, coarse) | Vector256.EqualsAny(b, coarse) ? 1UL : 0) << word;
            }

            mask[word] = below;
        }

        return open;
    }

    // the plain twin of a word
    private ulong Word(long start, ulong threshold)
    {
        ushort coarse = (ushort)(threshold >> 32);
        ulong word = 0;
        for (int i = 0; i < 64; i += 4)
        {
            ulong bits = Bits((start + i) >> 2);
            for (int k = i; k < i + 4; k++, bits >>= 16)
            {
                bool below = (ushort)bits == coarse ? Fine(start + k) < (uint)threshold : (ushort)bits < coarse;
                word |= (below ? 1UL : 0) << k;
            }
        }

        return word;
    }

    // a bit for each of 32 numbers
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Below(Vector256<ushort> a, Vector256<ushort> b, Vector256<ushort> limit)
    {
        Vector256<short> under = Avx2.SubtractSaturate(limit, a).AsInt16(), underToo = Avx2.SubtractSaturate(limit, b).AsInt16();
        return ~Vector256.Equals(Avx2.PackSignedSaturate(under, underToo), Vector256<sbyte>.Zero).ExtractMostSignificantBits();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * First;
        z = (z ^ (z >> 27)) * Second;
        return z ^ (z >> 31);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Mix(Vector256<ulong> z)
    {
        z = Times(z ^ (z >> 30), First);
        z = Times(z ^ (z >> 27), Second);
        return z ^ (z >> 31);
    }

    // the low 64 bits of products, of which there is no instruction
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Times(Vector256<ulong> z, ulong factor)
    {
        Vector256<ulong> low = Avx2.Multiply(z.AsUInt32(), Vector256.Create(factor).AsUInt32());
        Vector256<ulong> high = Avx2.Multiply(z.AsUInt32(), Vector256.Create(factor >> 32).AsUInt32());
        Vector256<ulong> cross = Avx2.MultiplyLow(z.AsUInt32(), Vector256.Create(factor << 32).AsUInt32()).AsUInt64();
        return low + cross + (high << 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Mix(Vector512<ulong> z)
    {
        z = (z ^ (z >> 30)) * First;
        z = (z ^ (z >> 27)) * Second;
        return z ^ (z >> 31);
    }
}
