using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CabsPs.Engine.Numerics;

/// <summary>Sixteen lanes.</summary>
internal readonly struct Lanes512(Vector512<float> value) : ILanes<Lanes512>
{
    private readonly Vector512<float> _value = value;

    /// <inheritdoc/>
    public static int Count => 16;

    /// <summary>The lanes.</summary>
    public Vector512<float> Value
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _value;
    }

    private Vector512<uint> Bits
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _value.AsUInt32();
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Of(float value) => new(Vector512.Create(value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 OfBits(uint bits) => From(Vector512.Create(bits));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(ref readonly float source) => new(Vector512.LoadUnsafe(in source));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadHalves(ref readonly ushort source)
    {
        Vector256<ushort> halves = Vector256.LoadUnsafe(in source);
        if (Avx512F.IsSupported)
            return From(Avx512F.ConvertToVector512UInt32(halves));
        (Vector256<uint> lower, Vector256<uint> upper) = Vector256.Widen(halves);
        return From(Vector512.Create(lower, upper));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes512 value, ref float destination) => value._value.StoreUnsafe(ref destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHalves(Lanes512 value, ref ushort destination)
    {
        Vector256<ushort> halves = Avx512F.IsSupported
            ? Avx512F.ConvertToVector256UInt16(value.Bits)
            : Vector256.Narrow(value.Bits.GetLower(), value.Bits.GetUpper());
        halves.StoreUnsafe(ref destination);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHighHalves(Lanes512 first, Lanes512 second, ref ushort destination)
    {
        if (Avx512BW.IsSupported)
        {
            Vector512<ushort> odd = Vector512.Create((ushort)1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63);
            Avx512BW.PermuteVar32x16x2(first._value.AsUInt16(), odd, second._value.AsUInt16()).StoreUnsafe(ref destination);
            return;
        }

        StoreHalves(ShiftRight(first, 16), ref destination);
        StoreHalves(ShiftRight(second, 16), ref Unsafe.Add(ref destination, Count));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Keep(Lanes512 value, uint bits)
    {
        Vector512<uint> lane = Vector512.Create(1u, 2u, 4u, 8u, 16u, 32u, 64u, 128u, 256u, 512u, 1024u, 2048u, 4096u, 8192u, 16384u, 32768u);
        return From(Vector512.ConditionalSelect(Vector512.Equals(Vector512.Create(bits) & lane, Vector512<uint>.Zero), Vector512<uint>.Zero, value.Bits));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Keep(Lanes512 value, Lanes512 words, int at)
    {
        Vector512<uint> lane = LaneBits(at);
        return From(Vector512.ConditionalSelect(Vector512.Equals(words.Bits & lane, lane), value.Bits, Vector512<uint>.Zero));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 AddWhere(Lanes512 sum, Lanes512 term, Lanes512 words, int at)
    {
        Vector512<uint> lane = LaneBits(at);
        return new(Vector512.ConditionalSelect(Vector512.Equals(words.Bits & lane, lane).AsSingle(), sum._value + term._value, sum._value));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Choose(Lanes512 condition, Lanes512 a, Lanes512 b) => Select(condition, a, b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Select(Lanes512 condition, Lanes512 a, Lanes512 b) => From(Vector512.ConditionalSelect(condition.Bits, a.Bits, b.Bits));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 KeepAgreeing(Lanes512 value, Lanes512 elected) =>
        From(Vector512.AndNot(value.Bits, ((value._value.AsInt32() ^ elected._value.AsInt32()) >> 31).AsUInt32()));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 KeepWhereNonzero(Lanes512 value, Lanes512 other) =>
        new(Vector512.ConditionalSelect(~Vector512.Equals(other._value, Vector512<float>.Zero), value._value, Vector512<float>.Zero));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 AddWhereNonzero(Lanes512 sum, Lanes512 term, Lanes512 other) =>
        new(Vector512.ConditionalSelect(~Vector512.Equals(other._value, Vector512<float>.Zero), sum._value + term._value, sum._value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 GreaterBits(Lanes512 a, Lanes512 b) => From(Vector512.GreaterThan(a._value.AsInt32(), b._value.AsInt32()).AsUInt32());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Signs(Lanes512 value) => (uint)value._value.ExtractMostSignificantBits();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong WhichGreater(Lanes512 a, Lanes512 b, Lanes512 c, Lanes512 d, Lanes512 limit) =>
        GreaterLanes(a, limit) | (GreaterLanes(b, limit) << 16) | (GreaterLanes(c, limit) << 32) | (GreaterLanes(d, limit) << 48);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PlaceOf(int bit) => bit;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MaxBits(Lanes512 a, Lanes512 b) => From(Vector512.Max(a.Bits, b.Bits));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MinBits(Lanes512 a, Lanes512 b) => From(Vector512.Min(a.Bits, b.Bits));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 AddBits(Lanes512 a, Lanes512 b) => From(a.Bits + b.Bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 SubtractBits(Lanes512 a, Lanes512 b) => From(a.Bits - b.Bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 ShiftLeft(Lanes512 value, int count) => From(value.Bits << count);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 ShiftRight(Lanes512 value, int count) => From(value.Bits >>> count);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyGreaterBits(Lanes512 value, uint limit) => Vector512.GreaterThanAny(value._value.AsInt32(), Vector512.Create((int)limit));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator +(Lanes512 a, Lanes512 b) => new(a._value + b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator -(Lanes512 a, Lanes512 b) => new(a._value - b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator *(Lanes512 a, Lanes512 b) => new(a._value * b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator /(Lanes512 a, Lanes512 b) => new(a._value / b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator &(Lanes512 a, Lanes512 b) => From(a.Bits & b.Bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator |(Lanes512 a, Lanes512 b) => From(a.Bits | b.Bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator ^(Lanes512 a, Lanes512 b) => From(a.Bits ^ b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> LaneBits(int at) => at == 0
        ? Vector512.Create(1u, 2u, 4u, 8u, 16u, 32u, 64u, 128u, 256u, 512u, 1024u, 2048u, 4096u, 8192u, 16384u, 32768u)
        : Vector512.Create(1u << 16, 1u << 17, 1u << 18, 1u << 19, 1u << 20, 1u << 21, 1u << 22, 1u << 23, 1u << 24, 1u << 25, 1u << 26, 1u << 27, 1u << 28, 1u << 29, 1u << 30, 1u << 31);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes512 From(Vector512<uint> bits) => new(bits.AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong GreaterLanes(Lanes512 value, Lanes512 limit) => Vector512.GreaterThan(value._value.AsInt32(), limit._value.AsInt32()).ExtractMostSignificantBits();
}
