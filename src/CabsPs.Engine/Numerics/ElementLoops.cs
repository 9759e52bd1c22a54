using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Numerics;

/// <summary>The element-wise kernels over a range of a span whose length is a multiple of the lanes: called once in the full
/// width and once, for what is left, in one lane.</summary>
/// <typeparam name="V">The lanes.</typeparam>
internal static class ElementLoops<V>
    where V : struct, ILanes<V>
{
    private const uint MagnitudeBits = 0x7FFF_FFFF;
    private const uint LargestFinite = 0x7F7F_FFFF;

    /// <summary>See <see cref="IKernels{T}.Widen"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Widen<TStored>(ReadOnlySpan<byte> source, Span<float> destination, int start, int end)
        where TStored : struct, IStored
    {
        ref byte from = ref MemoryMarshal.GetReference(source);
        ref float to = ref MemoryMarshal.GetReference(destination);
        V largest = V.OfBits(0);
        nint ahead = (nint)destination.Length * TStored.Size, i = start;
        for (; i + (4 * V.Count) <= end; i += 4 * V.Count)
        {
            ref byte at = ref Unsafe.Add(ref from, i * TStored.Size);
            Prefetch<TStored>(ref Unsafe.Add(ref at, ahead));
            V a = Load<TStored>(ref at, 0), b = Load<TStored>(ref at, 1), c = Load<TStored>(ref at, 2), d = Load<TStored>(ref at, 3);
            largest = V.MaxBits(largest, Largest(a, b, c, d));
            ref float into = ref Unsafe.Add(ref to, i);
            V.Store(a, ref into);
            V.Store(b, ref Unsafe.Add(ref into, V.Count));
            V.Store(c, ref Unsafe.Add(ref into, 2 * V.Count));
            V.Store(d, ref Unsafe.Add(ref into, 3 * V.Count));
        }

        for (; i < end; i += V.Count)
        {
            V value = Load<TStored>(ref Unsafe.Add(ref from, i * TStored.Size), 0);
            largest = V.MaxBits(largest, value & V.OfBits(MagnitudeBits));
            V.Store(value, ref Unsafe.Add(ref to, i));
        }

        return !V.AnyGreaterBits(largest, LargestFinite);
    }

    /// <summary>See <see cref="IKernels{T}.WidenDelta"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool WidenDelta<TStored>(ReadOnlySpan<byte> source, ReadOnlySpan<float> origin, Span<float> delta, int start, int end)
        where TStored : struct, IStored
    {
        ref byte from = ref MemoryMarshal.GetReference(source);
        ref float minus = ref MemoryMarshal.GetReference(origin);
        ref float to = ref MemoryMarshal.GetReference(delta);
        V largest = V.OfBits(0);
        nint ahead = (nint)delta.Length * TStored.Size, i = start;
        for (; i + (4 * V.Count) <= end; i += 4 * V.Count)
        {
            ref byte at = ref Unsafe.Add(ref from, i * TStored.Size);
            Prefetch<TStored>(ref Unsafe.Add(ref at, ahead));
            V a = Load<TStored>(ref at, 0), b = Load<TStored>(ref at, 1), c = Load<TStored>(ref at, 2), d = Load<TStored>(ref at, 3);
            largest = V.MaxBits(largest, Largest(a, b, c, d));
            ref float less = ref Unsafe.Add(ref minus, i), into = ref Unsafe.Add(ref to, i);
            V.Store(a - V.Load(in less), ref into);
            V.Store(b - V.Load(in Unsafe.Add(ref less, V.Count)), ref Unsafe.Add(ref into, V.Count));
            V.Store(c - V.Load(in Unsafe.Add(ref less, 2 * V.Count)), ref Unsafe.Add(ref into, 2 * V.Count));
            V.Store(d - V.Load(in Unsafe.Add(ref less, 3 * V.Count)), ref Unsafe.Add(ref into, 3 * V.Count));
        }

        for (; i < end; i += V.Count)
        {
            V value = Load<TStored>(ref Unsafe.Add(ref from, i * TStored.Size), 0);
            largest = V.MaxBits(largest, value & V.OfBits(MagnitudeBits));
            V.Store(value - V.Load(in Unsafe.Add(ref minus, i)), ref Unsafe.Add(ref to, i));
        }

        return !V.AnyGreaterBits(largest, LargestFinite);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Load<TStored>(ref byte source, int vector)
        where TStored : struct, IStored => TStored.Load<V>(in Unsafe.Add(ref source, vector * V.Count * TStored.Size));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Largest(V a, V b, V c, V d) =>
        V.MaxBits(V.MaxBits(a & V.OfBits(MagnitudeBits), b & V.OfBits(MagnitudeBits)), V.MaxBits(c & V.OfBits(MagnitudeBits), d & V.OfBits(MagnitudeBits)));

    // four vectors of what the next tile will read: this one's arithmetic gives them the time to come. A hint to the cache, whatever lies there
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static unsafe void Prefetch<TStored>(ref byte source)
        where TStored : struct, IStored
    {
        if (!Sse.IsSupported)
            return;
        byte* at = (byte*)Unsafe.AsPointer(ref source);
        Sse.Prefetch0(at);
        if (4 * V.Count * TStored.Size >= 128)
            Sse.Prefetch0(at + 64);
        if (4 * V.Count * TStored.Size >= 256)
        {
            Sse.Prefetch0(at + 128);
            Sse.Prefetch0(at + 192);
        }
    }

    /// <summary>See <see cref="IKernels{T}.Narrow"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Narrow<TStored>(ReadOnlySpan<float> source, Span<byte> destination, int start, int end)
        where TStored : struct, IStored
    {
        ref float from = ref MemoryMarshal.GetReference(source);
        ref byte to = ref MemoryMarshal.GetReference(destination);
        for (int i = start; i < end; i += V.Count)
            TStored.Store(V.Load(in Unsafe.Add(ref from, i)), ref Unsafe.Add(ref to, (nint)i * TStored.Size));
    }

    /// <summary>values[i] = values[i] op other[i].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply<TOperation>(Span<float> values, ReadOnlySpan<float> other, int start, int end)
        where TOperation : struct, IOperation
    {
        ref float a = ref MemoryMarshal.GetReference(values);
        ref float b = ref MemoryMarshal.GetReference(other);
        for (int i = start; i < end; i += V.Count)
            V.Store(TOperation.Of(V.Load(in Unsafe.Add(ref a, i)), V.Load(in Unsafe.Add(ref b, i))), ref Unsafe.Add(ref a, i));
    }

    /// <summary>values[i] = values[i] op number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply<TOperation>(Span<float> values, float number, int start, int end)
        where TOperation : struct, IOperation
    {
        ref float a = ref MemoryMarshal.GetReference(values);
        V b = V.Of(number);
        for (int i = start; i < end; i += V.Count)
            V.Store(TOperation.Of(V.Load(in Unsafe.Add(ref a, i)), b), ref Unsafe.Add(ref a, i));
    }

    /// <summary>See <see cref="IKernels{T}.AddScaled(Span{T}, ReadOnlySpan{T}, T, ReadOnlySpan{ulong})"/>; an empty mask is one of
    /// ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(Span<float> total, ReadOnlySpan<float> delta, float weight, ReadOnlySpan<ulong> mask, int start, int end)
    {
        ref float sum = ref MemoryMarshal.GetReference(total);
        ref float term = ref MemoryMarshal.GetReference(delta);
        V factor = V.Of(weight), ones = V.OfBits(uint.MaxValue);
        for (int i = start; i < end; i += V.Count)
        {
            V old = V.Load(in Unsafe.Add(ref sum, i));
            V updated = old + (factor * V.Load(in Unsafe.Add(ref term, i)));
            if (!mask.IsEmpty)
                updated = V.Select(V.Keep(ones, (uint)(mask[i >> 6] >> i)), updated, old);
            V.Store(updated, ref Unsafe.Add(ref sum, i));
        }
    }

    /// <summary>See <see cref="IKernels{T}.Combine"/>: four vectors side by side, each summed in registers. Results are rounded as
    /// numbers that are not NaN.</summary>
    /// <returns>Whether that was right: false when a result is NaN or infinite, and the range is to be done again.</returns>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe bool Combine<TStored>(Tile<float> tile, ReadOnlySpan<Term<float>> terms, float divisor, float lambda, Span<byte> destination, int end)
        where TStored : struct, IStored
    {
        // a tile's arrays do not move
        TileTerm* list = stackalloc TileTerm[terms.Length];
        for (int t = 0; t < terms.Length; t++)
            list[t] = TileTerm.Of(tile, terms[t]);
        float* origin = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tile.Base));
        ref byte to = ref MemoryMarshal.GetReference(destination);
        V factor = V.Of(lambda), by = V.Of(divisor), largest = V.OfBits(0);
        bool scaled = divisor != 1 || lambda != 1;
        nint ahead = (nint)tile.Length * TStored.Size;
        TileTerm* last = list + terms.Length;
        for (nint i = 0; i < end; i += 4 * V.Count)
        {
            V a = V.OfBits(0), b = V.OfBits(0), c = V.OfBits(0), d = V.OfBits(0);
            for (TileTerm* term = list; term < last; term++)
            {
                float* delta = term->DeltaAt(i);
                V weight = V.Of(term->Weight);
                V pa = weight * V.Load(in delta[0]), pb = weight * V.Load(in delta[V.Count]);
                V pc = weight * V.Load(in delta[2 * V.Count]), pd = weight * V.Load(in delta[3 * V.Count]);
                if (term->Mask != 0)
                {
                    V first = V.OfBits(term->Words(i)[0]), second = V.Count == 16 ? V.OfBits(term->Words(i)[1]) : first;
                    int bit = V.Count < 8 ? (int)i & 31 : 0;
                    a = V.AddWhere(a, pa, first, bit);
                    b = V.AddWhere(b, pb, first, bit + V.Count);
                    c = V.AddWhere(c, pc, second, V.Count == 16 ? 0 : bit + (2 * V.Count));
                    d = V.AddWhere(d, pd, second, V.Count == 16 ? 16 : bit + (3 * V.Count));
                }
                else
                {
                    a += pa;
                    b += pb;
                    c += pc;
                    d += pd;
                }
            }

            if (scaled)
                (a, b, c, d) = (a / by * factor, b / by * factor, c / by * factor, d / by * factor);
            float* at = origin + i;
            a = V.Load(in at[0]) + a;
            b = V.Load(in at[V.Count]) + b;
            c = V.Load(in at[2 * V.Count]) + c;
            d = V.Load(in at[3 * V.Count]) + d;
            largest = V.MaxBits(largest, Largest(a, b, c, d));
            ref byte into = ref Unsafe.Add(ref to, i * TStored.Size);
            Prefetch<TStored>(ref Unsafe.Add(ref into, ahead));
            TStored.StoreFinite(a, b, ref into);
            TStored.StoreFinite(c, d, ref Unsafe.Add(ref into, 2 * V.Count * TStored.Size));
        }

        return !V.AnyGreaterBits(largest, LargestFinite);
    }
}

/// <summary>An operation on two vectors.</summary>
internal interface IOperation
{
    /// <summary>Its result.</summary>
    static abstract V Of<V>(V a, V b)
        where V : struct, ILanes<V>;
}

/// <summary>a + b.</summary>
internal readonly struct Addition : IOperation
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(V a, V b)
        where V : struct, ILanes<V> => a + b;
}

/// <summary>a − b.</summary>
internal readonly struct Subtraction : IOperation
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(V a, V b)
        where V : struct, ILanes<V> => a - b;
}

/// <summary>a · b.</summary>
internal readonly struct Multiplication : IOperation
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(V a, V b)
        where V : struct, ILanes<V> => a * b;
}

/// <summary>a / b.</summary>
internal readonly struct Division : IOperation
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(V a, V b)
        where V : struct, ILanes<V> => a / b;
}
