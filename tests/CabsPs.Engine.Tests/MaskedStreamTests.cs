using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Tests;

/// <summary>Masked task vectors from stored bytes against the plain kernels on tiles, bit for bit.</summary>
public sealed class MaskedStreamTests
{
    private static readonly ReferenceKernels<float> s_plain = ReferenceKernels<float>.Instance;
    private static readonly int[] s_lengths = [0, 1, 2, 31, 32, 33, 255, 256, 257, 300, 512, 1000, 2048];

    public static TheoryData<string, string> WidthsAndTypes => KernelTests.WidthsAndTypes;

    [Theory]
    [MemberData(nameof(WidthsAndTypes))]
    public void Norms_energies_and_results_are_those_of_tiles(string width, string typeName)
    {
        IKernels<float> kernels = KernelTests.Of(width);
        DType type = Enum.Parse<DType>(typeName);
        foreach (int length in s_lengths)
        {
            // float32 does not hold the squares of the tiny and the huge ones
            foreach (float size in (float[])[1, 0, 1e-3f, 1e-7f, .. type == DType.F16 ? (float[])[] : [1e-25f, 1e30f]])
            {
                foreach ((float divisor, float lambda) in ((float, float)[])[(1, 1), (0.4f, -0.5f)])
                    Compare(kernels, type, length, size, divisor, lambda);
            }
        }
    }

    [Theory]
    [MemberData(nameof(WidthsAndTypes))]
    public void A_weight_that_is_not_finite_is_seen_whatever_the_mask(string width, string typeName)
    {
        IKernels<float> kernels = KernelTests.Of(width);
        DType type = Enum.Parse<DType>(typeName);
        const int length = 300;
        float[] total = new float[length];
        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            foreach (int at in (int[])[0, 17, 255, 256, 299])
            {
                for (int model = 0; model < 2; model++)
                {
                    float[][] values = [Samples.Normal(1, length), Samples.Normal(2, length)];
                    values[model][at] = bad;
                    byte[] origin = Stored(values[0], type), weights = Stored(values[1], type);
                    ulong[] mask = new ulong[BitMask.WordCount(length)];
                    Assert.False(kernels.TryMagnitudes(origin, weights, type, mask, out _));
                    Assert.False(kernels.TryAddMasked(origin, weights, type, mask, 1, isFirst: false, total, out _));
                }
            }
        }
    }

    private static void Compare(IKernels<float> kernels, DType type, int length, float size, float divisor, float lambda)
    {
        byte[] origin = Stored([.. Samples.Normal(1, length).Select(v => v * size)], type);
        var tile = new Tile<float>();
        tile.Reserve(2, Math.Max(length, 1));
        tile.MoveTo(0, length);
        s_plain.Widen(origin, type, tile.Base);
        Term<float>[] terms = [new(0, 0.7f, true), new(1, -1.3f, true)];
        float[] total = Samples.Normal(9, length);
        foreach (Term<float> term in terms)
        {
            byte[] weights = Stored([.. Samples.Normal(term.Input + 2, length).Select((v, i) => i / 256 == 2 ? tile.Base[i] : v * size)], type);
            s_plain.WidenDelta(weights, type, tile.Base, tile.Input(term.Input));
            ulong[] mask = Samples.Mask(term.Input, length);
            mask.CopyTo(tile.Mask(term.Input));
            if (!kernels.TryMagnitudes(origin, weights, type, mask, out (double All, double Kept) norms))
            {
                // without such a way, a caller takes the tile
                Assert.False(kernels.TryAddMasked(origin, weights, type, mask, term.Weight, isFirst: term.Input == 0, total, out _));
                return;
            }

            Assert.Equal(s_plain.SumsOfMagnitudes(tile.Input(term.Input), mask), norms);
            Assert.True(kernels.TryAddMasked(origin, weights, type, mask, term.Weight, isFirst: term.Input == 0, total, out (double All, double Kept) energies));
            Assert.Equal(s_plain.Energies(tile.Input(term.Input), mask), energies);
        }

        byte[] expected = new byte[origin.Length], actual = new byte[origin.Length];
        Assert.True(kernels.TryStoreSum(origin, type, total, divisor, lambda, actual));
        s_plain.Combine(tile, terms, divisor, lambda, type, expected);
        Assert.Equal(expected, actual);
    }

    private static byte[] Stored(float[] values, DType type)
    {
        byte[] bytes = new byte[values.Length * type.Size()];
        s_plain.Narrow(values, type, bytes);
        return bytes;
    }
}
