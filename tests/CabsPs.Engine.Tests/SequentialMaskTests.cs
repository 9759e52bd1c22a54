using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>Conflict-aware assignment over masks of any kind: each later vector chooses among positions that no earlier one keeps.</summary>
public sealed class SequentialMaskTests
{
    private const int Rows = 300, Length = 256;
    private static readonly float[] s_a = Samples.Normal(1, Rows * Length);
    private static readonly float[] s_b = [.. Samples.Normal(2, Rows * Length).Zip(s_a, (b, a) => b + a)];
    private static readonly float[] s_c = [.. Samples.Normal(3, Rows * Length).Zip(s_a, (c, a) => c - a)];

    [Theory]
    [InlineData("dare_linear", "density: 0.3, rescale: false")]
    [InlineData("dare_linear", "density: 0.3, rescale: density")]
    [InlineData("dare_ties", "density: 0.3")]
    [InlineData("ties", "density: 0.3, normalize: false")]
    [InlineData("della_linear", "density: 0.3")]
    [InlineData("breadcrumbs", "density: 0.3, gamma: 0.02")]
    [InlineData("breadcrumbs", "density: 0.3, gamma: 0.02, scope: row")]
    public void Masks_are_disjoint_and_the_first_is_as_without(string method, string parameters)
    {
        using Workbench bench = Bench();
        MergeResult result = bench.Run(Text(method, $"{parameters}, weight: 1, assignment: sequential", "a", "b", "c"));
        Assert.Equal(3, result.Overlaps.Count);
        Assert.All(result.Overlaps, p => Assert.Equal(0, p.Shared));
        MergeResult alone = bench.Run(Text(method, $"{parameters}, weight: 1", "a", "b", "c"));
        Assert.Contains(alone.Overlaps, p => p.Shared > 0);
        Assert.Equal(alone.Vectors[0].Kept, result.Vectors[0].Kept);
    }

    [Fact]
    public void Magnitude_masks_take_the_largest_of_what_is_left()
    {
        using Workbench bench = Bench();
        float[] merged = bench.Merged(Text("ties", "density: 0.3, normalize: false, weight: 1, assignment: sequential", "a", "b", "c"));
        int kept = (int)(0.3 * s_a.Length);
        float[] expected = new float[s_a.Length];
        foreach (float[] delta in (float[][])[s_a, s_b, s_c])
        {
            foreach (int i in Enumerable.Range(0, delta.Length).Where(i => expected[i] == 0).OrderByDescending(i => Math.Abs(delta[i])).ThenBy(i => i).Take(kept).ToArray())
                expected[i] = delta[i];
        }

        AssertSameBits(expected, merged);
    }

    [Fact]
    public void Random_masks_keep_their_share_of_what_is_left()
    {
        using Workbench bench = Bench();
        MergeResult result = bench.Run(Text("dare_linear", "density: 0.4, weight: 1, assignment: sequential", "a", "b", "c"));
        double left = s_a.Length;
        foreach (VectorSummary vector in result.Vectors)
        {
            Assert.InRange(vector.Kept, (0.4 * left) - (5 * Math.Sqrt(0.24 * left)), (0.4 * left) + (5 * Math.Sqrt(0.24 * left)));
            left -= vector.Kept;
        }
    }

    [Fact]
    public void Over_rows_of_m_it_is_cabs()
    {
        using Workbench bench = Bench();
        AssertSameBits(
            bench.Merged(Text("cabs", "n: 64, m: 256, weight: 0.7", "a", "b", "c")),
            bench.Merged(Text("breadcrumbs", "gamma: 0, density: 0.25, scope: row, weight: 0.7, assignment: sequential", "a", "b", "c")));
    }

    [Fact]
    public void A_zero_claims_nothing()
    {
        using var bench = new Workbench();
        bench.Vectors([0, 0, 0, 0], [0, 0, 0, 5], [1, 2, 3, 4]);
        Assert.Equal([1, 2, 3, 5], bench.Merged(Text("dare_linear", "weight: 1, rescale: false, assignment: sequential", "a", "b")));
    }

    private static Workbench Bench()
    {
        var bench = new Workbench();
        bench.Model("base", DType.F32, ("w", [Rows, Length], new float[Rows * Length]));
        bench.Model("a", DType.F32, ("w", [Rows, Length], s_a));
        bench.Model("b", DType.F32, ("w", [Rows, Length], s_b));
        bench.Model("c", DType.F32, ("w", [Rows, Length], s_c));
        return bench;
    }
}
