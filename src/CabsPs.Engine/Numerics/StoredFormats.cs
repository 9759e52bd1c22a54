using System.Runtime.CompilerServices;

namespace CabsPs.Engine.Numerics;

/// <summary>How elements lie in a file: read into lanes and written from them in any width.</summary>
internal interface IStored
{
    /// <summary>Bytes of an element.</summary>
    static abstract int Size { get; }

    /// <summary>Reads elements, exactly.</summary>
    static abstract V Load<V>(ref readonly byte source)
        where V : struct, ILanes<V>;

    /// <summary>Whether <see cref="LoadPair"/> gives every other element in each vector, and not one half in each.</summary>
    static abstract bool PairsAlternate { get; }

    /// <summary>Reads the elements of two vectors in the order that costs least.</summary>
    static abstract (V First, V Second) LoadPair<V>(ref readonly byte source)
        where V : struct, ILanes<V>;

    /// <summary>Writes elements that are not NaN in the order in which they are read in pairs.</summary>
    static abstract void StorePair<V>(V first, V second, ref byte destination)
        where V : struct, ILanes<V>;

    /// <summary>Writes elements, rounding to nearest, ties to even.</summary>
    static abstract void Store<V>(V value, ref byte destination)
        where V : struct, ILanes<V>;

    /// <summary>Writes elements that are not NaN.</summary>
    static abstract void StoreFinite<V>(V value, ref byte destination)
        where V : struct, ILanes<V>;

    /// <summary>Writes elements that are not NaN, two vectors of them.</summary>
    static abstract void StoreFinite<V>(V first, V second, ref byte destination)
        where V : struct, ILanes<V>;
}

