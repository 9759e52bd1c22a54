using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Tests;

/// <summary>Values that kernels are tried on.</summary>
public static class Samples
{
    public static float[] Special() =>
    [
        0f, -0f, 1f, -1f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.MinValue, float.Epsilon, -float.Epsilon,
        1.1754942e-38f, 1.17549435e-38f, 65504f, 65519f, 65519.996f, 65520f, 65536f, 6.1035156e-5f, 6.097555e-5f, 6.1035153e-5f, 5.9604645e-8f, 2.9802322e-8f, 2.98023242e-8f, 2.9e-8f,
        3.3895314e38f, 3.3961776e38f, BitConverter.UInt32BitsToSingle(0x7F800001), BitConverter.UInt32BitsToSingle(0xFFC12345), BitConverter.UInt32BitsToSingle(0x7FBFFFFF),
    ];

    /// <summary>Values just on, below and above the middle of two bfloat16 or binary16 neighbours.</summary>
    public static IEnumerable<float> NearTies()
    {
        foreach (int step in (int[])[16, 13])
        {
            for (uint high = 0; high < 0x8000_0000u >> step; high += 37)
            {
                uint middle = (high << step) | (1u << (step - 1));
                yield return BitConverter.UInt32BitsToSingle(middle);
                yield return BitConverter.UInt32BitsToSingle(middle - 1);
                yield return -BitConverter.UInt32BitsToSingle(middle + 1);
            }
        }

        // results that are denormal in binary16
        for (int i = 0; i < 4096; i++)
            yield return i * 1.4901161e-8f;
    }

    public static float[] AnyBits(int seed, int length)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32)))];
    }

    public static float[] Normal(int seed, int length)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => (float)((random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * 0.05))];
    }

    /// <summary>Normal values with zeros of both signs, denormal values and infinity among them; no two NaN can meet.</summary>
    public static float[] WithSpecials(int seed, int length)
    {
        float[] values = Normal(seed, length);
        float[] special = [0f, -0f, 1e-41f, -1e-45f, float.MaxValue, 1e-20f];
        for (int i = seed % 5; i < length; i += 5)
            values[i] = special[(seed + i) % special.Length];
        return values;
    }

    /// <summary>Few distinct magnitudes, as fine-tunes in bfloat16 leave.</summary>
    public static float[] FewUlps(int seed, int length)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => (random.Next(7) - 3) * MathF.ScaleB(1, random.Next(-16, -12)))];
    }

    public static ulong[] Mask(int seed, int length)
    {
        var random = new Random(seed);
        ulong[] mask = new ulong[BitMask.WordCount(length)];
        for (int i = 0; i < length; i++)
        {
            if (random.Next(3) == 0)
                BitMask.Set(mask, i);
        }

        return mask;
    }
}
