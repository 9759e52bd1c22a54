using System.Runtime.CompilerServices;

namespace CabsPs.Engine.Numerics;

/// <summary>One lane: what is left at the end of a span.</summary>
internal readonly struct Lanes1(float value) : ILanes<Lanes1>
{
    private readonly float _value = value;

    /// <inheritdoc/>
    public static int Count => 1;

    private uint Bits => BitConverter.SingleToUInt32Bits(_value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Of(float value) => new(value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 OfBits(uint bits) => From(bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Load(ref readonly float source) => new(source);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 LoadHalves(ref readonly ushort source) => From(source);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes1 value, ref float destination) => destination = value._value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHalves(Lanes1 value, ref ushort destination) => destination = (ushort)value.Bits;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHighHalves(Lanes1 first, Lanes1 second, ref ushort destination)
    {
        destination = (ushort)(first.Bits >> 16);
        Unsafe.Add(ref destination, 1) = (ushort)(second.Bits >> 16);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Keep(Lanes1 value, uint bits) => From((bits & 1) != 0 ? value.Bits : 0);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 AddWhere(Lanes1 sum, Lanes1 term, Lanes1 words, int at) => ((words.Bits >> at) & 1) != 0 ? sum + term : sum;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Choose(Lanes1 condition, Lanes1 a, Lanes1 b) => Select(condition, a, b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 Select(Lanes1 condition, Lanes1 a, Lanes1 b) => From((condition.Bits & a.Bits) | (~condition.Bits & b.Bits));

    /// <inheritdoc/>
    public static Lanes1 KeepAgreeing(Lanes1 value, Lanes1 elected) => ((value.Bits ^ elected.Bits) >> 31) == 0 ? value : From(0);

    /// <inheritdoc/>
    public static Lanes1 Keep(Lanes1 value, Lanes1 words, int at) => ((words.Bits >> at) & 1) != 0 ? value : From(0);

    /// <inheritdoc/>
    public static Lanes1 KeepWhereNonzero(Lanes1 value, Lanes1 other) => new(other._value == 0 ? 0 : value._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 AddWhereNonzero(Lanes1 sum, Lanes1 term, Lanes1 other) => sum + KeepWhereNonzero(term, other);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 GreaterBits(Lanes1 a, Lanes1 b) => From((int)a.Bits > (int)b.Bits ? uint.MaxValue : 0);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Signs(Lanes1 value) => value.Bits >> 31;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong WhichGreater(Lanes1 a, Lanes1 b, Lanes1 c, Lanes1 d, Lanes1 limit) =>
        (Greater(a, limit) ? 1u : 0) | (Greater(b, limit) ? 2u : 0) | (Greater(c, limit) ? 4u : 0) | (Greater(d, limit) ? 8u : 0);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PlaceOf(int bit) => bit;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 MaxBits(Lanes1 a, Lanes1 b) => From(Math.Max(a.Bits, b.Bits));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 MinBits(Lanes1 a, Lanes1 b) => From(Math.Min(a.Bits, b.Bits));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 AddBits(Lanes1 a, Lanes1 b) => From(a.Bits + b.Bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 SubtractBits(Lanes1 a, Lanes1 b) => From(a.Bits - b.Bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 ShiftLeft(Lanes1 value, int count) => From(value.Bits << count);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 ShiftRight(Lanes1 value, int count) => From(value.Bits >> count);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyGreaterBits(Lanes1 value, uint limit) => (int)value.Bits > (int)limit;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 operator +(Lanes1 a, Lanes1 b) => new(a._value + b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 operator -(Lanes1 a, Lanes1 b) => new(a._value - b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 operator *(Lanes1 a, Lanes1 b) => new(a._value * b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 operator /(Lanes1 a, Lanes1 b) => new(a._value / b._value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 operator &(Lanes1 a, Lanes1 b) => From(a.Bits & b.Bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 operator |(Lanes1 a, Lanes1 b) => From(a.Bits | b.Bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1 operator ^(Lanes1 a, Lanes1 b) => From(a.Bits ^ b.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes1 From(uint bits) => new(BitConverter.UInt32BitsToSingle(bits));

    private static bool Greater(Lanes1 a, Lanes1 b) => (int)a.Bits > (int)b.Bits;
}
