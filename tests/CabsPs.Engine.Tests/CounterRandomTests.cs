using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Tests;

/// <summary>Random masks: what they are made of, and the statistics SPEC §5 asks for.</summary>
public sealed class CounterRandomTests
{
    private const int Count = 1 << 20;

    [Theory]
    [InlineData(0.25)]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    [InlineData(1.0 / 3)]
    public void Keeps_its_share_within_five_sigma(double probability)
    {
        double sigma = Math.Sqrt(Count * probability * (1 - probability));
        for (int seed = 0; seed < 8; seed++)
        {
            long kept = BitMask.Count(Mask(seed, "math", "layers.0.weight", probability));
            Assert.InRange(kept, (Count * probability) - (5 * sigma), (Count * probability) + (5 * sigma));
        }
    }

    [Fact]
    public void Masks_of_other_vectors_tensors_and_seeds_are_independent()
    {
        ulong[] mask = Mask(1, "math", "layers.0.weight", 0.25);
        double expected = Count / 16.0, sigma = Math.Sqrt(expected * 15 / 16);
        foreach (ulong[] other in new[] { Mask(1, "code", "layers.0.weight", 0.25), Mask(1, "math", "layers.1.weight", 0.25), Mask(2, "math", "layers.0.weight", 0.25) })
            Assert.InRange(BitMask.CountShared(mask, other), expected - (5 * sigma), expected + (5 * sigma));
    }

    [Fact]
    public void Neighbours_are_independent()
    {
        ulong[] mask = Mask(1, "math", "layers.0.weight", 0.5);
        for (int lag = 1; lag <= 9; lag++)
        {
            int both = 0;
            for (int i = 0; i + lag < Count; i++)
                both += BitMask.Has(mask, i) && BitMask.Has(mask, i + lag) ? 1 : 0;
            double expected = (Count - lag) / 4.0;
            Assert.InRange(both, expected - (5 * Math.Sqrt(expected)), expected + (5 * Math.Sqrt(expected)));
        }
    }

    [Fact]
    public void A_piece_is_the_same_wherever_the_cuts_are()
    {
        var random = new CounterRandom(7, "math", "t");
        ulong[] whole = new ulong[BitMask.WordCount(1000)];
        random.KeepEach(0.3, 0, 1000, whole);
        ulong[] part = new ulong[BitMask.WordCount(1000 - 256)];
        random.KeepEach(0.3, 256, 1000 - 256, part);
        Assert.Equal(whole[4..], part);
    }

    [Fact]
    public void Each_decision_is_sixteen_bits_of_the_stream_against_the_probability()
    {
        // the plain twin: no vectors; at 0.25 the first 16 bits decide alone
        var random = new CounterRandom(3, "code", "t");
        ulong[] mask = new ulong[BitMask.WordCount(5000)];
        random.KeepEach(0.25, 0, 5000, mask);
        for (int i = 0; i < 5000; i++)
            Assert.Equal((ushort)(random.Bits(i / 4) >> (16 * (i % 4))) < 0x4000, BitMask.Has(mask, i));
    }

    [Theory]
    [InlineData(0.25)]
    [InlineData(0.3)]
    [InlineData(0.999)]
    [InlineData(0.5 / (1 << 16))]
    [InlineData(0)]
    public void Vectors_draw_what_the_plain_twin_draws(double probability)
    {
        // long enough for some elements to equal the first 16 bits of the probability
        const int length = 200_003;
        var random = new CounterRandom(5, "code", "t");
        ulong[] mask = new ulong[BitMask.WordCount(length)];
        random.KeepEach(probability, 128, length, mask);
        ulong threshold = (ulong)(probability * (1UL << 48));
        for (int i = 0; i < length; i++)
        {
            ulong part = (ushort)(random.Bits((128 + i) / 4) >> (16 * (i % 4)));
            ulong fine = random.Fine(128 + i);
            Assert.Equal(((part << 32) | fine) < threshold, BitMask.Has(mask, i));
        }

        Assert.Equal(0UL, mask[^1] >> (length % 64));
    }

    [Fact]
    public void Probabilities_finer_than_sixteen_bits_count()
    {
        double probability = 0.5 / (1 << 16);
        const int seeds = 40;
        long kept = Enumerable.Range(0, seeds).Sum(seed => BitMask.Count(Mask(seed, "math", "t", probability)));
        double expected = seeds * Count * probability;
        Assert.InRange(kept, expected - (5 * Math.Sqrt(expected)), expected + (5 * Math.Sqrt(expected)));
    }

    private static ulong[] Mask(long seed, string vector, string tensor, double probability)
    {
        ulong[] mask = new ulong[BitMask.WordCount(Count)];
        new CounterRandom(seed, vector, tensor).KeepEach(probability, 0, Count, mask);
        return mask;
    }
}
