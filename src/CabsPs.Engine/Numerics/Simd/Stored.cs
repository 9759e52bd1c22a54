using System.Runtime.CompilerServices;

namespace CabsPs.Engine.Numerics.Simd;

/// <summary>A stored type as the fused kernels see it: how a vector of it is loaded and stored.</summary>
/// <typeparam name="V">A vector of float32.</typeparam>
internal interface IStored<V>
    where V : struct
{
    /// <summary>Loads and widens the elements from an index on.</summary>
    static abstract V Load(ref readonly byte first, int index);

    /// <summary>Rounds and stores; false where the caller must convert them one by one.</summary>
    static abstract bool TryStore(V value, ref byte first, int index);
}

/// <summary>bfloat16.</summary>
internal readonly struct StoredBFloat16<V, L> : IStored<V>
    where V : struct
    where L : struct, ILanes<V>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load(ref readonly byte first, int index) => L.LoadBFloat16(in Unsafe.Add(ref Unsafe.As<byte, ushort>(ref Unsafe.AsRef(in first)), index));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryStore(V value, ref byte first, int index)
    {
        L.StoreBFloat16(value, ref Unsafe.Add(ref Unsafe.As<byte, ushort>(ref first), index));
        return true;
    }
}

/// <summary>binary16.</summary>
internal readonly struct StoredHalf<V, L> : IStored<V>
    where V : struct
    where L : struct, ILanes<V>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load(ref readonly byte first, int index) => L.LoadHalf(in Unsafe.Add(ref Unsafe.As<byte, ushort>(ref Unsafe.AsRef(in first)), index));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryStore(V value, ref byte first, int index) => L.TryStoreHalf(value, ref Unsafe.Add(ref Unsafe.As<byte, ushort>(ref first), index));
}

/// <summary>binary32.</summary>
internal readonly struct StoredSingle<V, L> : IStored<V>
    where V : struct
    where L : struct, ILanes<V>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load(ref readonly byte first, int index) => L.Load(in Unsafe.Add(ref Unsafe.As<byte, float>(ref Unsafe.AsRef(in first)), index));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryStore(V value, ref byte first, int index)
    {
        L.Store(value, ref Unsafe.Add(ref Unsafe.As<byte, float>(ref first), index));
        return true;
    }
}
