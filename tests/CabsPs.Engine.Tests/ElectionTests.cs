using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Tests;

/// <summary>The sign election in every width against its plain twin, bit for bit.</summary>
public sealed class ElectionTests
{
    [Theory]
    [InlineData("Bits128")]
    [InlineData("Bits256")]
    [InlineData("Bits512")]
    public void Agreeing_terms_are_combined_alike(string width)
    {
        IKernels<float> kernels = Kernels.For(Enum.Parse<VectorWidth>(width)), plain = ReferenceKernels<float>.Instance;
        float[] special = Samples.Special();
        foreach (int length in new[] { 1, 5, 16, 63, 64, 100, special.Length * special.Length })
        {
            var tile = new Tile<float>();
            tile.Reserve(3, length);
            tile.MoveTo(0, length);
            for (int i = 0; i < length; i++)
            {
                tile.Base[i] = i % 7;
                tile.Input(0)[i] = special[i % special.Length];
                tile.Input(1)[i] = special[i / special.Length % special.Length];
                tile.Input(2)[i] = (i % 5) - 2;
            }

            new CounterRandom(1, "v", "t").KeepEach(0.5, 0, length, tile.Mask(1));
            Term<float>[] terms = [new(0, 0.7f, false), new(1, -1.3f, true), new(2, 0.5f, false)];
            foreach (DType type in new[] { DType.F32, DType.BF16, DType.F16 })
            {
                foreach (bool normalize in new[] { false, true })
                {
                    byte[] expected = new byte[length * type.Size()], actual = new byte[length * type.Size()];
                    plain.CombineElected(tile, terms, [0.4f, 1, -0.4f], normalize, 0.9f, type, expected);
                    kernels.CombineElected(tile, terms, [0.4f, 1, -0.4f], normalize, 0.9f, type, actual);
                    Assert.Equal(expected, actual);
                }
            }
        }
    }
}
