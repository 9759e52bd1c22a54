using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Tests;

/// <summary>The search for ranks over a whole model against sorting.</summary>
public sealed class ModelRankSearchTests
{
    public static TheoryData<string, int> Kinds { get; } = new()
    {
        { "normal", 100_003 }, { "few", 100_003 }, { "few", 777 }, { "zeros", 70_001 }, { "one", 200_000 }, { "specials", 5000 },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Masks_keep_exactly_the_largest_the_first_of_equal_ones_first(string kind, int count)
    {
        float[] values = Values(kind, count);
        foreach (long rank in (long[])[1, 2, count / 7, count / 2, count - 1, count, count + 5])
        {
            HashSet<int> expected = [.. Enumerable.Range(0, count).OrderByDescending(i => Math.Abs(values[i])).ThenBy(i => i).Take((int)rank).Where(i => values[i] != 0)];
            foreach (bool wide in (bool[])[false, true])
            {
                var search = new ModelRankSearch([rank], count, wide, placesTies: true);
                Run(search, values, 1000);
                ulong[] mask = new ulong[BitMask.WordCount(count)];
                search.MakeMask<float>(0, values, 0, mask);
                Assert.Equal(expected, [.. Enumerable.Range(0, count).Where(i => BitMask.Has(mask, i))]);
                Assert.True(search.Sweeps <= (wide ? 6 : 4));
            }
        }
    }

    [Fact]
    public void Values_of_several_ranks_are_those_of_the_sorted_numbers_signed_too()
    {
        float[] values = Samples.Normal(3, 12_345);
        float[] magnitudes = [.. values.Select(Math.Abs).OrderDescending()], signed = [.. values.OrderDescending()];
        long[] ranks = [1, 17, 6000, 12_345];
        foreach (bool wide in (bool[])[false, true])
        {
            var search = new ModelRankSearch(ranks, values.Length, wide);
            var ordered = new ModelRankSearch(ranks, values.Length, wide, signed: true);
            Run(search, values, 100);
            Run(ordered, values, 4096);
            Assert.Equal(ranks.Select(r => (double)magnitudes[r - 1]), ranks.Select((_, i) => search.Value(i)));
            Assert.Equal(ranks.Select(r => (double)signed[r - 1]), ranks.Select((_, i) => ordered.Value(i)));
        }
    }

    [Fact]
    public void Pieces_may_be_cut_in_any_way_and_come_from_several_threads()
    {
        float[] values = Values("few", 300_000);
        var whole = new ModelRankSearch([1000, 90_000], values.Length, wide: false, placesTies: true);
        Run(whole, values, values.Length);
        var parts = new ModelRankSearch([1000, 90_000], values.Length, wide: false, placesTies: true);
        for (int sweep = 0; sweep < parts.Sweeps; sweep++)
        {
            Parallel.For(0, 301, new ParallelOptions { MaxDegreeOfParallelism = 4 }, piece =>
            {
                int start = piece * 1000, end = Math.Min(values.Length, start + 1000);
                if (parts.Covers(sweep, start, end - start))
                    parts.Measure<float>(sweep, values.AsSpan(start..end), start);
            });
            parts.Complete(sweep);
        }

        ulong[] expected = new ulong[BitMask.WordCount(values.Length)], actual = new ulong[64];
        foreach (int rank in (int[])[0, 1])
        {
            whole.MakeMask<float>(rank, values, 0, expected);
            for (int start = 0; start + 4096 <= values.Length; start += 4096)
            {
                parts.MakeMask<float>(rank, values.AsSpan(start, 4096), start, actual);
                Assert.Equal(expected.AsSpan(start / 64, 64).ToArray(), actual);
            }
        }
    }

    private static void Run(ModelRankSearch search, float[] values, int piece)
    {
        for (int sweep = 0; sweep < search.Sweeps; sweep++)
        {
            for (int start = 0; start < values.Length; start += piece)
            {
                int end = Math.Min(values.Length, start + piece);
                if (search.Covers(sweep, start, end - start))
                    search.Measure<float>(sweep, values.AsSpan(start..end), start);
            }

            search.Complete(sweep);
        }
    }

    private static float[] Values(string kind, int count) => kind switch
    {
        "few" => Samples.FewUlps(5, count),
        "zeros" => [.. Samples.Normal(6, count).Select((v, i) => i % 3 == 0 ? v : i % 3 == 1 ? 0f : -0f)],
        "one" => [.. Enumerable.Range(0, count).Select(i => i % 2 == 0 ? 0.25f : -0.25f)],
        "specials" => Samples.WithSpecials(7, count),
        _ => Samples.Normal(4, count),
    };
}
