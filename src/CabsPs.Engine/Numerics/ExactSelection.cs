using System.Buffers;
using System.Numerics;
using System.Runtime.Intrinsics.X86;

namespace CabsPs.Engine.Numerics;

/// <summary>The n largest magnitudes of some float32 deltas, exactly: the lowest index first where they are equal, zeros never.</summary>
internal static class ExactSelection
{
    // up to here a few comparisons are cheaper than asking whether all are equal
    private const int Few = 12;

    /// <summary>Keeps the largest free ones of a block, and the largest claimed ones where these are too few.</summary>
    /// <returns>The smallest magnitude kept of the free ones, as an integer; 0 when there was none.</returns>
    public static uint KeepLargest(ReadOnlySpan<float> delta, int start, int length, int quota, ReadOnlySpan<ulong> claimed, Span<ulong> mask)
    {
        ulong[] keys = ArrayPool<ulong>.Shared.Rent(length);
        int free = Collect(delta, start, length, claimed, taken: false, keys);
        uint threshold = Keep(keys.AsSpan(0, free), quota, mask);
        if (free < quota && !claimed.IsEmpty)
            Keep(keys.AsSpan(0, Collect(delta, start, length, claimed, taken: true, keys)), quota - free, mask);
        ArrayPool<ulong>.Shared.Return(keys);
        return threshold;
    }

    /// <summary>Keeps the largest of a set of candidates, of which there are more than wanted.</summary>
    /// <param name="delta">The deltas of a block of whole words.</param>
    /// <param name="candidates">The set.</param>
    /// <param name="count">How many it has.</param>
    /// <param name="wanted">How many to keep.</param>
    /// <param name="mask">Gets them added.</param>
    public static void KeepOf(ReadOnlySpan<float> delta, ReadOnlySpan<ulong> candidates, int count, int wanted, Span<ulong> mask)
    {
        if (count > Few && AreAllEqual(delta, candidates))
        {
            for (int word = 0; wanted > 0; word++)
            {
                int here = BitOperations.PopCount(candidates[word]);
                mask[word] |= here <= wanted ? candidates[word] : Lowest(candidates[word], wanted);
                wanted -= here;
            }

            return;
        }

        Span<ulong> keys = count <= 64 ? stackalloc ulong[64] : new ulong[count];
        int at = 0;
        for (int word = 0; word < candidates.Length; word++)
        {
            for (ulong bits = candidates[word]; bits != 0; bits &= bits - 1)
            {
                int index = (word << 6) + BitOperations.TrailingZeroCount(bits);
                keys[at++] = Key(delta[index], index);
            }
        }

        Keep(keys[..at], wanted, mask);
    }

    private static int Collect(ReadOnlySpan<float> delta, int start, int length, ReadOnlySpan<ulong> claimed, bool taken, Span<ulong> keys)
    {
        int count = 0;
        for (int i = start; i < start + length; i++)
        {
            keys[count] = Key(delta[i], i);
            bool isTaken = !claimed.IsEmpty && BitMask.Has(claimed, i);
            count += (keys[count] >> 32) != 0 && isTaken == taken ? 1 : 0;
        }

        return count;
    }

    // larger for larger magnitudes, and for lower indexes where these are equal
    private static ulong Key(float value, int index) => (ReferenceKernels<float>.Magnitude(value) << 32) | (uint)~index;

    private static uint Keep(Span<ulong> keys, int quota, Span<ulong> mask)
    {
        quota = Math.Min(quota, keys.Length);
        if (quota <= 0)
            return 0;
        if (quota < keys.Length)
            Partition(keys, quota);
        ulong smallest = ulong.MaxValue;
        foreach (ulong key in keys[..quota])
        {
            BitMask.Set(mask, (int)~(uint)key);
            smallest = Math.Min(smallest, key);
        }

        return (uint)(smallest >> 32);
    }

    // quickselect: afterwards the largest stand in front. No two keys are equal.
    private static void Partition(Span<ulong> keys, int wanted)
    {
        int low = 0, high = keys.Length - 1;
        while (low < high)
        {
            ulong pivot = MedianOfThree(keys[low], keys[(low + high) >>> 1], keys[high]);
            int i = low, j = high;
            while (i <= j)
            {
                while (keys[i] > pivot)
                    i++;
                while (keys[j] < pivot)
                    j--;
                if (i <= j)
                {
                    (keys[i], keys[j]) = (keys[j], keys[i]);
                    i++;
                    j--;
                }
            }

            if (wanted - 1 <= j)
                high = j;
            else if (wanted - 1 >= i)
                low = i;
            else
                return;
        }
    }

    private static ulong MedianOfThree(ulong a, ulong b, ulong c) => Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));

    private static bool AreAllEqual(ReadOnlySpan<float> delta, ReadOnlySpan<ulong> candidates)
    {
        int first = 0;
        while (candidates[first] == 0)
            first++;
        ulong magnitude = ReferenceKernels<float>.Magnitude(delta[(first << 6) + BitOperations.TrailingZeroCount(candidates[first])]);
        for (int word = first; word < candidates.Length; word++)
        {
            if ((candidates[word] & ~MagnitudeComparison.Compare(delta.Slice(word << 6, 64), magnitude).Equal) != 0)
                return false;
        }

        return true;
    }

    private static ulong Lowest(ulong bits, int count)
    {
        if (Bmi2.X64.IsSupported)
            return Bmi2.X64.ParallelBitDeposit((1UL << count) - 1, bits);
        ulong kept = 0;
        for (; count > 0; count--, bits &= bits - 1)
            kept |= bits & (0 - bits);
        return kept;
    }
}
