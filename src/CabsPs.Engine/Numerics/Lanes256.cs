using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CabsPs.Engine.Numerics;

/// <summary>Eight lanes.</summary>
internal readonly struct Lanes256(Vector256<float> value) : ILanes<Lanes256>
{
    private readonly Vector256<float> _value = value;

    /// <inheritdoc/>
    public static int Count => 8;

    /// <summary>The lanes.</summary>
    public Vector256<float> Value
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _value;
    }

    private Vector256<uint> Bits
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _value.AsUInt32();
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Of(float value) => new(Vector256.Create(value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 OfBits(uint bits) => From(Vector256.Create(bits));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(ref readonly float source) => new(Vector256.LoadUnsafe(in source));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadHalves(ref readonly ushort source)
    {
        Vector128<ushort> halves = Vector128.LoadUnsafe(in source);
        if (Avx2.IsSupported)
            return From(Avx2.ConvertToVector256Int32(halves).AsUInt32());
        (Vector128<uint> lower, Vector128<uint> upper) = Vector128.Widen(halves);
        return From(Vector256.Create(lower, upper));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes256 value, ref float destination) => value._value.StoreUnsafe(ref destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHalves(Lanes256 value, ref ushort destination)
    {
        Vector128<ushort> halves = Sse41.IsSupported
            ? Sse41.PackUnsignedSaturate(value.Bits.GetLower().AsInt32(), value.Bits.GetUpper().AsInt32())
            : Vector128.Narrow(value.Bits.GetLower(), value.Bits.GetUpper());
        halves.StoreUnsafe(ref destination);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHighHalves(Lanes256 first, Lanes256 second, ref ushort destination)
    {
        Vector256<uint> low = first.Bits >>> 16, high = second.Bits >>> 16;
        // the pack works within halves of the vector
        Vector256<ushort> halves = Avx2.IsSupported
            ? Avx2.Permute4x64(Avx2.PackUnsignedSaturate(low.AsInt32(), high.AsInt32()).AsUInt64(), 0b11_01_10_00).AsUInt16()
            : Vector256.Narrow(low, high);
        halves.StoreUnsafe(ref destination);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Keep(Lanes256 value, uint bits)
    {
        Vector256<uint> lane = Vector256.Create(1u, 2u, 4u, 8u, 16u, 32u, 64u, 128u);
        return From(Vector256.Equals(Vector256.Create(bits) & lane, lane) & value.Bits);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Keep(Lanes256 value, Lanes256 words, int at)
    {
        Vector256<uint> lane = Vector256.Create(1u, 2u, 4u, 8u, 16u, 32u, 64u, 128u) << at;
        return From(Vector256.Equals(words.Bits & lane, lane) & value.Bits);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 AddWhere(Lanes256 sum, Lanes256 term, Lanes256 words, int at) => sum + Keep(term, words, at);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Choose(Lanes256 condition, Lanes256 a, Lanes256 b) => Avx.IsSupported ? new(Avx.BlendVariable(b._value, a._value, condition._value)) : Select(condition, a, b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Select(Lanes256 condition, Lanes256 a, Lanes256 b) => From(Vector256.ConditionalSelect(condition.Bits, a.Bits, b.Bits));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 KeepAgreeing(Lanes256 value, Lanes256 elected) =>
        From(Vector256.AndNot(value.Bits, ((value._value.AsInt32() ^ elected._value.AsInt32()) >> 31).AsUInt32()));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 KeepWhereNonzero(Lanes256 value, Lanes256 other) =>
        new(Vector256.AndNot(value._value, Vector256.Equals(other._value, Vector256<float>.Zero)));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 AddWhereNonzero(Lanes256 sum, Lanes256 term, Lanes256 other) => sum + KeepWhereNonzero(term, other);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 GreaterBits(Lanes256 a, Lanes256 b) => From(Vector256.GreaterThan(a._value.AsInt32(), b._value.AsInt32()).AsUInt32());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Signs(Lanes256 value) => value._value.ExtractMostSignificantBits();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong WhichGreater(Lanes256 a, Lanes256 b, Lanes256 c, Lanes256 d, Lanes256 limit)
    {
        Vector256<int> first = GreaterLanes(a, limit), second = GreaterLanes(b, limit), third = GreaterLanes(c, limit), fourth = GreaterLanes(d, limit);
        if (Avx2.IsSupported)
            return (uint)Avx2.MoveMask(Avx2.PackSignedSaturate(Avx2.PackSignedSaturate(first, second), Avx2.PackSignedSaturate(third, fourth)));
        return first.ExtractMostSignificantBits() | (second.ExtractMostSignificantBits() << 8) | (third.ExtractMostSignificantBits() << 16) | (fourth.ExtractMostSignificantBits() << 24);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PlaceOf(int bit) => Avx2.IsSupported ? ((bit & 12) << 1) | ((bit & 16) >> 2) | (bit & 3) : bit;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MaxBits(Lanes256 a, Lanes256 b) => From(Vector256.Max(a.Bits, b.Bits));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MinBits(Lanes256 a, Lanes256 b) => From(Vector256.Min(a.Bits, b.Bits));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 AddBits(Lanes256 a, Lanes256 b) => From(a.Bits + b.Bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 SubtractBits(Lanes256 a, Lanes256 b) => From(a.Bits - b.Bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 ShiftLeft(Lanes256 value, int count) => From(value.Bits << count);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 ShiftRight(Lanes256 value, int count) => From(value.Bits >>> count);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyGreaterBits(Lanes256 value, uint limit) => Vector256.GreaterThanAny(value._value.AsInt32(), Vector256.Create((int)limit));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator +(Lanes256 a, Lanes256 b) => new(a._value + b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator -(Lanes256 a, Lanes256 b) => new(a._value - b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator *(Lanes256 a, Lanes256 b) => new(a._value * b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator /(Lanes256 a, Lanes256 b) => new(a._value / b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator &(Lanes256 a, Lanes256 b) => From(a.Bits & b.Bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator |(Lanes256 a, Lanes256 b) => From(a.Bits | b.Bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator ^(Lanes256 a, Lanes256 b) => From(a.Bits ^ b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes256 From(Vector256<uint> bits) => new(bits.AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> GreaterLanes(Lanes256 value, Lanes256 limit) => Vector256.GreaterThan(value._value.AsInt32(), limit._value.AsInt32());
}