/// <summary>binary32.</summary>
internal readonly struct StoredF32 : IStored
{
    /// <inheritdoc/>
    public static int Size => 4;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<V>(ref readonly byte source)
        where V : struct, ILanes<V> => V.Load(in Unsafe.As<byte, float>(ref Unsafe.AsRef(in source)));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<V>(V value, ref byte destination)
        where V : struct, ILanes<V> => V.Store(value, ref Unsafe.As<byte, float>(ref destination));

    /// <inheritdoc/>
    public static bool PairsAlternate => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (V First, V Second) LoadPair<V>(ref readonly byte source)
        where V : struct, ILanes<V> => (Load<V>(in source), Load<V>(in Unsafe.Add(ref Unsafe.AsRef(in source), V.Count * Size)));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePair<V>(V first, V second, ref byte destination)
        where V : struct, ILanes<V> => StoreFinite(first, second, ref destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFinite<V>(V value, ref byte destination)
        where V : struct, ILanes<V> => Store(value, ref destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFinite<V>(V first, V second, ref byte destination)
        where V : struct, ILanes<V>
    {
        StoreFinite(first, ref destination);
        StoreFinite(second, ref Unsafe.Add(ref destination, V.Count * Size));
    }
}

/// <summary>bfloat16: the twin is <see cref="BFloat16"/>.</summary>
internal readonly struct StoredBF16 : IStored
{
    /// <inheritdoc/>
    public static int Size => 2;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<V>(ref readonly byte source)
        where V : struct, ILanes<V> => V.ShiftLeft(V.LoadHalves(in Unsafe.As<byte, ushort>(ref Unsafe.AsRef(in source))), 16);

    /// <inheritdoc/>
    public static bool PairsAlternate => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (V First, V Second) LoadPair<V>(ref readonly byte source)
        where V : struct, ILanes<V>
    {
        V both = StoredF32.Load<V>(in source);
        return (V.ShiftLeft(both, 16), both & V.OfBits(0xFFFF_0000));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePair<V>(V first, V second, ref byte destination)
        where V : struct, ILanes<V> => StoredF32.Store(Round(first) | (AddHalf(second) & V.OfBits(0xFFFF_0000)), ref destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<V>(V value, ref byte destination)
        where V : struct, ILanes<V>
    {
        V isNaN = V.GreaterBits(value & V.OfBits(0x7FFF_FFFF), V.OfBits(0x7F80_0000));
        V quiet = V.ShiftRight(value, 16) | V.OfBits(0x40);
        V.StoreHalves(V.Select(isNaN, quiet, Round(value)), ref Unsafe.As<byte, ushort>(ref destination));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFinite<V>(V value, ref byte destination)
        where V : struct, ILanes<V> => V.StoreHalves(Round(value), ref Unsafe.As<byte, ushort>(ref destination));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFinite<V>(V first, V second, ref byte destination)
        where V : struct, ILanes<V> => V.StoreHighHalves(AddHalf(first), AddHalf(second), ref Unsafe.As<byte, ushort>(ref destination));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Round<V>(V value)
        where V : struct, ILanes<V> => V.ShiftRight(AddHalf(value), 16);

    // the high half is then the value rounded to nearest, ties to even
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V AddHalf<V>(V value)
        where V : struct, ILanes<V> =>
        V.AddBits(V.AddBits(value, V.OfBits(0x7FFF)), V.ShiftRight(value, 16) & V.OfBits(1));
}

/// <summary>binary16. Multiplying by a power of two moves the exponent, denormal values included; adding one half rounds the
/// results that are denormal at their last place.</summary>
internal readonly struct StoredF16 : IStored
{
    /// <inheritdoc/>
    public static int Size => 2;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<V>(ref readonly byte source)
        where V : struct, ILanes<V>
    {
        return Widen(V.LoadHalves(in Unsafe.As<byte, ushort>(ref Unsafe.AsRef(in source))));
    }

    /// <inheritdoc/>
    public static bool PairsAlternate => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (V First, V Second) LoadPair<V>(ref readonly byte source)
        where V : struct, ILanes<V>
    {
        V both = StoredF32.Load<V>(in source);
        return (Widen(both & V.OfBits(0xFFFF)), Widen(V.ShiftRight(both, 16)));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePair<V>(V first, V second, ref byte destination)
        where V : struct, ILanes<V> => StoredF32.Store(Narrow(first) | V.ShiftLeft(Narrow(second), 16), ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Widen<V>(V halves)
        where V : struct, ILanes<V>
    {
        V sign = V.ShiftLeft(halves & V.OfBits(0x8000), 16);
        V magnitude = V.ShiftLeft(halves & V.OfBits(0x7FFF), 13);
        V finite = magnitude * V.Of(5192296858534827628530496329220096f); // 2^112
        V quiet = V.GreaterBits(magnitude, V.OfBits(0x7C00 << 13)) & V.OfBits(0x0040_0000);
        V special = magnitude | V.OfBits(0x7F80_0000) | quiet;
        return sign | V.Select(V.GreaterBits(magnitude, V.OfBits((0x7C00 << 13) - 1)), special, finite);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<V>(V value, ref byte destination)
        where V : struct, ILanes<V> => V.StoreHalves(Narrow(value), ref Unsafe.As<byte, ushort>(ref destination));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Narrow<V>(V value)
        where V : struct, ILanes<V>
    {
        V sign = V.ShiftRight(value, 16) & V.OfBits(0x8000);
        V magnitude = value & V.OfBits(0x7FFF_FFFF);
        V odd = V.ShiftRight(magnitude, 13) & V.OfBits(1);
        V rounded = V.ShiftRight(V.AddBits(V.AddBits(magnitude, V.OfBits(0xFFF)), odd), 13);
        V normal = V.MinBits(V.SubtractBits(rounded, V.OfBits(112 << 10)), V.OfBits(0x7C00));
        V denormal = V.SubtractBits(magnitude + V.Of(0.5f), V.Of(0.5f));
        V result = V.Select(V.GreaterBits(V.OfBits(113 << 23), magnitude), denormal, normal);
        V nan = (V.ShiftRight(magnitude, 13) & V.OfBits(0x3FF)) | V.OfBits(0x7E00);
        V isNaN = V.GreaterBits(magnitude, V.OfBits(0x7F80_0000));
        return sign | V.Select(isNaN, nan, result);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFinite<V>(V value, ref byte destination)
        where V : struct, ILanes<V> => Store(value, ref destination);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFinite<V>(V first, V second, ref byte destination)
        where V : struct, ILanes<V>
    {
        StoreFinite(first, ref destination);
        StoreFinite(second, ref Unsafe.Add(ref destination, V.Count * Size));
    }
}
