using System.IO.Hashing;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
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

    /// <summary>64 random bits.</summary>
    public ulong Bits(long index) => Mix(_key + ((ulong)index * Golden));

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
        ushort coarse = (ushort)(threshold >> 32);
        uint fine = (uint)threshold;
        Span<ulong> words = stackalloc ulong[16];
        for (int word = 0; word < mask.Length; word++)
        {
            Fill((start >> 2) + (word * 16), words);
            (ulong below, ulong equal) = Compare(MemoryMarshal.Cast<ulong, ushort>(words), coarse);
            for (; equal != 0; equal &= equal - 1)
            {
                int bit = BitOperations.TrailingZeroCount(equal);
                long index = start + (word * 64) + bit;
                if ((uint)Mix(_fineKey + ((ulong)index * Golden)) < fine)
                    below |= 1UL << bit;
            }

            mask[word] = below;
        }

        if ((elements & 63) != 0)
            mask[^1] &= (1UL << elements) - 1;
    }

    /// <summary>Sixteen words in a row, and which of their 64 16-bit parts are below or at a value; the parts of a word count from its low
    /// end.</summary>
    private void Fill(long first, Span<ulong> words)
    {
        ulong at = _key + ((ulong)first * Golden);
        if (Vector512.IsHardwareAccelerated)
        {
            for (int i = 0; i < 16; i += 8)
                Mix(Vector512.Create(at + ((ulong)i * Golden)) + (Vector512<ulong>.Indices * Golden)).CopyTo(words[i..]);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            for (int i = 0; i < 16; i += 4)
                Mix(Vector256.Create(at + ((ulong)i * Golden)) + (Vector256<ulong>.Indices * Golden)).CopyTo(words[i..]);
        }
        else
        {
            for (int i = 0; i < 16; i++)
                words[i] = Mix(at + ((ulong)i * Golden));
        }
    }

    private static (ulong Below, ulong Equal) Compare(ReadOnlySpan<ushort> parts, ushort value)
    {
        ulong below = 0, equal = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (int i = 0; i < 64; i += 32)
            {
                Vector512<ushort> part = Vector512.Create(parts[i..]);
                below |= Vector512.LessThan(part, Vector512.Create(value)).ExtractMostSignificantBits() << i;
                equal |= Vector512.Equals(part, Vector512.Create(value)).ExtractMostSignificantBits() << i;
            }
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            for (int i = 0; i < 64; i += 16)
            {
                Vector256<ushort> part = Vector256.Create(parts[i..]);
                below |= (ulong)Halve(Vector256.LessThan(part, Vector256.Create(value))) << i;
                equal |= (ulong)Halve(Vector256.Equals(part, Vector256.Create(value))) << i;
            }
        }
        else
        {
            for (int i = 0; i < 64; i++)
            {
                below |= (parts[i] < value ? 1UL : 0) << i;
                equal |= (parts[i] == value ? 1UL : 0) << i;
            }
        }

        return (below, equal);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * First;
        z = (z ^ (z >> 27)) * Second;
        return z ^ (z >> 31);
    }

    // a bit for each of sixteen lanes that are all ones or zero
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Halve(Vector256<ushort> lanes) =>
        Vector128.Narrow(lanes.GetLower(), lanes.GetUpper()).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Mix(Vector256<ulong> z)
    {
        z = (z ^ (z >> 30)) * First;
        z = (z ^ (z >> 27)) * Second;
        return z ^ (z >> 31);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Mix(Vector512<ulong> z)
    {
        z = (z ^ (z >> 30)) * First;
        z = (z ^ (z >> 27)) * Second;
        return z ^ (z >> 31);
    }
}
