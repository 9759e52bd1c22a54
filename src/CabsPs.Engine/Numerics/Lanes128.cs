using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CabsPs.Engine.Numerics;

/// <summary>Four lanes.</summary>
internal readonly struct Lanes128(Vector128<float> value) : ILanes<Lanes128>
{
    private readonly Vector128<float> _value = value;

    /// <inheritdoc/>
    public static int Count => 4;

    private Vector128<uint> Bits
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _value.AsUInt32();
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Of(float value) => new(Vector128.Create(value));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 OfBits(uint bits) => From(Vector128.Create(bits));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(ref readonly float source) => new(Vector128.LoadUnsafe(in source));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadHalves(ref readonly ushort source)
    {
        ulong halves = Unsafe.ReadUnaligned<ulong>(in Unsafe.As<ushort, byte>(ref Unsafe.AsRef(in source)));
        return From(Vector128.WidenLower(Vector128.CreateScalar(halves).AsUInt16()));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes128 value, ref float destination) => value._value.StoreUnsafe(ref destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHalves(Lanes128 value, ref ushort destination) =>
        Unsafe.WriteUnaligned(ref Unsafe.As<ushort, byte>(ref destination), Vector128.Narrow(value.Bits, value.Bits).AsUInt64().ToScalar());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHighHalves(Lanes128 first, Lanes128 second, ref ushort destination) =>
        Vector128.Narrow(first.Bits >>> 16, second.Bits >>> 16).StoreUnsafe(ref destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Keep(Lanes128 value, uint bits)
    {
        Vector128<uint> lane = Vector128.Create(1u, 2u, 4u, 8u);
        return From(Vector128.Equals(Vector128.Create(bits) & lane, lane) & value.Bits);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Keep(Lanes128 value, Lanes128 words, int at)
    {
        Vector128<uint> lane = Vector128.Create(1u, 2u, 4u, 8u) << at;
        return From(Vector128.Equals(words.Bits & lane, lane) & value.Bits);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 AddWhere(Lanes128 sum, Lanes128 term, Lanes128 words, int at) => sum + Keep(term, words, at);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Choose(Lanes128 condition, Lanes128 a, Lanes128 b) => Select(condition, a, b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Select(Lanes128 condition, Lanes128 a, Lanes128 b) => From(Vector128.ConditionalSelect(condition.Bits, a.Bits, b.Bits));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 KeepAgreeing(Lanes128 value, Lanes128 elected) =>
        From(Vector128.AndNot(value.Bits, ((value._value.AsInt32() ^ elected._value.AsInt32()) >> 31).AsUInt32()));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 KeepWhereNonzero(Lanes128 value, Lanes128 other) =>
        new(Vector128.AndNot(value._value, Vector128.Equals(other._value, Vector128<float>.Zero)));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 AddWhereNonzero(Lanes128 sum, Lanes128 term, Lanes128 other) => sum + KeepWhereNonzero(term, other);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 GreaterBits(Lanes128 a, Lanes128 b) => From(Vector128.GreaterThan(a._value.AsInt32(), b._value.AsInt32()).AsUInt32());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Signs(Lanes128 value) => value._value.ExtractMostSignificantBits();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong WhichGreater(Lanes128 a, Lanes128 b, Lanes128 c, Lanes128 d, Lanes128 limit) =>
        GreaterLanes(a, limit) | (GreaterLanes(b, limit) << 4) | (GreaterLanes(c, limit) << 8) | (GreaterLanes(d, limit) << 12);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PlaceOf(int bit) => bit;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 MaxBits(Lanes128 a, Lanes128 b) => From(Vector128.Max(a.Bits, b.Bits));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 MinBits(Lanes128 a, Lanes128 b) => From(Vector128.Min(a.Bits, b.Bits));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 AddBits(Lanes128 a, Lanes128 b) => From(a.Bits + b.Bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 SubtractBits(Lanes128 a, Lanes128 b) => From(a.Bits - b.Bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 ShiftLeft(Lanes128 value, int count) => From(value.Bits << count);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 ShiftRight(Lanes128 value, int count) => From(value.Bits >>> count);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyGreaterBits(Lanes128 value, uint limit) => Vector128.GreaterThanAny(value._value.AsInt32(), Vector128.Create((int)limit));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator +(Lanes128 a, Lanes128 b) => new(a._value + b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator -(Lanes128 a, Lanes128 b) => new(a._value - b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator *(Lanes128 a, Lanes128 b) => new(a._value * b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator /(Lanes128 a, Lanes128 b) => new(a._value / b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator &(Lanes128 a, Lanes128 b) => From(a.Bits & b.Bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator |(Lanes128 a, Lanes128 b) => From(a.Bits | b.Bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator ^(Lanes128 a, Lanes128 b) => From(a.Bits ^ b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes128 From(Vector128<uint> bits) => new(bits.AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong GreaterLanes(Lanes128 value, Lanes128 limit) => Vector128.GreaterThan(value._value.AsInt32(), limit._value.AsInt32()).ExtractMostSignificantBits();
}
