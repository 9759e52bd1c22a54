using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace CabsPs.Engine.Numerics.Simd;

/// <summary>Vectors of 512 bits: 16 float32.</summary>
internal readonly struct Lanes512 : ILanes<Vector512<float>>
{
    /// <inheritdoc/>
    public static int Count => 16;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ref readonly float source) => Vector512.LoadUnsafe(in source);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadBFloat16(ref readonly ushort source) => (Widen(in source) << 16).AsSingle();

    /// <inheritdoc/>
    /// <remarks>Exponent and mantissa moved into place make a number 2¹¹² times too small, subnormals included; the product with 2¹¹² is
    /// exact. Infinity and NaN get the exponent they lack.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadHalf(ref readonly ushort source)
    {
        Vector512<uint> bits = Widen(in source);
        Vector512<uint> magnitude = bits & Vector512.Create(0x7FFFu);
        Vector512<uint> value = ((magnitude << 13).AsSingle() * Vector512.Create(BitConverter.UInt32BitsToSingle((254u - 15) << 23))).AsUInt32();
        Vector512<uint> special = Vector512.GreaterThan(magnitude.AsInt32(), Vector512.Create(0x7BFF)).AsUInt32();
        // a signalling NaN becomes quiet, as the conversion instruction does it
        Vector512<uint> quiet = Vector512.GreaterThan(magnitude.AsInt32(), Vector512.Create(0x7C00)).AsUInt32() & Vector512.Create(0x0040_0000u);
        value = Vector512.ConditionalSelect(special, (magnitude << 13) | Vector512.Create(0x7F80_0000u) | quiet, value);
        return (value | ((bits & Vector512.Create(0x8000u)) << 16)).AsSingle();
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, ref float destination) => value.StoreUnsafe(ref destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16(Vector512<float> value, ref ushort destination)
    {
        Vector512<uint> bits = value.AsUInt32();
        Vector512<uint> odd = (bits >> 16) & Vector512<uint>.One;
        Vector512<uint> rounded = (bits + Vector512.Create(0x7FFFu) + odd) >> 16;
        Vector512<uint> number = Vector512.Equals(value, value).AsUInt32();
        Narrow(Vector512.ConditionalSelect(number, rounded, (bits >> 16) | Vector512.Create(0x40u)), ref destination);
    }

    /// <inheritdoc/>
    /// <remarks>Normal results: rebias the exponent, add half of what is cut off, less one where the last kept bit is even. Subnormal ones: adding
    /// a number whose last bit is worth 2⁻²⁴ makes the adder round.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryStoreHalf(Vector512<float> value, ref ushort destination)
    {
        Vector512<uint> bits = value.AsUInt32();
        Vector512<uint> magnitude = bits & Vector512.Create(0x7FFF_FFFFu);
        if (Vector512.GreaterThanAny(magnitude.AsInt32(), Vector512.Create(0x7F80_0000)))
            return false;
        Vector512<uint> odd = (magnitude >> 13) & Vector512<uint>.One;
        Vector512<uint> normal = (magnitude - Vector512.Create((127u - 15) << 23) + Vector512.Create(0xFFFu) + odd) >> 13;
        Vector512<uint> magic = Vector512.Create((127u - 15 + 23 - 10 + 1) << 23);
        Vector512<uint> subnormal = (magnitude.AsSingle() + magic.AsSingle()).AsUInt32() - magic;
        Vector512<uint> isSubnormal = Vector512.LessThan(magnitude.AsInt32(), Vector512.Create(113 << 23)).AsUInt32();
        Vector512<uint> isInfinite = Vector512.GreaterThan(magnitude.AsInt32(), Vector512.Create(((127 + 16) << 23) - 1)).AsUInt32();
        Vector512<uint> half = Vector512.ConditionalSelect(isInfinite, Vector512.Create(0x7C00u), Vector512.ConditionalSelect(isSubnormal, subnormal, normal));
        Narrow(half | ((bits & Vector512.Create(0x8000_0000u)) >> 16), ref destination);
        return true;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Create(float value) => Vector512.Create(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Subtract(Vector512<float> a, Vector512<float> b) => a - b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Divide(Vector512<float> a, Vector512<float> b) => a / b;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Keep(Vector512<float> value, uint bits) => value & LaneMask(bits).AsSingle();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> KeepAgreeing(Vector512<float> value, Vector512<float> elected)
    {
        Vector512<float> plus = Vector512.GreaterThanOrEqual(elected, Vector512<float>.Zero);
        Vector512<float> agrees = Vector512.ConditionalSelect(plus, Vector512.GreaterThan(value, Vector512<float>.Zero), Vector512.LessThan(value, Vector512<float>.Zero));
        return value & agrees;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> WhereNonzero(Vector512<float> test, Vector512<float> a, Vector512<float> b) =>
        Vector512.ConditionalSelect(Vector512.Equals(test, Vector512<float>.Zero), b, a);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MaxMagnitude(Vector512<float> a, Vector512<float> b)
    {
        Vector512<int> sign = Vector512.Create(int.MaxValue);
        return Vector512.Max(a.AsInt32() & sign, b.AsInt32() & sign).AsSingle();
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreFinite(Vector512<float> magnitudes) => Vector512.LessThanAll(magnitudes.AsInt32(), Vector512.Create(0x7F80_0000));

    /// <inheritdoc/>
    public static void SumSquares(ReadOnlySpan<float> values, ReadOnlySpan<ulong> mask, Span<double> all, Span<double> kept)
    {
        ref float first = ref MemoryMarshal.GetReference(values);
        Vector512<double> a0 = Vector512<double>.Zero, k0 = Vector512<double>.Zero;
        Vector512<double> a1 = Vector512<double>.Zero, k1 = Vector512<double>.Zero;
        for (int i = 0; i < values.Length; i += 16)
        {
            uint bits = (uint)(mask[i >> 6] >> i);
            Vector512<float> v0 = Vector512.LoadUnsafe(ref first, (nuint)(i + 0));
            Vector512<float> m0 = Keep(v0, bits >> 0);
            (Vector512<double> v0low, Vector512<double> v0high) = Vector512.Widen(v0);
            a0 += v0low * v0low;
            a1 += v0high * v0high;
            (Vector512<double> m0low, Vector512<double> m0high) = Vector512.Widen(m0);
            k0 += m0low * m0low;
            k1 += m0high * m0high;
        }

        a0.CopyTo(all[0..]);
        k0.CopyTo(kept[0..]);
        a1.CopyTo(all[8..]);
        k1.CopyTo(kept[8..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> LaneMask(uint bits)
    {
        Vector512<int> own = Vector512.Create(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
        return Vector512.Equals(Vector512.Create((int)bits) & own, own);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Widen(ref readonly ushort source)
    {
        Vector256<ushort> halves = Vector256.LoadUnsafe(in source);
        return Vector512.IsHardwareAccelerated && System.Runtime.Intrinsics.X86.Avx512F.IsSupported
            ? System.Runtime.Intrinsics.X86.Avx512F.ConvertToVector512UInt32(halves)
            : Vector512.Create(Vector256.WidenLower(halves), Vector256.WidenUpper(halves));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Narrow(Vector512<uint> value, ref ushort destination)
    {
        if (System.Runtime.Intrinsics.X86.Avx512F.IsSupported)
            System.Runtime.Intrinsics.X86.Avx512F.ConvertToVector256UInt16(value).StoreUnsafe(ref destination);
        else
            Vector256.Narrow(value.GetLower(), value.GetUpper()).StoreUnsafe(ref destination);
    }
}
