using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>Tensors too large to be held are ranked in passes, with the result of a plain sort.</summary>
public sealed class LargeTensorMaskTests
{
    private const int Count = 200_003;
    private static readonly float[] s_delta = Samples.Normal(1, Count);

    [Fact]
    public void Ties_keeps_the_largest() =>
        Check(Text("ties", "density: 0.3, weight: 1, normalize: false", "a"), 0, (int)(0.3 * Count));

    [Fact]
    public void Breadcrumbs_keeps_what_comes_after_the_outliers() =>
        Check(Text("breadcrumbs", "density: 0.3, gamma: 0.02, weight: 1", "a"), (int)(0.02 * Count), (int)(0.3 * Count));

    private static void Check(string recipe, int skipped, int kept)
    {
        using var bench = new Workbench();
        bench.Vectors(new float[Count], s_delta);
        float[] expected = new float[Count];
        foreach (int i in Enumerable.Range(0, Count).OrderByDescending(i => Math.Abs(s_delta[i])).ThenBy(i => i).Skip(skipped).Take(kept))
            expected[i] = s_delta[i];
        AssertSameBits(expected, bench.Merged(recipe));
    }
}
