using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Tests;

/// <summary>The sign election in every width against its plain twin, bit for bit.</summary>
public sealed class AgreementTests
{
    [Theory]
    [InlineData("Bits128")]
    [InlineData("Bits256")]
    [InlineData("Bits512")]
    public void Agreeing_terms_are_summed_alike(string width)
    {
        IKernels<float> kernels = Kernels.For(Enum.Parse<VectorWidth>(width)), plain = ReferenceKernels<float>.Instance;
        float[] special = Samples.Special();
        foreach (int length in new[] { 1, 5, 16, 63, 64, 100, special.Length * special.Length })
        {
            float[] elected = [.. Enumerable.Range(0, length).Select(i => special[i % special.Length])];
            float[] delta = [.. Enumerable.Range(0, length).Select(i => special[i / special.Length % special.Length])];
            ulong[] mask = new ulong[BitMask.WordCount(length)];
            new CounterRandom(1, "v", "t").KeepEach(0.5, 0, length, mask);
            foreach (ulong[] chosen in new[] { [], mask })
            {
                foreach (float weight in new[] { 0.7f, -1.3f })
                {
                    float[] sum = new float[length], divisor = new float[length], expectedSum = new float[length], expectedDivisor = new float[length];
                    plain.AddAgreeing(elected, delta, weight, 0.4f, chosen, expectedSum, expectedDivisor);
                    kernels.AddAgreeing(elected, delta, weight, 0.4f, chosen, sum, divisor);
                    Assert.Equal(Bits(expectedSum), Bits(sum));
                    Assert.Equal(Bits(expectedDivisor), Bits(divisor));
                    plain.DivideEach(expectedSum, expectedDivisor);
                    kernels.DivideEach(sum, divisor);
                    Assert.Equal(Bits(expectedSum), Bits(sum));
                }
            }
        }
    }

    private static uint[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToUInt32Bits)];
}
