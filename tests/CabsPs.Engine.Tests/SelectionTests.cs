using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Tests;

/// <summary>n-largest-of-m in every width against a sort.</summary>
public sealed class SelectionTests
{
    private static readonly (int N, int M)[] s_shapes =
    [
        (1, 1), (0, 4), (1, 2), (2, 4), (4, 8), (3, 7), (16, 32), (8, 32), (33, 33), (16, 64), (25, 100), (32, 128), (64, 256), (255, 256), (256, 256),
        (1, 256), (70, 300), (128, 512), (256, 1024), (1000, 1024), (10, 1025), (700, 2048), (5000, 9000), (20000, 30001),
    ];

    public static TheoryData<string, string> WidthsAndKinds { get; } = Cross();

    [Theory]
    [MemberData(nameof(WidthsAndKinds))]
    public void Same_as_sorting(string width, string kind)
    {
        foreach ((int n, int m) in s_shapes)
        {
            for (int seed = 0; seed < 3; seed++)
            {
                int length = Math.Min((m * (5 + seed)) + (m * seed / 3), 100_000);
                float[] delta = Make(kind, (n * 31) + m + seed, length);
                int tail = n * (length % m) / m;
                Check(width, delta, n, m, tail, [], $"{n}:{m} seed {seed}");
                ulong[] claimed = seed == 2 ? Full(length) : Samples.Mask(seed, length);
                Check(width, delta, n, m, tail, claimed, $"{n}:{m} seed {seed} claimed");
            }
        }
    }

    [Theory]
    [MemberData(nameof(KernelTests.Widths), MemberType = typeof(KernelTests))]
    public void The_hint_does_not_show(string width)
    {
        float[] delta = Samples.Normal(5, 4096);
        foreach (uint hint in (uint[])[0, 1, 1 << 23, 0x3C00_0000, 0x3D00_0000, 0x7F80_0000, uint.MaxValue])
            Check(width, delta, 64, 256, 0, [], $"hint {hint}", hint);
    }

    [Fact]
    public void Sorting_itself_takes_the_lowest_of_equals_and_never_a_zero()
    {
        ulong[] mask = new ulong[1];
        uint hint = 0;
        ReferenceKernels<float>.Instance.KeepLargest([0, -2, 2, 0, 2, 1, -0f, 3], 8, 3, 0, [], mask, ref hint);
        Assert.Equal(0b1000_0110UL, mask[0]);
        ReferenceKernels<float>.Instance.KeepLargest([0, -2, 2, 0, 2, 1, -0f, 3], 8, 3, 0, [0b1001_0110], mask, ref hint);
        Assert.Equal(0b1010_0010UL, mask[0]);
    }

    private static void Check(string width, float[] delta, int n, int m, int tail, ulong[] claimed, string what, uint hint = 0)
    {
        ulong[] expected = new ulong[BitMask.WordCount(delta.Length)], actual = new ulong[expected.Length];
        uint unused = 0;
        ReferenceKernels<float>.Instance.KeepLargest(delta, m, n, tail, claimed, expected, ref unused);
        KernelTests.Of(width).KeepLargest(delta, m, n, tail, claimed, actual, ref hint);
        Assert.True(expected.AsSpan().SequenceEqual(actual), what);
        KernelTests.Of(width).KeepLargest(delta, m, n, tail, claimed, actual, ref hint);
        Assert.True(expected.AsSpan().SequenceEqual(actual), what + ", again");
    }

    internal static float[] Make(string kind, int seed, int length) => kind switch
    {
        "normal" => Samples.Normal(seed, length),
        "ulps" => Samples.FewUlps(seed, length),
        "bits" => Samples.AnyBits(seed, length),
        "zeros" => [.. Samples.Normal(seed, length).Select((v, i) => (i * 7 % 11) < 9 ? 0f : v)],
        "equal" => [.. Samples.Normal(seed, length).Select(v => v < 0 ? -0.5f : 0.5f)],
        "close" => [.. Samples.Normal(seed, length).Select(v => 1 + (v * 1e-5f))],
        "growing" => [.. Samples.Normal(seed, length).Select((v, i) => v * MathF.ScaleB(1, (i / 50 % 60) - 30))],
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static ulong[] Full(int length)
    {
        ulong[] mask = new ulong[BitMask.WordCount(length)];
        BitMask.Fill(mask, length);
        return mask;
    }

    private static TheoryData<string, string> Cross()
    {
        var data = new TheoryData<string, string>();
        foreach (string width in (string[])["Bits128", "Bits256", "Bits512"])
        {
            foreach (string kind in (string[])["normal", "ulps", "bits", "zeros", "equal", "close", "growing"])
                data.Add(width, kind);
        }

        return data;
    }
}
