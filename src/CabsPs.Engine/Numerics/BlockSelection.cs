using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CabsPs.Engine.Numerics;

/// <summary>The n largest of every m without sorting. Magnitudes (a float's bits without the sign: integers of the same order)
/// become 8-bit codes in a window around the last threshold, and eight rounds of counting find the code of the n-th largest, four
/// blocks side by side so that one's rounds fill another's waits. What shares that code is settled exactly, nearly always a tie
/// or one or two candidates; a threshold outside the window is searched from the exponent down.</summary>
/// <typeparam name="TCodes">The vectors.</typeparam>
internal static class BlockSelection<TCodes>
    where TCodes : struct, ICodes
{
    // the window spans half an octave down and up in steps of under half a percent; the search below a code goes on bit by bit
    private const int WindowShift = 15;
    private const uint HalfOctave = 1 << 22;
    private const int Abreast = 4;
    private const int LongestAbreast = 1024;
    private const int FewCandidates = 16;

    /// <summary>See <see cref="IKernels{T}.KeepLargest"/>.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void KeepLargest(ReadOnlySpan<float> delta, int blockLength, int quota, int tailQuota, ReadOnlySpan<ulong> claimed, Span<ulong> mask, ref uint hint)
    {
        mask.Clear();
        int words = BitMask.WordCount(Math.Min(blockLength, delta.Length));
        int abreast = blockLength <= LongestAbreast ? Abreast : 1;
        byte[]? rented = null;
        int codeBytes = words * 64 * abreast, wordBytes = words * sizeof(ulong);
        Span<byte> room = words * 64 <= LongestAbreast
            ? stackalloc byte[Abreast * (LongestAbreast + (2 * LongestAbreast / 8))]
            : (rented = ArrayPool<byte>.Shared.Rent(codeBytes + (2 * wordBytes)));
        Span<float> rest = stackalloc float[64];
        var work = new Workspace(
            room[..codeBytes],
            MemoryMarshal.Cast<byte, ulong>(room.Slice(codeBytes, wordBytes)),
            MemoryMarshal.Cast<byte, ulong>(room.Slice(codeBytes + wordBytes, wordBytes)),
            rest);
        int start = 0;
        if (abreast > 1 && quota > 0)
        {
            for (; start + (Abreast * blockLength) <= delta.Length; start += Abreast * blockLength)
                KeepAbreast(delta, start, blockLength, quota, claimed, mask, ref hint, work);
        }

        for (; start < delta.Length; start += blockLength)
        {
            int length = Math.Min(blockLength, delta.Length - start);
            Keep(delta.Slice(start, length), length == blockLength ? quota : tailQuota, claimed, start, ref hint, work);
            BitMask.Put(mask, start, work.Kept[..BitMask.WordCount(length)]);
        }

        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>Keeps the largest of some positions of one block.</summary>
    /// <param name="block">The block.</param>
    /// <param name="candidates">The positions, at least as many as wanted, all of them nonzero; used up.</param>
    /// <param name="wanted">How many to keep, at least one.</param>
    /// <param name="kept">Receives them.</param>
    /// <param name="codes">Room for 64 codes per word.</param>
    /// <param name="hint">Where the search begins and the next one shall begin.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void KeepAmong(ReadOnlySpan<float> block, Span<ulong> candidates, int wanted, Span<ulong> kept, Span<byte> codes, ref uint hint)
    {
        Span<float> rest = stackalloc float[64];
        var work = new Workspace(codes, candidates, kept, rest);
        kept.Clear();
        uint floor = hint > HalfOctave ? hint - HalfOctave : 1;
        Encode(block, floor, WindowShift, codes, rest);
        for (int w = 0; w < candidates.Length; w++)
            TCodes.Erase(ref codes[w * 64], candidates[w]);
        int code = FindCode(codes, wanted);
        if (code is 0 or 255)
        {
            hint = Search(block, wanted, 0, 23, codes, work);
            return;
        }

        floor += (uint)code << WindowShift;
        hint = (uint)(hint + (((long)floor - hint) / 4));
        Search(block, Divide(wanted, code, codes, work), floor, WindowShift - 8, codes, work);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void KeepAbreast(ReadOnlySpan<float> delta, int start, int length, int quota, ReadOnlySpan<ulong> claimed, Span<ulong> mask, ref uint hint, in Workspace work)
    {
        uint floor = hint > HalfOctave ? hint - HalfOctave : 1;
        int words = work.Kept.Length, padded = words * 64;
        for (int b = 0; b < Abreast; b++)
        {
            int at = start + (b * length);
            Encode(delta.Slice(at, length), floor, WindowShift, work.Codes.Slice(b * padded, padded), work.Rest);
            if (claimed.IsEmpty)
                continue;
            for (int w = 0; w < words; w++)
                TCodes.Erase(ref work.Codes[(b * padded) + (w * 64)], ~BitMask.Read(claimed, at + (w * 64)));
        }

        ref byte codes = ref MemoryMarshal.GetReference(work.Codes);
        int t0 = 0, t1 = 0, t2 = 0, t3 = 0;
        for (int bit = 128; bit > 0; bit >>= 1)
        {
            t0 += bit & ~Sign(TCodes.CountAtLeast(in codes, padded, t0 + bit) - quota);
            t1 += bit & ~Sign(TCodes.CountAtLeast(in Unsafe.Add(ref codes, padded), padded, t1 + bit) - quota);
            t2 += bit & ~Sign(TCodes.CountAtLeast(in Unsafe.Add(ref codes, 2 * padded), padded, t2 + bit) - quota);
            t3 += bit & ~Sign(TCodes.CountAtLeast(in Unsafe.Add(ref codes, 3 * padded), padded, t3 + bit) - quota);
        }

        Settle(delta, start, length, quota, t0, floor, claimed, mask, ref hint, work, 0);
        Settle(delta, start + length, length, quota, t1, floor, claimed, mask, ref hint, work, padded);
        Settle(delta, start + (2 * length), length, quota, t2, floor, claimed, mask, ref hint, work, 2 * padded);
        Settle(delta, start + (3 * length), length, quota, t3, floor, claimed, mask, ref hint, work, 3 * padded);
    }

    // all ones below zero, none from zero on: no branch, because no processor could guess it
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Sign(int value) => value >> 31;

    // the lowest code also holds what lies below the window and what may not be chosen, the highest what lies above
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Settle(ReadOnlySpan<float> delta, int start, int length, int quota, int code, uint floor, ReadOnlySpan<ulong> claimed, Span<ulong> mask, ref uint hint, in Workspace work, int at)
    {
        ReadOnlySpan<float> block = delta.Slice(start, length);
        if (code is 0 or 255)
        {
            Keep(block, quota, claimed, start, ref hint, new Workspace(work.Codes.Slice(at, work.Kept.Length * 64), work.Candidates, work.Kept, work.Rest));
            BitMask.Put(mask, start, work.Kept);
            return;
        }

        uint found = floor + ((uint)code << WindowShift);
        // the mean of late thresholds: where they jump between two values, the window holds both
        hint = (uint)(hint + (((long)found - hint) / 4));
        ref byte codes = ref Unsafe.Add(ref MemoryMarshal.GetReference(work.Codes), at);
        ref ulong kept = ref MemoryMarshal.GetReference(work.Kept), candidates = ref MemoryMarshal.GetReference(work.Candidates);
        int words = work.Kept.Length, wanted = quota, count = 0, occupied = 0;
        for (int w = 0; w < words; w++)
        {
            ulong greater = TCodes.AtLeast(in Unsafe.Add(ref codes, w * 64), code + 1);
            ulong equal = TCodes.AtLeast(in Unsafe.Add(ref codes, w * 64), code) ^ greater;
            Unsafe.Add(ref candidates, w) = equal;
            Unsafe.Add(ref kept, w) = greater;
            wanted -= BitOperations.PopCount(greater);
            count += BitOperations.PopCount(equal);
            occupied |= (equal != 0 ? 1 : 0) << w;
        }

        int word = BitOperations.TrailingZeroCount(occupied);
        int first = (word * 64) + BitOperations.TrailingZeroCount(Unsafe.Add(ref candidates, word));
        uint magnitude = (uint)ReferenceKernels<float>.Magnitude(block[first]);
        ulong others = 0;
        for (int w = 0; w < words; w++)
            others |= Unsafe.Add(ref candidates, w) & ~TCodes.SameMagnitude(in Word(block, w, work.Rest), magnitude);
        if (others == 0 || count == wanted)
            KeepLowest(wanted, words, work);
        else
            Search(block, wanted, found, WindowShift - 8, work.Codes.Slice(at, words * 64), work);
        BitMask.Put(mask, start, work.Kept);
    }

    // one block from scratch: among the free positions first, then among the claimed ones
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Keep(ReadOnlySpan<float> block, int quota, ReadOnlySpan<ulong> claimed, int start, ref uint hint, in Workspace work)
    {
        work.Kept.Clear();
        int free = Candidates(block, claimed, start, taken: false, work);
        if (Math.Min(quota, free) > 0)
            hint = Search(block, Math.Min(quota, free), 0, 23, work.Codes, work);
        if (quota <= free || claimed.IsEmpty)
            return;
        int taken = Candidates(block, claimed, start, taken: true, work);
        if (taken > 0)
            Search(block, Math.Min(quota - free, taken), 0, 23, work.Codes, work);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Candidates(ReadOnlySpan<float> block, ReadOnlySpan<ulong> claimed, int start, bool taken, in Workspace work)
    {
        int count = 0;
        for (int w = 0; w < BitMask.WordCount(block.Length); w++)
        {
            ulong others = claimed.IsEmpty ? 0 : BitMask.Read(claimed, start + (w * 64));
            ulong found = ~TCodes.SameMagnitude(in Word(block, w, work.Rest), 0) & (taken ? others : ~others);
            work.Candidates[w] = found;
            count += BitOperations.PopCount(found);
        }

        return count;
    }

    // adds the largest candidates, all of them at least `floor`, to what is kept; returns about the smallest
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint Search(ReadOnlySpan<float> block, int wanted, uint floor, int shift, Span<byte> codes, in Workspace work)
    {
        int words = BitMask.WordCount(block.Length);
        while (true)
        {
            int count = CountAndCompare(block, words, work, out bool tied);
            if (tied || count == wanted)
            {
                KeepLowest(wanted, words, work);
                return floor;
            }

            if (count <= FewCandidates)
            {
                KeepFew(block, wanted, words, work);
                return floor;
            }

            Encode(block, floor, shift, codes, work.Rest);
            for (int w = 0; w < words; w++)
                TCodes.Erase(ref codes[w * 64], work.Candidates[w]);
            int code = FindCode(codes[..(words * 64)], wanted);
            wanted = Divide(wanted, code, codes[..(words * 64)], work);
            floor += (uint)code << shift;
            shift = Math.Max(0, shift - 8);
        }
    }

    // the greatest code that enough codes reach
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FindCode(ReadOnlySpan<byte> codes, int wanted)
    {
        int code = 0;
        for (int bit = 128; bit > 0; bit >>= 1)
            code += bit & ~Sign(TCodes.CountAtLeast(in codes[0], codes.Length, code + bit) - wanted);
        return code;
    }

    // keeps what lies above a code and leaves as candidates what has it; returns how many are still wanted
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Divide(int wanted, int code, ReadOnlySpan<byte> codes, in Workspace work)
    {
        Span<ulong> candidates = work.Candidates, kept = work.Kept;
        for (int w = 0; w * 64 < codes.Length; w++)
        {
            ulong greater = code == 255 ? 0 : TCodes.AtLeast(in codes[w * 64], code + 1);
            kept[w] |= greater;
            candidates[w] &= TCodes.AtLeast(in codes[w * 64], code) ^ greater;
            wanted -= BitOperations.PopCount(greater);
        }

        return wanted;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int CountAndCompare(ReadOnlySpan<float> block, int words, in Workspace work, out bool tied)
    {
        int count = 0, first = 0;
        for (int w = words - 1; w >= 0; w--)
        {
            ulong candidates = work.Candidates[w];
            count += BitOperations.PopCount(candidates);
            int here = (w * 64) + BitOperations.TrailingZeroCount(candidates);
            first = candidates != 0 ? here : first;
        }

        uint magnitude = (uint)ReferenceKernels<float>.Magnitude(block[first]);
        ulong others = 0;
        for (int w = 0; w < words; w++)
            others |= work.Candidates[w] & ~TCodes.SameMagnitude(in Word(block, w, work.Rest), magnitude);
        tied = others == 0;
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void KeepLowest(int wanted, int words, in Workspace work)
    {
        ReadOnlySpan<ulong> candidates = work.Candidates[..words];
        Span<ulong> kept = work.Kept[..words];
        for (int w = 0; w < candidates.Length; w++)
        {
            kept[w] |= BitMask.Lowest(candidates[w], wanted);
            wanted = Math.Max(0, wanted - BitOperations.PopCount(candidates[w]));
        }
    }

    // orders them as integers: magnitude, then the lower index
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void KeepFew(ReadOnlySpan<float> block, int wanted, int words, in Workspace work)
    {
        Span<ulong> keys = stackalloc ulong[FewCandidates];
        int count = 0;
        for (int w = 0; w < words; w++)
        {
            for (ulong left = work.Candidates[w]; left != 0; left &= left - 1)
            {
                int index = (w * 64) + BitOperations.TrailingZeroCount(left);
                keys[count++] = (ReferenceKernels<float>.Magnitude(block[index]) << 32) | ~(uint)index;
            }
        }

        for (int i = 0; i < wanted; i++)
        {
            int best = i;
            for (int j = i + 1; j < count; j++)
                best = keys[j] > keys[best] ? j : best;
            (keys[i], keys[best]) = (keys[best], keys[i]);
            BitMask.Set(work.Kept, (int)~(uint)keys[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Encode(ReadOnlySpan<float> block, uint floor, int shift, Span<byte> codes, Span<float> rest)
    {
        for (int w = 0; w < BitMask.WordCount(block.Length); w++)
            TCodes.Encode64(in Word(block, w, rest), floor, shift, ref codes[w * 64]);
    }

    // 64 floats; past the block's end, zeros
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref readonly float Word(ReadOnlySpan<float> block, int w, Span<float> rest)
    {
        if ((w + 1) * 64 <= block.Length)
            return ref Unsafe.Add(ref MemoryMarshal.GetReference(block), w * 64);
        return ref Pad(block, w, rest);
    }

    private static ref readonly float Pad(ReadOnlySpan<float> block, int w, Span<float> rest)
    {
        rest.Clear();
        block[(w * 64)..].CopyTo(rest);
        return ref MemoryMarshal.GetReference(rest);
    }

    /// <summary>Room for one call: codes of the blocks side by side, and of one block what can still be chosen and what is.</summary>
    private readonly ref struct Workspace(Span<byte> codes, Span<ulong> candidates, Span<ulong> kept, Span<float> rest)
    {
        public Span<byte> Codes { get; } = codes;

        public Span<ulong> Candidates { get; } = candidates;

        public Span<ulong> Kept { get; } = kept;

        public Span<float> Rest { get; } = rest;
    }
}
