using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Tests;

/// <summary>The streamed search for the k largest against a plain sort.</summary>
public sealed class RankSearchTests
{
    [Theory]
    [InlineData(10_000, 1, 0)]
    [InlineData(10_000, 2_500, 0)]
    [InlineData(10_000, 9_999, 0)]
    [InlineData(10_000, 10_000, 0)]
    [InlineData(10_000, 2_500, 7)]
    [InlineData(10_000, 8_000, 3)]
    [InlineData(50_001, 12_345, 300)]
    [InlineData(64, 17, 2)]
    public void Keeps_the_k_largest_the_lowest_index_first(int count, int k, int distinct)
    {
        Check<float>(count, k, distinct);
        Check<double>(count, k, distinct);
    }

    [Theory]
    [InlineData(1_000_000, false)]
    [InlineData(3_000_000, false)]
    [InlineData(1_000_000, true)]
    public void A_large_tensor_is_guessed_from_a_sample_and_a_wrong_guess_is_mended(int k, bool misleads)
    {
        // misleading: every piece that the sample reads is ten times smaller than the rest
        const int count = (1 << 22) + 777, tile = 1 << 14;
        var random = new Random(k);
        float[] values = [.. Enumerable.Range(0, count).Select(i => (float)(random.NextDouble() - 0.5) * (misleads && i / tile % RankSearch<float>.SampleStride == 0 ? 0.1f : 1))];
        ulong[] keys = [.. values.Select((v, i) => (ReferenceKernels<float>.Magnitude(v) << 32) | ~(uint)i)];
        Array.Sort(keys);
        int[] expected = [.. keys[^k..].Select(key => (int)~(uint)key)];
        Array.Sort(expected);
        Assert.Equal(expected, Search(values, k, tile));
    }

    [Fact]
    public void Never_keeps_a_zero()
    {
        float[] values = [0, -0f, 3, 0, -1];
        Assert.Equal([2, 4], Search(values, 4, 64));
    }

    [Fact]
    public void Tells_apart_values_that_differ_in_the_last_bit()
    {
        float[] values = [1, BitConverter.UInt32BitsToSingle(0x3F80_0001), -1, BitConverter.UInt32BitsToSingle(0x3F80_0002)];
        Assert.Equal([0, 1, 3], Search(values, 3, 64));
    }

    private static void Check<T>(int count, int k, int distinct)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var random = new Random(count + k);
        T[] values = [.. Enumerable.Range(0, count).Select(_ => T.CreateTruncating(distinct == 0 ? random.NextDouble() - 0.5 : random.Next(-distinct, distinct + 1) / 8.0))];
        int[] expected = [.. Enumerable.Range(0, count).Where(i => values[i] != T.Zero).OrderByDescending(i => T.Abs(values[i])).ThenBy(i => i).Take(k).Order()];
        Assert.Equal(expected, Search(values, k, 64));
        Assert.Equal(expected, Search(values, k, 1024));
    }

    // tiles in a shuffled order, from several threads
    private static int[] Search<T>(T[] values, int k, int tile)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var search = new RankSearch<T>(k, values.Length);
        int[] starts = [.. Enumerable.Range(0, (values.Length + tile - 1) / tile).Select(i => i * tile)];
        new Random(tile).Shuffle(starts);
        for (int pass = 0; pass < search.Passes; pass++)
        {
            int stride = search.StrideOf(pass);
            Parallel.ForEach(starts.Where(start => start / tile % stride == 0), start => search.Measure(pass, values.AsSpan(start, Math.Min(tile, values.Length - start)), start));
            search.Complete(pass);
        }

        var kept = new List<int>();
        foreach (int start in starts)
        {
            int length = Math.Min(tile, values.Length - start);
            ulong[] mask = new ulong[BitMask.WordCount(length)];
            search.MakeMask(values.AsSpan(start, length), start, mask);
            kept.AddRange(Enumerable.Range(0, length).Where(i => BitMask.Has(mask, i)).Select(i => start + i));
        }

        kept.Sort();
        return [.. kept];
    }
}

/// <summary>The vectors of the magnitude comparison against their plain twin.</summary>
public sealed class MagnitudeComparisonTests
{
    [Fact]
    public void Agrees_with_the_plain_twin()
    {
        var random = new Random(5);
        for (int round = 0; round < 1000; round++)
        {
            float[] values = [.. Enumerable.Range(0, round % 3 == 0 ? random.Next(1, 64) : 64).Select(_ => BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue)))];
            ulong cutoff = round % 2 == 0 ? ReferenceKernels<float>.Magnitude(values[random.Next(values.Length)]) : (ulong)random.Next();
            Assert.Equal(MagnitudeComparison.ComparePlainly<float>(values, cutoff), MagnitudeComparison.Compare<float>(values, cutoff));
        }
    }
}
