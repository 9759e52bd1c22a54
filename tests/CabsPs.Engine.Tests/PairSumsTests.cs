using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Tests;

/// <summary>Two masked terms combined and measured in one pass against the plain kernels, bit for bit.</summary>
public sealed class PairSumsTests
{
    private const float Lost = 1e-25f;
    private const float Huge = 1e18f;
    private static readonly ReferenceKernels<float> s_plain = ReferenceKernels<float>.Instance;
    private static readonly Term<float>[] s_terms = [new(2, 0.7f, true), new(0, -1.3f, true)];

    public static TheoryData<string, string> WidthsAndTypes => KernelTests.WidthsAndTypes;

    [Theory]
    [MemberData(nameof(WidthsAndTypes))]
    public void Results_and_energies_are_those_of_the_steps(string width, string typeName)
    {
        DType type = Enum.Parse<DType>(typeName);
        foreach (int length in (int[])[0, 256, 512, 2048])
        {
            // sizes that chunks of each term have in turn: float32 does not hold the squares of the tiny and the huge ones
            foreach ((float[] one, float[] other) in ((float[], float[])[])[([1], [1]), ([1e-3f], [0]), ([1, Lost, 0], [1e-7f, 1]), ([1], [Huge, 1, 1, Lost]), ([Huge], [Huge])])
            {
                foreach (string mask in (string[])["none", "all", "some"])
                {
                    foreach ((float divisor, float lambda) in ((float, float)[])[(1, 1), (0.4f, 1), (1, -0.5f)])
                        Compare(KernelTests.Of(width), Tile(length, one, other, mask), type, divisor, lambda);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(WidthsAndTypes))]
    public void A_result_that_is_not_finite_is_left_to_the_steps(string width, string typeName)
    {
        DType type = Enum.Parse<DType>(typeName);
        byte[] destination = new byte[512 * type.Size()];
        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            foreach (int at in (int[])[0, 9, 17, 31, 255, 256, 511])
            {
                foreach (int input in (int[])[0, 2])
                {
                    Tile<float> tile = Tile(512, [1], [1], "all");
                    tile.Input(input)[at] = bad;
                    Assert.False(KernelTests.Of(width).TryCombineMeasured(tile, s_terms, 1, 1, type, destination, new (double, double)[2]));
                    tile.Mask(input).Clear();
                    Compare(KernelTests.Of(width), tile, type, 1, 1);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(WidthsAndTypes))]
    public void What_it_does_not_do_is_left_to_the_steps(string width, string typeName)
    {
        DType type = Enum.Parse<DType>(typeName);
        Refuses(Tile(300, [1], [1], "some"), s_terms);
        Tile<float> tile = Tile(512, [1], [1], "some");
        Refuses(tile, []);
        Refuses(tile, [s_terms[0]]);
        Refuses(tile, [s_terms[0], s_terms[1], new(1, 1, true)]);
        Refuses(tile, [s_terms[0], s_terms[1] with { Masked = false }]);
        Refuses(tile, [s_terms[0] with { Masked = false }, s_terms[1]]);

        void Refuses(Tile<float> tile, Term<float>[] terms) =>
            Assert.False(KernelTests.Of(width).TryCombineMeasured(tile, terms, 1, 1, type, new byte[2048], new (double, double)[3]));
    }

    private static void Compare(IKernels<float> kernels, Tile<float> tile, DType type, float divisor, float lambda)
    {
        byte[] expected = new byte[tile.Length * type.Size()], actual = new byte[tile.Length * type.Size()];
        var energies = new (double All, double Kept)[2];
        if (!kernels.TryCombineMeasured(tile, s_terms, divisor, lambda, type, actual, energies))
        {
            Assert.False(Kernels.Widest >= VectorWidth.Bits256 && kernels != Kernels.For(VectorWidth.Bits128));
            return;
        }

        s_plain.Combine(tile, s_terms, divisor, lambda, type, expected);
        Assert.Equal(expected, actual);
        for (int t = 0; t < energies.Length; t++)
            Assert.Equal(s_plain.Energies(tile.Input(s_terms[t].Input), tile.Mask(s_terms[t].Input)), energies[t]);
    }

    private static Tile<float> Tile(int length, float[] one, float[] other, string mask)
    {
        var tile = new Tile<float>();
        tile.Reserve(3, Math.Max(length, 1));
        tile.MoveTo(0, length);
        Samples.Normal(1, length).CopyTo(tile.Base);
        Fill(2, one);
        Fill(0, other);
        // zeros of either sign meet in all ways
        for (int i = 0; i < length; i += 5)
        {
            tile.Base[i] = i % 2 == 0 ? 0 : -0f;
            tile.Input(0)[i] = i % 4 < 2 ? 0 : -0f;
            tile.Input(2)[i] = i % 8 < 4 ? 0 : -0f;
        }

        return tile;

        void Fill(int input, float[] sizes)
        {
            float[] values = [.. Samples.Normal(input + 2, length).Select((v, i) => v * sizes[i / 256 % sizes.Length])];
            values.CopyTo(tile.Input(input));
            tile.Mask(input).Clear();
            if (mask == "some")
                Samples.Mask(input, length).CopyTo(tile.Mask(input));
            else if (mask == "all")
                BitMask.Fill(tile.Mask(input), length);
        }
    }
}
