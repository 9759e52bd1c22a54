using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CabsPs.Engine.Numerics.Simd;

namespace CabsPs.Engine.Numerics;

/// <summary>The n largest magnitudes of every block of m float32 deltas, without sorting. Where m is a multiple of 64, a block is searched as
/// 8-bit codes in a window around the last block's threshold: eight rounds of counting, without a branch, four blocks side by side.
/// The few that share the threshold's code are told apart exactly. What the window does not catch, and every other m, goes to
/// <see cref="ExactSelection"/>. The window is a guess: it changes the time, never the result.</summary>
/// <typeparam name="TCodes">The vectors used.</typeparam>
internal static class BlockSelection<TCodes>
    where TCodes : struct, ICodes
{
    private const int LongestCoded = 2048;
    private const int Abreast = 4;
    private const int Middle = 128;

    /// <inheritdoc cref="IKernels{T}.KeepLargest"/>
    [SkipLocalsInit]
    public static void KeepLargest(ReadOnlySpan<float> delta, int blockLength, int quota, int tailQuota, ReadOnlySpan<ulong> claimed, Span<ulong> mask, ref int guess)
    {
        if (blockLength % 64 != 0 || blockLength > LongestCoded || quota >= blockLength)
        {
            mask.Clear();
            for (int start = 0; start < delta.Length; start += blockLength)
            {
                int length = Math.Min(blockLength, delta.Length - start);
                ExactSelection.KeepLargest(delta, start, length, length == blockLength ? quota : tailQuota, claimed, mask);
            }

            return;
        }

        int words = blockLength >> 6, blocks = delta.Length / blockLength, block = 0;
        Span<byte> codes = stackalloc byte[Abreast * LongestCoded];
        Span<byte> thresholds = stackalloc byte[Abreast];
        int window = guess;
        for (; block < blocks; block += Abreast)
        {
            int abreast = Math.Min(Abreast, blocks - block), start = block * blockLength;
            ref byte first = ref MemoryMarshal.GetReference(codes);
            TCodes.Make(in delta[start], abreast * blockLength, window, ref first);
            if (!claimed.IsEmpty)
                TCodes.Exclude(ref first, abreast * blockLength, in claimed[start >> 6]);
            if (abreast == Abreast)
            {
                Search(ref first, blockLength, quota, thresholds);
            }
            else
            {
                for (int i = 0; i < abreast; i++)
                    thresholds[i] = Search(ref Unsafe.Add(ref first, i * blockLength), blockLength, quota);
            }

            int sum = 0, found = 0;
            for (int i = 0; i < abreast; i++)
            {
                int at = start + (i * blockLength);
                ReadOnlySpan<float> own = delta.Slice(at, blockLength);
                ReadOnlySpan<ulong> taken = claimed.IsEmpty ? claimed : claimed.Slice(at >> 6, words);
                Span<ulong> target = mask.Slice(at >> 6, words);
                // 0: the threshold lies under the window, or too few are free; 255: it lies above
                if (thresholds[i] is > 0 and < 255)
                {
                    Finish(own, ref Unsafe.Add(ref first, i * blockLength), thresholds[i], quota, target);
                    sum += thresholds[i];
                    found++;
                }
                else if (!TakeAllFree(own, quota, taken, target))
                {
                    target.Clear();
                    uint threshold = ExactSelection.KeepLargest(own, 0, blockLength, quota, taken, target);
                    sum += (int)(threshold >> 15) - window;
                    found++;
                }
            }

            if (found > 0)
                window = Math.Max(0, window + (sum / found) - Middle);
        }

        guess = window;
        int rest = blocks * blockLength;
        if (rest < delta.Length)
        {
            mask[(rest >> 6)..].Clear();
            ExactSelection.KeepLargest(delta, rest, delta.Length - rest, tailQuota, claimed, mask);
        }
    }

    // the largest code that at least quota codes reach, or 0
    private static byte Search(ref byte codes, int length, int quota)
    {
        int threshold = 0;
        for (int bit = 128; bit > 0; bit >>= 1)
            threshold = TCodes.CountAtLeast(in codes, length, (byte)(threshold | bit)) >= quota ? threshold | bit : threshold;
        return (byte)threshold;
    }

    private static void Search(ref byte codes, int length, int quota, Span<byte> thresholds)
    {
        int a = 0, b = 0, c = 0, d = 0;
        for (int bit = 128; bit > 0; bit >>= 1)
        {
            (int na, int nb, int nc, int nd) = TCodes.CountAtLeast(in codes, length, (byte)(a | bit), (byte)(b | bit), (byte)(c | bit), (byte)(d | bit));
            a |= na >= quota ? bit : 0;
            b |= nb >= quota ? bit : 0;
            c |= nc >= quota ? bit : 0;
            d |= nd >= quota ? bit : 0;
        }

        (thresholds[0], thresholds[1], thresholds[2], thresholds[3]) = ((byte)a, (byte)b, (byte)c, (byte)d);
    }

    [SkipLocalsInit]
    private static void Finish(ReadOnlySpan<float> delta, ref byte codes, byte threshold, int quota, Span<ulong> mask)
    {
        Span<ulong> equal = stackalloc ulong[LongestCoded / 64];
        int above = 0, ties = 0;
        for (int word = 0; word < mask.Length; word++)
        {
            (mask[word], equal[word]) = TCodes.Compare(in Unsafe.Add(ref codes, word << 6), threshold);
            above += BitOperations.PopCount(mask[word]);
            ties += BitOperations.PopCount(equal[word]);
        }

        int wanted = quota - above;
        if (ties == wanted)
        {
            for (int word = 0; word < mask.Length; word++)
                mask[word] |= equal[word];
            return;
        }

        ExactSelection.KeepOf(delta, equal[..mask.Length], ties, wanted, mask);
    }

    // with no more free positions than wanted there is nothing to select; false where claimed ones would have to fill up
    private static bool TakeAllFree(ReadOnlySpan<float> delta, int quota, ReadOnlySpan<ulong> claimed, Span<ulong> mask)
    {
        if (claimed.IsEmpty)
            return false;
        int kept = 0;
        for (int word = 0; word < mask.Length; word++)
        {
            mask[word] = MagnitudeComparison.Compare(delta.Slice(word << 6, 64), 0).Above & ~claimed[word];
            kept += BitOperations.PopCount(mask[word]);
        }

        return kept == quota;
    }
}
