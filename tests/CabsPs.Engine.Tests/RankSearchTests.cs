using System.Numerics;
using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
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

    // what the pieces that a sample reads are multiplied by, and the passes that takes
    [Theory]
    [InlineData(1_000_000, 1, 2)]
    [InlineData(3_000_000, 1, 2)]
    [InlineData(1, 1, 2)]
    [InlineData(1_000_000, 0.97, 3)]
    [InlineData(1_000_000, 1.03, 3)]
    [InlineData(1_000_000, 0.1, 5)]
    [InlineData(1_000_000, 1e-30, 5)]
    public void A_large_tensor_is_guessed_from_a_sample_and_a_wrong_guess_is_mended(int k, double misleads, int mostPasses)
    {
        const int count = (1 << 22) + 777, tile = 1 << 14;
        var random = new Random(k);
        float[] values = [.. Enumerable.Range(0, count).Select(i => (float)((random.NextDouble() - 0.5) * (i / tile % RankSample<float>.Stride == 0 ? misleads : 1)))];
        Assert.Equal(Largest(values, k), Search(values, k, tile, mostPasses));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Rows_that_differ_widen_the_guess(int seed)
    {
        // rows of 4096 with sizes of their own, as layers have them; a sample sees one in sixteen
        const int rows = 1 << 11, columns = 1 << 12, tile = 1 << 12, k = rows * columns / 4;
        var random = new Random(seed);
        float[] values = [.. Enumerable.Range(0, rows).SelectMany(row =>
        {
            double size = Math.Exp(random.NextDouble() - 0.5);
            return Enumerable.Range(0, columns).Select(_ => (float)(size * (random.NextDouble() - random.NextDouble())));
        })];
        Assert.Equal(Largest(values, k), Search(values, k, tile, 2));
    }

    [Theory]
    [InlineData(3, 1_500_000)]
    [InlineData(3, 4_000_000)]
    [InlineData(200, 1_000_000)]
    [InlineData(0, 1_000_000)]
    public void Equal_magnitudes_of_a_large_tensor_go_by_place(int distinct, int k)
    {
        const int count = (1 << 22) + 777, tile = 1 << 11;
        var random = new Random(distinct);
        float[] values = [.. Enumerable.Range(0, count).Select(_ => random.Next(-distinct, distinct + 1) / 64f)];
        int[] expected = [.. Enumerable.Range(0, count).Where(i => values[i] != 0).OrderByDescending(i => Math.Abs(values[i])).ThenBy(i => i).Take(k).Order()];
        Assert.Equal(expected, Search(values, k, tile, 2));
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
    private static int[] Search<T>(T[] values, int k, int tile, int mostPasses = int.MaxValue)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int[] found = Search(values, k, tile, mostPasses, stored: false);
        if (typeof(T) == typeof(float))
            Assert.Equal(found, Search(values, k, tile, mostPasses, stored: true));
        return found;
    }

    private static int[] Largest(float[] values, int k)
    {
        ulong[] keys = [.. values.Select((v, i) => (ReferenceKernels<float>.Magnitude(v) << 32) | ~(uint)i)];
        Array.Sort(keys);
        return [.. keys[^k..].Select(key => (int)~(uint)key).Order()];
    }

    // as deltas, or as stored weights over a base of zeros
    private static int[] Search<T>(T[] values, int k, int tile, int mostPasses, bool stored)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var search = new RankSearch<T>(k, values.Length);
        byte[] bytes = stored ? MemoryMarshal.AsBytes<T>(values).ToArray() : [];
        var origin = new StoredWeights(DType.F32, new byte[bytes.Length]);
        StoredWeights[] inputs = [new StoredWeights(DType.F32, bytes)];
        int[] starts = [.. Enumerable.Range(0, (values.Length + tile - 1) / tile).Select(i => i * tile)];
        new Random(tile).Shuffle(starts);
        for (int pass = 0; pass < search.Passes; pass++)
        {
            int stride = search.StrideOf(pass);
            Parallel.ForEach(starts.Where(start => start / tile % stride == 0), start =>
            {
                int length = Math.Min(tile, values.Length - start);
                if (stored && search.TryFind(pass, Kernels.For<T>(), new StoredTile(start, length, start, origin, inputs), 0))
                    search.Take(pass, start);
                else
                    search.Measure(pass, values.AsSpan(start, length), start);
            });
            search.Complete(pass);
        }

        Assert.InRange(search.Passes, 1, mostPasses);

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
