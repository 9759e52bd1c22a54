using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace CabsPs.Engine.Numerics.Simd;

/// <summary>Vectors of 256 bits: 8 float32.</summary>
internal readonly struct Lanes256 : ILanes<Vector256<float>>
{
    /// <inheritdoc/>
    public static int Count => 8;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(ref readonly float source) => Vector256.LoadUnsafe(in source);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadBFloat16(ref readonly ushort source) => (Widen(in source) << 16).AsSingle();

    /// <inheritdoc/>
    /// <remarks>Exponent and mantissa moved into place make a number 2¹¹² times too small, subnormals included; the product with 2¹¹² is
    /// exact. Infinity and NaN get the exponent they lack.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalf(ref readonly ushort source)
    {
        Vector256<uint> bits = Widen(in source);
        Vector256<uint> magnitude = bits & Vector256.Create(0x7FFFu);
        Vector256<uint> value = ((magnitude << 13).AsSingle() * Vector256.Create(BitConverter.UInt32BitsToSingle((254u - 15) << 23))).AsUInt32();
        Vector256<uint> special = Vector256.GreaterThan(magnitude.AsInt32(), Vector256.Create(0x7BFF)).AsUInt32();
        // a signalling NaN becomes quiet, as the conversion instruction does it
        Vector256<uint> quiet = Vector256.GreaterThan(magnitude.AsInt32(), Vector256.Create(0x7C00)).AsUInt32() & Vector256.Create(0x0040_0000u);
        value = Vector256.ConditionalSelect(special, (magnitude << 13) | Vector256.Create(0x7F80_0000u) | quiet, value);
        return (value | ((bits & Vector256.Create(0x8000u)) << 16)).AsSingle();
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> value, ref float destination) => value.StoreUnsafe(ref destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16(Vector256<float> value, ref ushort destination)
    {
        Vector256<uint> bits = value.AsUInt32();
        Vector256<uint> odd = (bits >> 16) & Vector256<uint>.One;
        Vector256<uint> rounded = (bits + Vector256.Create(0x7FFFu) + odd) >> 16;
        Vector256<uint> number = Vector256.Equals(value, value).AsUInt32();
        Narrow(Vector256.ConditionalSelect(number, rounded, (bits >> 16) | Vector256.Create(0x40u)), ref destination);
    }

    /// <inheritdoc/>
    /// <remarks>Normal results: rebias the exponent, add half of what is cut off, less one where the last kept bit is even. Subnormal ones: adding
    /// a number whose last bit is worth 2⁻²⁴ makes the adder round.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryStoreHalf(Vector256<float> value, ref ushort destination)
    {
        Vector256<uint> bits = value.AsUInt32();
        Vector256<uint> magnitude = bits & Vector256.Create(0x7FFF_FFFFu);
        if (Vector256.GreaterThanAny(magnitude.AsInt32(), Vector256.Create(0x7F80_0000)))
            return false;
        Vector256<uint> odd = (magnitude >> 13) & Vector256<uint>.One;
        Vector256<uint> normal = (magnitude - Vector256.Create((127u - 15) << 23) + Vector256.Create(0xFFFu) + odd) >> 13;
        Vector256<uint> magic = Vector256.Create((127u - 15 + 23 - 10 + 1) << 23);
        Vector256<uint> subnormal = (magnitude.AsSingle() + magic.AsSingle()).AsUInt32() - magic;
        Vector256<uint> isSubnormal = Vector256.LessThan(magnitude.AsInt32(), Vector256.Create(113 << 23)).AsUInt32();
        Vector256<uint> isInfinite = Vector256.GreaterThan(magnitude.AsInt32(), Vector256.Create(((127 + 16) << 23) - 1)).AsUInt32();
        Vector256<uint> half = Vector256.ConditionalSelect(isInfinite, Vector256.Create(0x7C00u), Vector256.ConditionalSelect(isSubnormal, subnormal, normal));
        Narrow(half | ((bits & Vector256.Create(0x8000_0000u)) >> 16), ref destination);
        return true;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Create(float value) => Vector256.Create(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Subtract(Vector256<float> a, Vector256<float> b) => a - b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Divide(Vector256<float> a, Vector256<float> b) => a / b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Keep(Vector256<float> value, uint bits) => value & LaneMask(bits).AsSingle();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> KeepAgreeing(Vector256<float> value, Vector256<float> elected)
    {
        Vector256<float> plus = Vector256.GreaterThanOrEqual(elected, Vector256<float>.Zero);
        Vector256<float> agrees = Vector256.ConditionalSelect(plus, Vector256.GreaterThan(value, Vector256<float>.Zero), Vector256.LessThan(value, Vector256<float>.Zero));
        return value & agrees;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> WhereNonzero(Vector256<float> test, Vector256<float> a, Vector256<float> b) =>
        Vector256.ConditionalSelect(Vector256.Equals(test, Vector256<float>.Zero), b, a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MaxMagnitude(Vector256<float> a, Vector256<float> b)
    {
        Vector256<int> sign = Vector256.Create(int.MaxValue);
        return Vector256.Max(a.AsInt32() & sign, b.AsInt32() & sign).AsSingle();
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreFinite(Vector256<float> magnitudes) => Vector256.LessThanAll(magnitudes.AsInt32(), Vector256.Create(0x7F80_0000));

    /// <inheritdoc/>
    public static void SumSquares(ReadOnlySpan<float> values, ReadOnlySpan<ulong> mask, Span<double> all, Span<double> kept)
    {
        ref float first = ref MemoryMarshal.GetReference(values);
        Vector256<double> a0 = Vector256<double>.Zero, k0 = Vector256<double>.Zero;
        Vector256<double> a1 = Vector256<double>.Zero, k1 = Vector256<double>.Zero;
        Vector256<double> a2 = Vector256<double>.Zero, k2 = Vector256<double>.Zero;
        Vector256<double> a3 = Vector256<double>.Zero, k3 = Vector256<double>.Zero;
        for (int i = 0; i < values.Length; i += 16)
        {
            uint bits = (uint)(mask[i >> 6] >> i);
            Vector256<float> v0 = Vector256.LoadUnsafe(ref first, (nuint)(i + 0));
            Vector256<float> m0 = Keep(v0, bits >> 0);
            (Vector256<double> v0low, Vector256<double> v0high) = Vector256.Widen(v0);
            a0 += v0low * v0low;
            a1 += v0high * v0high;
            (Vector256<double> m0low, Vector256<double> m0high) = Vector256.Widen(m0);
            k0 += m0low * m0low;
            k1 += m0high * m0high;
            Vector256<float> v1 = Vector256.LoadUnsafe(ref first, (nuint)(i + 8));
            Vector256<float> m1 = Keep(v1, bits >> 8);
            (Vector256<double> v1low, Vector256<double> v1high) = Vector256.Widen(v1);
            a2 += v1low * v1low;
            a3 += v1high * v1high;
            (Vector256<double> m1low, Vector256<double> m1high) = Vector256.Widen(m1);
            k2 += m1low * m1low;
            k3 += m1high * m1high;
        }

        a0.CopyTo(all[0..]);
        k0.CopyTo(kept[0..]);
        a1.CopyTo(all[4..]);
        k1.CopyTo(kept[4..]);
        a2.CopyTo(all[8..]);
        k2.CopyTo(kept[8..]);
        a3.CopyTo(all[12..]);
        k3.CopyTo(kept[12..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> LaneMask(uint bits)
    {
        Vector256<int> own = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128);
        return Vector256.Equals(Vector256.Create((int)bits) & own, own);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Widen(ref readonly ushort source)
    {
        Vector128<ushort> halves = Vector128.LoadUnsafe(in source);
        return System.Runtime.Intrinsics.X86.Avx2.IsSupported
            ? System.Runtime.Intrinsics.X86.Avx2.ConvertToVector256Int32(halves).AsUInt32()
            : Vector256.Create(Vector128.WidenLower(halves), Vector128.WidenUpper(halves));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Narrow(Vector256<uint> value, ref ushort destination) =>
        Vector128.Narrow(value.GetLower(), value.GetUpper()).StoreUnsafe(ref destination);
}
