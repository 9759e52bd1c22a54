using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Tests;

/// <summary>Conversions to and from the stored types: exact one way, to nearest and even the other, never twice.</summary>
public sealed class RoundingTests
{
    [Fact]
    public void Every_bfloat16_survives_both_ways()
    {
        for (int bits = 0; bits <= 0xFFFF; bits++)
        {
            float value = BFloat16.ToSingle((ushort)bits);
            int back = BFloat16.FromSingle(value), fromDouble = BFloat16.FromDouble(value);
            if (float.IsNaN(value))
            {
                Assert.True(float.IsNaN(BFloat16.ToSingle((ushort)back)) && float.IsNaN(BFloat16.ToSingle((ushort)fromDouble)));
                continue;
            }

            Assert.Equal(bits, back);
            Assert.Equal(bits, fromDouble);
        }
    }

    [Fact]
    public void Between_two_bfloat16_the_nearer_wins_and_in_the_middle_the_even_one()
    {
        // all finite positive ones, subnormal and up to the largest, with the float32 and float64 just beside the middle
        for (int bits = 0; bits < 0x7F7F; bits++)
        {
            uint middle = ((uint)bits << 16) | 0x8000;
            int even = (bits & 1) == 0 ? bits : bits + 1;
            float exact = BitConverter.UInt32BitsToSingle(middle);
            Check(bits, BitConverter.UInt32BitsToSingle(middle - 1));
            Check(even, exact);
            Check(bits + 1, BitConverter.UInt32BitsToSingle(middle + 1));
            // these round to the middle as float32; only the float64 knows which side they are on
            Assert.Equal(bits, BFloat16.FromDouble(Math.BitDecrement((double)exact)));
            Assert.Equal(even, BFloat16.FromDouble(exact));
            Assert.Equal(bits + 1, BFloat16.FromDouble(Math.BitIncrement((double)exact)));
            Assert.Equal((bits + 1) | 0x8000, BFloat16.FromDouble(-Math.BitIncrement((double)exact)));
        }

        static void Check(int expected, float value)
        {
            Assert.Equal(expected, BFloat16.FromSingle(value));
            Assert.Equal(expected | 0x8000, BFloat16.FromSingle(-value));
        }
    }

    [Theory]
    [InlineData(3.3895313892515355e38, 0x7F7F)] // the largest
    [InlineData(3.39617752923046e38, 0x7F80)] // halfway to what would come next: to even, infinity
    [InlineData(3.3961775292304597e38, 0x7F7F)]
    [InlineData(1e300, 0x7F80)]
    [InlineData(-1e300, 0xFF80)]
    [InlineData(double.PositiveInfinity, 0x7F80)]
    [InlineData(double.NegativeInfinity, 0xFF80)]
    [InlineData(1e-300, 0)]
    [InlineData(-1e-300, 0x8000)]
    [InlineData(4.591774807899561e-41, 0)] // half of the smallest: to even, zero
    [InlineData(4.59177480789957e-41, 1)]
    [InlineData(-0.0, 0x8000)]
    public void The_ends_of_bfloat16(double value, int bits) => Assert.Equal(bits, BFloat16.FromDouble(value));

    [Fact]
    public void Between_two_float16_the_nearer_wins_and_in_the_middle_the_even_one()
    {
        byte[] stored = new byte[2];
        for (int bits = 0; bits < 0x7BFF; bits++)
        {
            double low = (double)BitConverter.UInt16BitsToHalf((ushort)bits), high = (double)BitConverter.UInt16BitsToHalf((ushort)(bits + 1)), middle = (low + high) / 2;
            int even = (bits & 1) == 0 ? bits : bits + 1;
            Assert.Equal(bits, Narrow(Math.BitDecrement(middle)));
            Assert.Equal(even, Narrow(middle));
            Assert.Equal(bits + 1, Narrow(Math.BitIncrement(middle)));
            Assert.Equal(bits, NarrowSingle(MathF.BitDecrement((float)middle)));
            Assert.Equal(even, NarrowSingle((float)middle));
            Assert.Equal(bits + 1, NarrowSingle(MathF.BitIncrement((float)middle)));
        }

        int Narrow(double value)
        {
            Kernels.For<double>().Narrow([value], DType.F16, stored);
            return MemoryMarshal.Read<ushort>(stored);
        }

        int NarrowSingle(float value)
        {
            Kernels.For<float>().Narrow([value], DType.F16, stored);
            return MemoryMarshal.Read<ushort>(stored);
        }
    }

    [Fact]
    public void All_half_values_widen_exactly()
    {
        ushort[] bits = [.. Enumerable.Range(0, 65536).Select(i => (ushort)i)];
        float[] f16 = new float[65536], bf16 = new float[65536];
        Kernels.For<float>().Widen(MemoryMarshal.AsBytes<ushort>(bits), DType.F16, f16);
        Kernels.For<float>().Widen(MemoryMarshal.AsBytes<ushort>(bits), DType.BF16, bf16);
        for (int i = 0; i < 65536; i++)
        {
            Assert.Equal((float)BitConverter.UInt16BitsToHalf((ushort)i), f16[i]);
            Assert.Equal(BitConverter.UInt32BitsToSingle((uint)i << 16), bf16[i]);
        }
    }

    [Theory]
    [InlineData(DType.F32, DType.F32, DType.F32)]
    [InlineData(DType.BF16, DType.BF16, DType.BF16)]
    [InlineData(DType.BF16, DType.F16, DType.F32)]
    [InlineData(DType.BF16, DType.F32, DType.F32)]
    [InlineData(DType.F16, DType.F32, DType.F32)]
    [InlineData(DType.F16, DType.F64, DType.F64)]
    [InlineData(DType.F32, DType.F64, DType.F64)]
    public void Promotion_holds_both_exactly(DType a, DType b, DType expected)
    {
        Assert.Equal(expected, DTypes.Promote(a, b));
        Assert.Equal(expected, DTypes.Promote(b, a));
    }

    [Theory]
    [InlineData("float32", DType.F32)]
    [InlineData("torch.bfloat16", DType.BF16)]
    [InlineData("F16", DType.F16)]
    [InlineData("half", DType.F16)]
    [InlineData("Float64", DType.F64)]
    [InlineData("int64", null)]
    [InlineData("I64", null)]
    [InlineData("bf", null)]
    [InlineData("", null)]
    public void Names_of_stored_types_are_read(string text, DType? expected) =>
        Assert.Equal(expected, DTypes.TryParse(text, out DType type) ? type : null);
}
