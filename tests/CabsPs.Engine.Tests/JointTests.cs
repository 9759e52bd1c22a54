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
            foreach (int members in (int[])[1, 2, 3, 4, 8])
            {
                foreach (bool sameScale in (bool[])[false, true])
                {
                    double[] rms = [.. Enumerable.Range(0, members).Select(v => sameScale ? 0.01 : 0.01 / (v + 1) * 1.1)];
                    Check(width, kind, n, m, (m * 5) + (m / 3), rms, sameScale);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(SelectionTests.WidthsAndKinds), MemberType = typeof(SelectionTests))]
    public void Same_where_quotients_differ_in_their_last_bit_or_not_at_all(string width, string kind)
    {
        double[] rms = [0.01, Math.BitIncrement(0.01), 0.01, Math.BitDecrement(0.01)];
        foreach (int n in (int[])[1, 30, 63, 64, 65, 100])
            Check(width, kind, n, 256, 256 * 9, rms, sameScale: true);
    }

    [Theory]
    [MemberData(nameof(KernelTests.Widths), MemberType = typeof(KernelTests))]
    public void What_came_before_does_not_show(string width)
    {
        // every magnitude is far from where the search begins
        foreach (double size in (double[])[1, 1e-9, 1e9, 1e-30, 1, 1e30, 1])
        {
            Check(width, "normal", 64, 256, 256 * 3, [size, size * 1.1, size / 1.2], sameScale: true);
            Check(width, "ulps", 64, 256, 256 * 3, [size, size, size / 3, size / 2], sameScale: true);
        }
    }

    [Theory]
    [MemberData(nameof(KernelTests.Widths), MemberType = typeof(KernelTests))]
    public void Same_in_long_blocks(string width)
    {
        foreach (int m in (int[])[4096, 30_001, (1 << 16) + 1])
        {
            Check(width, "normal", m / 3, m, m + (m / 7), [0.01, 0.02, 0.015], sameScale: true);
            Check(width, "equal", m / 3, m, m + (m / 7), [0.01, 0.01], sameScale: true);
        }
    }

    private static void Check(string width, string kind, int n, int m, int length, double[] rms, bool sameScale)
    {
        int members = rms.Length;
        int[] quotas = [.. Enumerable.Range(0, members).Select(v => Math.Max(0, n - (v % 2)))], tails = [.. quotas.Select(q => q * (length % m) / m)];
        Tile<float> expected = Tile(kind, members, length, sameScale), actual = Tile(kind, members, length, sameScale);
        int[] order = [.. Enumerable.Range(0, members)];
        ReferenceKernels<float>.Instance.AssignJointly(expected, order, m, quotas, tails, rms);
        KernelTests.Of(width).AssignJointly(actual, order, m, quotas, tails, rms);
        for (int v = 0; v < members; v++)
            Assert.True(expected.Mask(v).SequenceEqual(actual.Mask(v)), $"{n}:{m}, vector {v} of {members}, same scale {sameScale}, rms {rms[0]}");
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
