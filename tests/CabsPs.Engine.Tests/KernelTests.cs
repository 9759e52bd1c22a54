using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Tests;

/// <summary>The vectorised kernels against their plain twin, bit for bit, in every width.</summary>
public sealed class KernelTests
{
    private static readonly ReferenceKernels<float> s_plain = ReferenceKernels<float>.Instance;
    private static readonly int[] s_lengths = [0, 1, 3, 4, 7, 15, 16, 17, 31, 33, 63, 64, 65, 127, 200, 256, 1000];

    public static TheoryData<string> Widths { get; } = new("Bits128", "Bits256", "Bits512");

    public static TheoryData<string, string> WidthsAndTypes { get; } = Cross();

    [Theory]
    [MemberData(nameof(Widths))]
    public void All_halves_widen_alike(string width)
    {
        ushort[] all = [.. Enumerable.Range(0, 1 << 16).Select(i => (ushort)i)];
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes<ushort>(all);
        foreach (DType type in (DType[])[DType.F16, DType.BF16])
        {
            float[] expected = new float[all.Length], actual = new float[all.Length];
            s_plain.Widen(bytes, type, expected);
            Of(width).Widen(bytes, type, actual);
            AssertSame(expected, actual);
        }
    }

    [Theory]
    [MemberData(nameof(WidthsAndTypes))]
    public void Narrow_rounds_alike(string width, string typeName)
    {
        DType type = Enum.Parse<DType>(typeName);
        float[] values = [.. Samples.Special(), .. Samples.NearTies(), .. Samples.AnyBits(1, 20_000)];
        byte[] expected = new byte[values.Length * type.Size()], actual = new byte[values.Length * type.Size()];
        s_plain.Narrow(values, type, expected);
        Of(width).Narrow(values, type, actual);
        Assert.Equal(expected, actual);
    }

