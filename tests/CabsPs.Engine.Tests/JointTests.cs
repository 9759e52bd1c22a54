using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Tests;

/// <summary>Joint assignment in every width against ordering all pairs.</summary>
public sealed class JointTests
{
    [Theory]
    [MemberData(nameof(SelectionTests.WidthsAndKinds), MemberType = typeof(SelectionTests))]
    public void Same_as_ordering_all_pairs(string width, string kind)
    {
        foreach ((int n, int m) in ((int, int)[])[(1, 1), (2, 4), (16, 64), (10, 100), (64, 256), (128, 256), (40, 300), (256, 256), (0, 8), (200, 1024)])
        {
            foreach (int members in (int[])[1, 2, 3, 4, 7])
            {
                int length = (m * 5) + (m / 3);
                int[] quotas = [.. Enumerable.Range(0, members).Select(v => Math.Max(0, n - (v % 2)))], tails = [.. quotas.Select(q => q * (m / 3) / m)];
                foreach (bool sameScale in (bool[])[false, true])
                {
                    Tile<float> expected = Tile(kind, members, length, sameScale), actual = Tile(kind, members, length, sameScale);
                    double[] rms = [.. Enumerable.Range(0, members).Select(v => sameScale ? 0.01 : 0.01 / (v + 1) * 1.1)];
                    int[] order = [.. Enumerable.Range(0, members)];
                    ReferenceKernels<float>.Instance.AssignJointly(expected, order, m, quotas, tails, rms);
                    KernelTests.Of(width).AssignJointly(actual, order, m, quotas, tails, rms);
                    for (int v = 0; v < members; v++)
                        Assert.True(expected.Mask(v).SequenceEqual(actual.Mask(v)), $"{n}:{m}, vector {v} of {members}, same scale {sameScale}");
                }
            }
        }
    }

    private static Tile<float> Tile(string kind, int members, int length, bool sameScale)
    {
        var tile = new Tile<float>();
        tile.Reserve(members, length);
        tile.MoveTo(0, length);
        for (int v = 0; v < members; v++)
        {
            float[] delta = SelectionTests.Make(kind, v, length);
            for (int i = 0; i < length; i++)
                tile.Input(v)[i] = float.IsFinite(delta[i]) ? delta[i] / (sameScale ? 1 : v + 1) : 0;
        }

        return tile;
    }
}
