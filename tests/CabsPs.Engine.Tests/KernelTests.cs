using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Numerics;
using CabsPs.Engine.Numerics.Simd;

namespace CabsPs.Engine.Tests;

/// <summary>Every width of the vector kernels against the plain loops, bit for bit.</summary>
public sealed class KernelTests
{
    private static readonly ReferenceKernels<float> s_plain = ReferenceKernels<float>.Instance;

    public static TheoryData<string> Widths { get; } = ["512", "256", "128"];

    private static IKernels<float> Of(string width) => width switch
    {
        "512" => VectorKernels<Vector512<float>, Lanes512, Codes512>.Instance,
        "256" => VectorKernels<Vector256<float>, Lanes256, Codes256>.Instance,
        _ => VectorKernels<Vector128<float>, Lanes128, CodesPlain>.Instance,
    };

    [Theory]
    [MemberData(nameof(Widths))]
    public void Widening_gives_the_same_bits_for_every_half(string width)
    {
        ushort[] all = [.. Enumerable.Range(0, 1 << 16).Select(i => (ushort)i)];
        foreach (DType type in new[] { DType.BF16, DType.F16 })
        {
            float[] expected = new float[all.Length], actual = new float[all.Length];
            s_plain.Widen(MemoryMarshal.AsBytes(all.AsSpan()), type, expected);
            Of(width).Widen(MemoryMarshal.AsBytes(all.AsSpan()), type, actual);
            AssertSame(expected, actual);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Widening_sees_each_number_that_is_not_finite(string width)
    {
        foreach (DType type in new[] { DType.BF16, DType.F16, DType.F32 })
        {
            for (int at = 0; at < 77; at++)
            {
                foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
                {
                    float[] values = new float[77];
                    byte[] bytes = new byte[77 * type.Size()];
                    s_plain.Narrow(values, type, bytes);
                    Assert.True(Of(width).Widen(bytes, type, values));
                    values[at] = bad;
                    s_plain.Narrow(values, type, bytes);
                    Assert.False(Of(width).Widen(bytes, type, values));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Narrowing_rounds_the_same_way(string width)
    {
        float[] values = [.. Numbers(1 << 20), .. Halfway()];
        foreach (DType type in new[] { DType.BF16, DType.F16, DType.F32 })
        {
            byte[] expected = new byte[values.Length * type.Size()], actual = new byte[values.Length * type.Size()];
            s_plain.Narrow(values, type, expected);
            Of(width).Narrow(values, type, actual);
            Assert.True(expected.AsSpan().SequenceEqual(actual), $"{type} differs at byte {expected.AsSpan().CommonPrefixLength(actual)}");
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Arithmetic_gives_the_same_bits(string width)
    {
        foreach (int length in new[] { 0, 1, 3, 15, 16, 17, 63, 64, 65, 1000, 4096 })
        {
            float[] a = Finite(length, 1), b = Finite(length, 2), divisor = Finite(length, 4);
            // sums begin at +0 and never become −0
            float[] sum = [.. Finite(length, 3).Select(v => v == 0 ? 0 : v)], shares = [.. divisor.Select(v => v == 0 ? 0 : v)];
            ulong[] mask = Mask(length, 5);
            Same(length, (k, to) => k.Subtract(to, b), a, width);
            Same(length, (k, to) => k.Add(to, b), a, width);
            Same(length, (k, to) => k.Scale(to, 0.3f), a, width);
            Same(length, (k, to) => k.Divide(to, 0.3f), a, width);
            Same(length, (k, to) => k.DivideEach(to, divisor), a, width);
            Same(length, (k, to) => k.AddScaled(to, b, 1.7f), new float[length], width);
            Same(length, (k, to) => k.AddScaled(to, b, -1.7f, mask), new float[length], width);
            Same(length, (k, to) => k.AddAgreeing(a, b, 0.7f, 0.2f, mask, to, new float[length]), sum, width);
            Same(length, (k, to) => k.AddAgreeing(a, b, 0.7f, 0.2f, [], new float[length], to), shares, width);
            Assert.Equal(s_plain.SumOfSquares(a, mask), Of(width).SumOfSquares(a, mask));
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Selection_keeps_the_same_positions(string width)
    {
        var random = new Random(11);
        int guess = 0;
        (int N, int M)[] rules = [(64, 256), (16, 64), (3, 32), (1, 64), (63, 64), (64, 64), (200, 256), (26, 256), (5, 7), (100, 1024), (3000, 4096), (1, 1)];
        foreach ((int n, int m) in rules)
        {
            for (int round = 0; round < 40; round++)
            {
                int length = (m * random.Next(0, 12)) + random.Next(0, m);
                float[] delta = Deltas(length, round % 5, random);
                ulong[] claimed = round % 3 == 0 ? [] : Mask(length, random.Next());
                if (round % 7 == 3)
                    BitMask.Fill(claimed = new ulong[BitMask.WordCount(length)], length);
                int tail = random.Next(0, m), plainGuess = 0;
                ulong[] expected = new ulong[BitMask.WordCount(length)], actual = new ulong[expected.Length];
                random.NextBytes(MemoryMarshal.AsBytes(actual.AsSpan()));
                s_plain.KeepLargest(delta, m, n, tail, claimed, expected, ref plainGuess);
                Of(width).KeepLargest(delta, m, n, tail, claimed, actual, ref guess);
                Assert.Equal(expected, actual);
            }
        }
    }

    // well spread, a few ulps, mostly zero, all equal, and steep across many binades
    private static float[] Deltas(int length, int kind, Random random) => [.. Enumerable.Range(0, length).Select(i => kind switch
    {
        0 => (float)((random.NextDouble() + random.NextDouble() - 1) * 0.02),
        1 => random.Next(-3, 4) / 1024f,
        2 => random.Next(10) == 0 ? (float)random.NextDouble() : 0,
        3 => i % 2 == 0 ? 0.5f : -0.5f,
        _ => (float)(Math.Exp(random.NextDouble() * 60) * 1e-20),
    })];

    private static void Same(int length, Action<IKernels<float>, float[]> run, float[] start, string width)
    {
        float[] expected = [.. start], actual = [.. start];
        run(s_plain, expected);
        run(Of(width), actual);
        Assert.Equal(length, actual.Length);
        AssertSame(expected, actual);
    }

    private static void AssertSame(float[] expected, float[] actual)
    {
        int same = MemoryMarshal.AsBytes(expected.AsSpan()).CommonPrefixLength(MemoryMarshal.AsBytes(actual.AsSpan())) / 4;
        Assert.True(same == expected.Length, same < expected.Length ? $"[{same}]: {BitConverter.SingleToUInt32Bits(expected[same]):X8} expected, {BitConverter.SingleToUInt32Bits(actual[same]):X8} found" : string.Empty);
    }

    private static float[] Finite(int length, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(i => i % 11 == 3 ? 0 : i % 13 == 5 ? -0f : (float)(random.NextDouble() - 0.5))];
    }

    private static ulong[] Mask(int length, int seed)
    {
        ulong[] mask = new ulong[BitMask.WordCount(length)];
        var random = new Random(seed);
        for (int i = 0; i < length; i++)
        {
            if (random.Next(3) == 0)
                BitMask.Set(mask, i);
        }

        return mask;
    }

    // bit patterns of all kinds: subnormals, infinities, NaN
    private static float[] Numbers(int count)
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, count).Select(_ => BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue))), float.NaN, -float.NaN, float.MaxValue, float.MinValue, 0, -0f];
    }

    // numbers that lie halfway between two halves, and next to there
    private static IEnumerable<float> Halfway()
    {
        for (int half = 0; half < 0x7C00; half++)
        {
            float low = (float)BitConverter.UInt16BitsToHalf((ushort)half), high = (float)BitConverter.UInt16BitsToHalf((ushort)(half + 1));
            float middle = float.IsInfinity(high) ? 65520 : (low + high) / 2;
            yield return middle;
            yield return BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(middle) + 1);
            yield return -BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(middle) - 1);
        }
    }
}