    [Theory]
    [MemberData(nameof(WidthsAndTypes))]
    public void Widen_and_subtract_at_any_length_and_offset(string width, string typeName)
    {
        DType type = Enum.Parse<DType>(typeName);
        foreach (int length in s_lengths)
        {
            for (int offset = 0; offset < 3; offset++)
            {
                byte[] bytes = new byte[(length * type.Size()) + offset];
                s_plain.Narrow(Samples.Normal(length, length), type, bytes.AsSpan(offset));
                float[] origin = Samples.Normal(length + 1, length), expected = new float[length], actual = new float[length];
                Assert.True(Of(width).Widen(bytes.AsSpan(offset), type, actual));
                s_plain.Widen(bytes.AsSpan(offset), type, expected);
                AssertSame(expected, actual);
                Assert.True(Of(width).WidenDelta(bytes.AsSpan(offset), type, origin, actual));
                s_plain.WidenDelta(bytes.AsSpan(offset), type, origin, expected);
                AssertSame(expected, actual);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void A_weight_that_is_not_finite_is_seen_wherever_it_stands(string width)
    {
        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            for (int at = 0; at < 70; at++)
            {
                float[] values = Samples.Normal(at, 70), to = new float[70];
                values[at] = bad;
                ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes<float>(values);
                Assert.False(Of(width).Widen(bytes, DType.F32, to));
                Assert.False(Of(width).WidenDelta(bytes, DType.F32, new float[70], to));
                Assert.Equal(at, Of(width).FirstNonFinite(values));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Element_wise_arithmetic_is_the_same(string width)
    {
        IKernels<float> kernels = Of(width);
        foreach (int length in s_lengths)
        {
            float[] a = Samples.WithSpecials(length, length), b = Samples.WithSpecials(length + 7, length);
            ulong[] mask = Samples.Mask(length, length);
            Compare(a, v => s_plain.Subtract(v, b), v => kernels.Subtract(v, b));
            Compare(a, v => s_plain.Add(v, b), v => kernels.Add(v, b));
            Compare(a, v => s_plain.Scale(v, -0.7f), v => kernels.Scale(v, -0.7f));
            Compare(a, v => s_plain.Divide(v, 3), v => kernels.Divide(v, 3));
            Compare(a, v => s_plain.AddScaled(v, b, 0.3f), v => kernels.AddScaled(v, b, 0.3f));
            Compare(a, v => s_plain.AddScaled(v, b, -1, mask), v => kernels.AddScaled(v, b, -1, mask));
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Sums_of_squares_keep_their_order(string width)
    {
        foreach (int length in s_lengths)
        {
            float[] values = Samples.Normal(length, length);
            ulong[] mask = Samples.Mask(length, length);
            Assert.Equal(s_plain.SumOfSquares(values), Of(width).SumOfSquares(values));
            Assert.Equal(s_plain.SumOfSquares(values, mask), Of(width).SumOfSquares(values, mask));
            Assert.Equal(s_plain.SumsOfSquares(values, mask), Of(width).SumsOfSquares(values, mask));
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Energies_are_sums_of_squares_to_seven_digits(string width)
    {
        foreach (int length in (int[])[.. s_lengths, 256, 1000, 2048])
        {
            foreach (float size in (float[])[1, 1e-3f, 1e-15f, 1e-25f, 1e-42f, 1e18f, 1e30f, 0])
            {
                float[] values = [.. Samples.Normal(length, length).Select(v => v * size)];
                ulong[] mask = Samples.Mask(length, length);
                (double all, double kept) = Of(width).Energies(values, mask);
                Assert.Equal(s_plain.Energies(values, mask), (all, kept));
                (double exact, double exactKept) = s_plain.SumsOfSquares(values, mask);
                Assert.InRange(all, exact * (1 - 2e-7), exact * (1 + 2e-7));
                Assert.InRange(kept, exactKept - (exact * 2e-7), exactKept + (exact * 2e-7));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Sums_of_magnitudes_are_right_to_seven_digits(string width)
    {
        foreach (int length in (int[])[.. s_lengths, 256, 1000, 2048])
        {
            // float32 does not hold sums of the largest ones, and squares of the smallest
            foreach (float size in (float[])[1, 1e-3f, 1e-25f, 1e-42f, 1e30f, 1e38f, 0])
            {
                float[] values = [.. Samples.Normal(length, length).Select(v => Math.Clamp(v * size, -float.MaxValue, float.MaxValue))];
                ulong[] mask = Samples.Mask(length, length);
                (double all, double kept) = Of(width).SumsOfMagnitudes(values, mask);
                Assert.Equal(s_plain.SumsOfMagnitudes(values, mask), (all, kept));
                (double exact, double exactKept) = ReferenceKernels<double>.Instance.SumsOfMagnitudes([.. values.Select(v => (double)v)], mask);
                Assert.InRange(all, exact * (1 - 2e-7), exact * (1 + 2e-7));
                Assert.InRange(kept, exactKept - (exact * 2e-7), exactKept + (exact * 2e-7));
            }
        }
    }

    [Theory]
    [MemberData(nameof(WidthsAndTypes))]
    public void Combine_gives_what_its_steps_give(string width, string typeName)
    {
        DType type = Enum.Parse<DType>(typeName);
        Term<float>[] terms = [new(0, 0.7f, true), new(1, -1.3f, false), new(2, 1, true)];
        foreach (int length in s_lengths)
        {
            foreach ((float divisor, float lambda) in ((float, float)[])[(1, 1), (0.4f, 1), (1, -0.5f)])
            {
                foreach (int count in (int[])[0, 1, 3])
                {
                    byte[] expected = new byte[length * type.Size()], actual = new byte[length * type.Size()];
                    s_plain.Combine(Tile(length), terms.AsSpan(0, count), divisor, lambda, type, expected);
                    Of(width).Combine(Tile(length), terms.AsSpan(0, count), divisor, lambda, type, actual);
                    Assert.Equal(expected, actual);
                }
            }
        }
    }

    [Fact]
    public void Float_kernels_of_this_processor_are_vectorised() =>
        Assert.Equal(Kernels.Widest == VectorWidth.Scalar, Kernels.For<float>() is ReferenceKernels<float>);

    internal static IKernels<float> Of(string width) => Kernels.For(Enum.Parse<VectorWidth>(width));

    private static TheoryData<string, string> Cross()
    {
        var data = new TheoryData<string, string>();
        foreach (string width in (string[])["Bits128", "Bits256", "Bits512"])
        {
            foreach (string type in (string[])["F32", "F16", "BF16"])
                data.Add(width, type);
        }

        return data;
    }

    private static Tile<float> Tile(int length)
    {
        var tile = new Tile<float>();
        tile.Reserve(3, Math.Max(length, 1));
        tile.MoveTo(0, length);
        Samples.WithSpecials(100, length).CopyTo(tile.Base);
        for (int i = 0; i < 3; i++)
        {
            Samples.WithSpecials(i, length).CopyTo(tile.Input(i));
            Samples.Mask(i, length).CopyTo(tile.Mask(i));
        }

        return tile;
    }

    private static void Compare(float[] start, Action<float[]> plain, Action<float[]> vectors)
    {
        float[] expected = [.. start], actual = [.. start];
        plain(expected);
        vectors(actual);
        AssertSame(expected, actual);
    }

    private static void AssertSame(float[] expected, float[] actual) =>
        Assert.Equal(expected.Select(BitConverter.SingleToUInt32Bits), actual.Select(BitConverter.SingleToUInt32Bits));
}
