using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace CabsPs.Engine.Numerics.Simd;

/// <summary>Vectors of 128 bits: 4 float32.</summary>
internal readonly struct Lanes128 : ILanes<Vector128<float>>
{
    /// <inheritdoc/>
    public static int Count => 4;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(ref readonly float source) => Vector128.LoadUnsafe(in source);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBFloat16(ref readonly ushort source) => (Widen(in source) << 16).AsSingle();

    /// <inheritdoc/>
    /// <remarks>Exponent and mantissa moved into place make a number 2¹¹² times too small, subnormals included; the product with 2¹¹² is
    /// exact. Infinity and NaN get the exponent they lack.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadHalf(ref readonly ushort source)
    {
        Vector128<uint> bits = Widen(in source);
        Vector128<uint> magnitude = bits & Vector128.Create(0x7FFFu);
        Vector128<uint> value = ((magnitude << 13).AsSingle() * Vector128.Create(BitConverter.UInt32BitsToSingle((254u - 15) << 23))).AsUInt32();
        Vector128<uint> special = Vector128.GreaterThan(magnitude.AsInt32(), Vector128.Create(0x7BFF)).AsUInt32();
        // a signalling NaN becomes quiet, as the conversion instruction does it
        Vector128<uint> quiet = Vector128.GreaterThan(magnitude.AsInt32(), Vector128.Create(0x7C00)).AsUInt32() & Vector128.Create(0x0040_0000u);
        value = Vector128.ConditionalSelect(special, (magnitude << 13) | Vector128.Create(0x7F80_0000u) | quiet, value);
        return (value | ((bits & Vector128.Create(0x8000u)) << 16)).AsSingle();
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<float> value, ref float destination) => value.StoreUnsafe(ref destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16(Vector128<float> value, ref ushort destination)
    {
        Vector128<uint> bits = value.AsUInt32();
        Vector128<uint> odd = (bits >> 16) & Vector128<uint>.One;
        Vector128<uint> rounded = (bits + Vector128.Create(0x7FFFu) + odd) >> 16;
        Vector128<uint> number = Vector128.Equals(value, value).AsUInt32();
        Narrow(Vector128.ConditionalSelect(number, rounded, (bits >> 16) | Vector128.Create(0x40u)), ref destination);
    }

    /// <inheritdoc/>
    /// <remarks>Normal results: rebias the exponent, add half of what is cut off, less one where the last kept bit is even. Subnormal ones: adding
    /// a number whose last bit is worth 2⁻²⁴ makes the adder round.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryStoreHalf(Vector128<float> value, ref ushort destination)
    {
        Vector128<uint> bits = value.AsUInt32();
        Vector128<uint> magnitude = bits & Vector128.Create(0x7FFF_FFFFu);
        if (Vector128.GreaterThanAny(magnitude.AsInt32(), Vector128.Create(0x7F80_0000)))
            return false;
        Vector128<uint> odd = (magnitude >> 13) & Vector128<uint>.One;
        Vector128<uint> normal = (magnitude - Vector128.Create((127u - 15) << 23) + Vector128.Create(0xFFFu) + odd) >> 13;
        Vector128<uint> magic = Vector128.Create((127u - 15 + 23 - 10 + 1) << 23);
        Vector128<uint> subnormal = (magnitude.AsSingle() + magic.AsSingle()).AsUInt32() - magic;
        Vector128<uint> isSubnormal = Vector128.LessThan(magnitude.AsInt32(), Vector128.Create(113 << 23)).AsUInt32();
        Vector128<uint> isInfinite = Vector128.GreaterThan(magnitude.AsInt32(), Vector128.Create(((127 + 16) << 23) - 1)).AsUInt32();
        Vector128<uint> half = Vector128.ConditionalSelect(isInfinite, Vector128.Create(0x7C00u), Vector128.ConditionalSelect(isSubnormal, subnormal, normal));
        Narrow(half | ((bits & Vector128.Create(0x8000_0000u)) >> 16), ref destination);
        return true;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Create(float value) => Vector128.Create(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Subtract(Vector128<float> a, Vector128<float> b) => a - b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Divide(Vector128<float> a, Vector128<float> b) => a / b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Keep(Vector128<float> value, uint bits) => value & LaneMask(bits).AsSingle();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> KeepAgreeing(Vector128<float> value, Vector128<float> elected)
    {
        Vector128<float> plus = Vector128.GreaterThanOrEqual(elected, Vector128<float>.Zero);
        Vector128<float> agrees = Vector128.ConditionalSelect(plus, Vector128.GreaterThan(value, Vector128<float>.Zero), Vector128.LessThan(value, Vector128<float>.Zero));
        return value & agrees;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> WhereNonzero(Vector128<float> test, Vector128<float> a, Vector128<float> b) =>
        Vector128.ConditionalSelect(Vector128.Equals(test, Vector128<float>.Zero), b, a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MaxMagnitude(Vector128<float> a, Vector128<float> b)
    {
        Vector128<int> sign = Vector128.Create(int.MaxValue);
        return Vector128.Max(a.AsInt32() & sign, b.AsInt32() & sign).AsSingle();
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreFinite(Vector128<float> magnitudes) => Vector128.LessThanAll(magnitudes.AsInt32(), Vector128.Create(0x7F80_0000));

    /// <inheritdoc/>
    public static void SumSquares(ReadOnlySpan<float> values, ReadOnlySpan<ulong> mask, Span<double> all, Span<double> kept)
    {
        ref float first = ref MemoryMarshal.GetReference(values);
        Vector128<double> a0 = Vector128<double>.Zero, k0 = Vector128<double>.Zero;
        Vector128<double> a1 = Vector128<double>.Zero, k1 = Vector128<double>.Zero;
        Vector128<double> a2 = Vector128<double>.Zero, k2 = Vector128<double>.Zero;
        Vector128<double> a3 = Vector128<double>.Zero, k3 = Vector128<double>.Zero;
        Vector128<double> a4 = Vector128<double>.Zero, k4 = Vector128<double>.Zero;
        Vector128<double> a5 = Vector128<double>.Zero, k5 = Vector128<double>.Zero;
        Vector128<double> a6 = Vector128<double>.Zero, k6 = Vector128<double>.Zero;
        Vector128<double> a7 = Vector128<double>.Zero, k7 = Vector128<double>.Zero;
        for (int i = 0; i < values.Length; i += 16)
        {
            uint bits = (uint)(mask[i >> 6] >> i);
            Vector128<float> v0 = Vector128.LoadUnsafe(ref first, (nuint)(i + 0));
            Vector128<float> m0 = Keep(v0, bits >> 0);
            (Vector128<double> v0low, Vector128<double> v0high) = Vector128.Widen(v0);
            a0 += v0low * v0low;
            a1 += v0high * v0high;
            (Vector128<double> m0low, Vector128<double> m0high) = Vector128.Widen(m0);
            k0 += m0low * m0low;
            k1 += m0high * m0high;
            Vector128<float> v1 = Vector128.LoadUnsafe(ref first, (nuint)(i + 4));
            Vector128<float> m1 = Keep(v1, bits >> 4);
            (Vector128<double> v1low, Vector128<double> v1high) = Vector128.Widen(v1);
            a2 += v1low * v1low;
            a3 += v1high * v1high;
            (Vector128<double> m1low, Vector128<double> m1high) = Vector128.Widen(m1);
            k2 += m1low * m1low;
            k3 += m1high * m1high;
            Vector128<float> v2 = Vector128.LoadUnsafe(ref first, (nuint)(i + 8));
            Vector128<float> m2 = Keep(v2, bits >> 8);
            (Vector128<double> v2low, Vector128<double> v2high) = Vector128.Widen(v2);
            a4 += v2low * v2low;
            a5 += v2high * v2high;
            (Vector128<double> m2low, Vector128<double> m2high) = Vector128.Widen(m2);
            k4 += m2low * m2low;
            k5 += m2high * m2high;
            Vector128<float> v3 = Vector128.LoadUnsafe(ref first, (nuint)(i + 12));
            Vector128<float> m3 = Keep(v3, bits >> 12);
            (Vector128<double> v3low, Vector128<double> v3high) = Vector128.Widen(v3);
            a6 += v3low * v3low;
            a7 += v3high * v3high;
            (Vector128<double> m3low, Vector128<double> m3high) = Vector128.Widen(m3);
            k6 += m3low * m3low;
            k7 += m3high * m3high;
        }

        a0.CopyTo(all[0..]);
        k0.CopyTo(kept[0..]);
        a1.CopyTo(all[2..]);
        k1.CopyTo(kept[2..]);
        a2.CopyTo(all[4..]);
        k2.CopyTo(kept[4..]);
        a3.CopyTo(all[6..]);
        k3.CopyTo(kept[6..]);
        a4.CopyTo(all[8..]);
        k4.CopyTo(kept[8..]);
        a5.CopyTo(all[10..]);
        k5.CopyTo(kept[10..]);
        a6.CopyTo(all[12..]);
        k6.CopyTo(kept[12..]);
        a7.CopyTo(all[14..]);
        k7.CopyTo(kept[14..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> LaneMask(uint bits)
    {
        Vector128<int> own = Vector128.Create(1, 2, 4, 8);
        return Vector128.Equals(Vector128.Create((int)bits) & own, own);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Widen(ref readonly ushort source) =>
        Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<ulong>(ref Unsafe.As<ushort, byte>(ref Unsafe.AsRef(in source)))).AsUInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Narrow(Vector128<uint> value, ref ushort destination) =>
        Unsafe.WriteUnaligned(ref Unsafe.As<ushort, byte>(ref destination), Vector128.Narrow(value, value).AsUInt64().ToScalar());
}
