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
    // a code is a step of about half a percent, and the window half an octave down and up; where thresholds jump further, as they
    // do where most of a block ties, twice that. What the codes leave open is searched bit by bit
    private const int NarrowShift = 15;
    private const int WideShift = 16;
    internal const uint WideFlag = 1u << 31;
    private const int Abreast = 4;
    private const int LongestAbreast = 1024;
    private const int FewCandidates = 16;
    private const int CacheLine = 64;

    /// <summary>See <see cref="IKernels{T}.KeepLargest"/>.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void KeepLargest(ReadOnlySpan<float> delta, int blockLength, int quota, int tailQuota, ReadOnlySpan<ulong> claimed, Span<ulong> mask, ref uint hint)
    {
        mask.Clear();
        int words = BitMask.WordCount(Math.Min(blockLength, delta.Length));
        int abreast = blockLength <= LongestAbreast ? Abreast : 1;
        byte[]? rented = null;
        int codeBytes = words * 64 * (blockLength == EightBlocks<TCodes>.Length ? EightBlocks<TCodes>.Abreast : abreast), wordBytes = words * sizeof(ulong);
        Span<byte> room = words * 64 <= LongestAbreast
            ? stackalloc byte[(Abreast * (LongestAbreast + (2 * LongestAbreast / 8))) + CacheLine]
            : (rented = ArrayPool<byte>.Shared.Rent(codeBytes + (2 * wordBytes) + CacheLine));
        room = room[AlignmentOf(room)..];
        Span<float> rest = stackalloc float[64];
        var work = new SelectionRoom(
            room[..codeBytes],
            MemoryMarshal.Cast<byte, ulong>(room.Slice(codeBytes, wordBytes)),
            MemoryMarshal.Cast<byte, ulong>(room.Slice(codeBytes + wordBytes, wordBytes)),
            rest);
        int start = 0;
        if (abreast > 1 && quota > 0)
        {
            const int eight = EightBlocks<TCodes>.Abreast * EightBlocks<TCodes>.Length;
            for (; blockLength == EightBlocks<TCodes>.Length && start + eight <= delta.Length; start += eight)
                EightBlocks<TCodes>.Keep(delta.Slice(start, eight), quota, claimed.IsEmpty ? [] : claimed.Slice(start >> 6, eight >> 6), mask.Slice(start >> 6, eight >> 6), ref hint, work);
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
        var work = new SelectionRoom(codes, candidates, kept, rest);
        kept.Clear();
        (uint floor, int shift) = Window(hint);
        Encode(block, floor, shift, codes, rest);
        for (int w = 0; w < candidates.Length; w++)
            TCodes.Erase(ref codes[w * 64], candidates[w]);
        int code = FindCode(codes, wanted);
        if (code is 0 or 255)
        {
            hint = Search(block, wanted, 0, 23, codes, work) | WideFlag;
            return;
        }

        floor += (uint)code << shift;
        Approach(ref hint, floor, 4);
        Search(block, Divide(wanted, code, codes, work), floor, shift - 8, codes, work);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void KeepAbreast(ReadOnlySpan<float> delta, int start, int length, int quota, ReadOnlySpan<ulong> claimed, Span<ulong> mask, ref uint hint, in SelectionRoom work)
    {
        (uint floor, int shift) = Window(hint);
        int words = work.Kept.Length, padded = words * 64;
        for (int b = 0; b < Abreast; b++)
        {
            int at = start + (b * length);
            Encode(delta.Slice(at, length), floor, shift, work.Codes.Slice(b * padded, padded), work.Rest);
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

        bool aligned = ((start | length) & 63) == 0;
        int open = aligned ? 0 : 0b1111;
        if (aligned)
        {
            ref float block = ref Unsafe.Add(ref MemoryMarshal.GetReference(delta), start);
            ref ulong kept = ref mask[start >> 6];
            open |= SettleTies(ref block, ref codes, words, quota, t0, ref kept, work);
            open |= SettleTies(ref Unsafe.Add(ref block, length), ref Unsafe.Add(ref codes, padded), words, quota, t1, ref Unsafe.Add(ref kept, words), work) << 1;
            open |= SettleTies(ref Unsafe.Add(ref block, 2 * length), ref Unsafe.Add(ref codes, 2 * padded), words, quota, t2, ref Unsafe.Add(ref kept, 2 * words), work) << 2;
            open |= SettleTies(ref Unsafe.Add(ref block, 3 * length), ref Unsafe.Add(ref codes, 3 * padded), words, quota, t3, ref Unsafe.Add(ref kept, 3 * words), work) << 3;
            Approach(ref hint, floor + ((uint)(t0 + t1 + t2 + t3) << shift >> 2), 2);
            // candidates left open ask for finer codes, where they would reach as far
            if (open != 0 && IsInner(t0) & IsInner(t1) & IsInner(t2) & IsInner(t3))
                hint &= ~WideFlag;
        }

        Span<int> found = [t0, t1, t2, t3];
        for (; open != 0; open &= open - 1)
        {
            int b = BitOperations.TrailingZeroCount(open), at = start + (b * length);
            if (aligned)
                mask.Slice(at >> 6, words).Clear();
            Settle(delta.Slice(at, length), at, quota, found[b], floor, shift, claimed, ref hint, work.Part(b * padded, padded));
            BitMask.Put(mask, at, work.Kept);
        }
    }

    // vectors of codes that cross cache lines take twice as long to read
    private static unsafe int AlignmentOf(Span<byte> room) =>
        (int)(-(nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(room)) & (CacheLine - 1));

    // where codes begin for a guess at the threshold, and how many bits they leave out
    internal static (uint Floor, int Shift) Window(uint hint)
    {
        int shift = (hint & WideFlag) != 0 ? WideShift : NarrowShift;
        uint middle = hint & ~WideFlag, below = 1u << (shift + 7);
        return (middle > below ? middle - below : 1, shift);
    }

    // the mean of late thresholds: where they jump between two values, the window holds both
    internal static void Approach(ref uint hint, uint found, int part)
    {
        int middle = (int)(hint & ~WideFlag);
        hint = (hint & WideFlag) | (uint)(middle + (((int)found - middle) / part));
    }

    internal static bool IsInner(int code) => code is >= 80 and < 176;

    // without a branch, so that four blocks run side by side: right where all that have the code tie or are wanted, as nearly
    // always; returns 1 where not, and the block is to be done again
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int SettleTies(ref float block, ref byte codes, int words, int quota, int code, ref ulong kept, in SelectionRoom work)
    {
        ref ulong candidates = ref MemoryMarshal.GetReference(work.Candidates);
        int wanted = quota, count = 0, occupied = 0;
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

        int word = BitOperations.TrailingZeroCount(occupied | (1 << (words - 1)));
        int first = Math.Min((word * 64) + BitOperations.TrailingZeroCount(Unsafe.Add(ref candidates, word)), (words * 64) - 1);
        uint magnitude = BitConverter.SingleToUInt32Bits(Unsafe.Add(ref block, first)) & 0x7FFF_FFFF;
        ulong others = 0;
        int left = wanted;
        for (int w = 0; w < words; w++)
        {
            ulong equal = Unsafe.Add(ref candidates, w);
            others |= equal & ~TCodes.SameMagnitude(in Unsafe.Add(ref block, w * 64), magnitude);
            Unsafe.Add(ref kept, w) |= BitMask.Lowest(equal, left);
            left = Math.Max(0, left - BitOperations.PopCount(equal));
        }

        bool settled = (others == 0 | count == wanted) & code != 0 & code != 255;
        return settled ? 0 : 1;
    }

    // all ones below zero, none from zero on: no branch, because no processor could guess it
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Sign(int value) => value >> 31;

    // the lowest code also holds what lies below the window and what may not be chosen, the highest what lies above
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Settle(ReadOnlySpan<float> block, int start, int quota, int code, uint floor, int shift, ReadOnlySpan<ulong> claimed, ref uint hint, in SelectionRoom work)
    {
        if (code is 0 or 255)
        {
            Keep(block, quota, claimed, start, ref hint, work);
            hint |= WideFlag;
            return;
        }

        Span<ulong> candidates = work.Candidates;
        candidates.Fill(ulong.MaxValue);
        work.Kept.Clear();
        Search(block, Divide(quota, code, work.Codes, work), floor + ((uint)code << shift), shift - 8, work.Codes, work);
    }

    // one block from scratch: among the free positions first, then among the claimed ones
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Keep(ReadOnlySpan<float> block, int quota, ReadOnlySpan<ulong> claimed, int start, ref uint hint, in SelectionRoom work)
    {
        work.Kept.Clear();
        int free = Candidates(block, claimed, start, taken: false, work);
        if (Math.Min(quota, free) > 0)
            hint = Search(block, Math.Min(quota, free), 0, 23, work.Codes, work) | (hint & WideFlag);
        if (quota <= free || claimed.IsEmpty)
            return;
        int taken = Candidates(block, claimed, start, taken: true, work);
        if (taken > 0)
            Search(block, Math.Min(quota - free, taken), 0, 23, work.Codes, work);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Candidates(ReadOnlySpan<float> block, ReadOnlySpan<ulong> claimed, int start, bool taken, in SelectionRoom work)
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
    private static uint Search(ReadOnlySpan<float> block, int wanted, uint floor, int shift, Span<byte> codes, in SelectionRoom work)
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
    private static int Divide(int wanted, int code, ReadOnlySpan<byte> codes, in SelectionRoom work)
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
    private static int CountAndCompare(ReadOnlySpan<float> block, int words, in SelectionRoom work, out bool tied)
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
    private static void KeepLowest(int wanted, int words, in SelectionRoom work)
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
    private static void KeepFew(ReadOnlySpan<float> block, int wanted, int words, in SelectionRoom work)
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
}
