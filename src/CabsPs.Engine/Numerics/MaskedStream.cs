using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CabsPs.Engine.Numerics;

/// <summary>Masked task vectors from stored bytes, whose deltas are never stored: each vector is measured, or measured and added to a sum, in
/// one pass over a tile, then the sum goes onto the base. A piece with an input or result that is not finite is given up, as in
/// <see cref="DenseStream"/>. Whole chunks are taken in the order of <see cref="IStored.LoadPair"/>, which shows in no figure, because
/// elements meet the lane that is theirs in the same order.</summary>
/// <typeparam name="TStored">How weights are stored.</typeparam>
internal static unsafe class MaskedStream<TStored>
    where TStored : struct, IStored
{
    private const uint LargestFinite = 0x7F7F_FFFF;
    private const int Chunk = EnergySums.Chunk;
    private const int Lanes = ReferenceKernels<float>.Lanes;

    /// <summary>See <see cref="IKernels{T}.TryMagnitudes"/>.</summary>
    public static bool Magnitudes<V>(ReadOnlySpan<byte> origin, ReadOnlySpan<byte> stored, ReadOnlySpan<ulong> mask, out (double All, double Kept) sums)
        where V : struct, ILanes<V>
    {
        Span<double> all = stackalloc double[Lanes], kept = stackalloc double[Lanes];
        all.Clear();
        kept.Clear();
        int length = origin.Length / TStored.Size, whole = length - (length % Chunk);
        fixed (byte* from = origin, weights = stored)
        fixed (ulong* bits = mask)
        fixed (double* toAll = all, toKept = kept)
        {
            if (V.Count == 16)
                MaskedLoops512<TStored>.AddMagnitudes(from, weights, (uint*)bits, whole, toAll, toKept);
            else
                MaskedLoops256<TStored>.AddMagnitudes(from, weights, (uint*)bits, whole, toAll, toKept);
            if (whole < length)
            {
                Order(all, kept);
                Span<float> rest = stackalloc float[length - whole];
                for (int i = whole; i < length; i++)
                    rest[i - whole] = Delta(from, weights, i);
                ReferenceKernels<float>.AddMagnitudes(rest, mask[(whole >> 6)..], all, kept);
            }
        }

        bool ordered = whole < length;
        sums = (AddUp(all, ordered), AddUp(kept, ordered));
        // a chunk whose sum float32 does not hold shows as well: its tile follows
        return double.IsFinite(sums.All);
    }

    /// <summary>See <see cref="IKernels{T}.TryAddMasked"/>.</summary>
    public static bool Add<V>(ReadOnlySpan<byte> origin, ReadOnlySpan<byte> stored, ReadOnlySpan<ulong> mask, float weight, bool isFirst, Span<float> total, out (double All, double Kept) energies)
        where V : struct, ILanes<V>
    {
        Span<double> all = stackalloc double[Lanes], kept = stackalloc double[Lanes];
        all.Clear();
        kept.Clear();
        int length = origin.Length / TStored.Size, whole = length - (length % Chunk);
        fixed (byte* from = origin, weights = stored)
        fixed (ulong* bits = mask)
        fixed (float* sum = total)
        fixed (double* toAll = all, toKept = kept)
        {
            for (int at = 0; at < whole;)
            {
                int end = isFirst
                    ? AddChunks<V, FromZero>(from, weights, (uint*)bits, weight, sum, at, whole, toAll, toKept)
                    : AddChunks<V, FromMemory>(from, weights, (uint*)bits, weight, sum, at, whole, toAll, toKept);
                at = Math.Abs(end);
                if (end < 0)
                    AddExactly(from, weights, at - Chunk, mask, all, kept);
            }

            if (whole < length)
                Order(all, kept);
            Span<float> rest = stackalloc float[length - whole];
            for (int i = whole; i < length; i++)
            {
                rest[i - whole] = Delta(from, weights, i);
                if (isFirst)
                    sum[i] = 0;
                if (BitMask.Has(mask, i))
                    sum[i] += weight * rest[i - whole];
            }

            if (whole < length)
                ReferenceKernels<float>.AddEnergies(rest, mask[(whole >> 6)..], all, kept);
        }

        bool ordered = whole < length;
        energies = (AddUp(all, ordered), AddUp(kept, ordered));
        return double.IsFinite(energies.All);
    }

    private static int AddChunks<V, TSum>(byte* origin, byte* stored, uint* mask, float weight, float* total, int start, int end, double* all, double* kept)
        where V : struct, ILanes<V>
        where TSum : struct, ISum => V.Count == 16
        ? MaskedLoops512<TStored>.AddChunks<TSum>(origin, stored, mask, weight, total, start, end, all, kept)
        : MaskedLoops256<TStored>.AddChunks<TSum>(origin, stored, mask, weight, total, start, end, all, kept);

    /// <summary>See <see cref="IKernels{T}.TryStoreSum"/>.</summary>
    public static bool Store<V>(ReadOnlySpan<byte> origin, ReadOnlySpan<float> total, float divisor, float lambda, Span<byte> destination)
        where V : struct, ILanes<V>
    {
        int whole = total.Length - (total.Length % Chunk);
        fixed (byte* from = origin, to = destination)
        fixed (float* sum = total)
        {
            V largest = StorePairs<V>(from, sum, divisor, lambda, to, whole);
            var last = Lanes1.OfBits(0);
            for (int i = whole; i < total.Length; i++)
            {
                Lanes1 result = TStored.Load<Lanes1>(in from[i * TStored.Size]) + new Lanes1(total[i] / divisor * lambda);
                last = Lanes1.MaxBits(last, result & Lanes1.OfBits(0x7FFF_FFFF));
                TStored.StoreFinite(result, ref to[i * TStored.Size]);
            }

            return !V.AnyGreaterBits(largest, LargestFinite) && !Lanes1.AnyGreaterBits(last, LargestFinite);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static V StorePairs<V>(byte* origin, float* total, float divisor, float lambda, byte* destination, nint end)
        where V : struct, ILanes<V>
    {
        V largest = V.OfBits(0), by = V.Of(divisor), factor = V.Of(lambda);
        bool scaled = divisor != 1 || lambda != 1;
        for (nint i = 0; i < end; i += 4 * V.Count)
        {
            V a = V.Load(in total[i]), b = V.Load(in total[i + V.Count]), c = V.Load(in total[i + (2 * V.Count)]), d = V.Load(in total[i + (3 * V.Count)]);
            if (scaled)
                (a, b, c, d) = (a / by * factor, b / by * factor, c / by * factor, d / by * factor);
            byte* to = destination + (i * TStored.Size), toNext = to + (2 * V.Count * TStored.Size);
            (V first, V second) = TStored.LoadPair<V>(in origin[i * TStored.Size]);
            (V third, V fourth) = TStored.LoadPair<V>(in origin[(i + (2 * V.Count)) * TStored.Size]);
            (a, b, c, d) = (first + a, second + b, third + c, fourth + d);
            // what is not finite stays so in a sum; a sum that is too large costs no more than a tile done again
            largest = V.MaxBits(largest, (a + b + (c + d)) & V.OfBits(0x7FFF_FFFF));
            ElementLoops<V>.Prefetch<TStored>(ref to[end * TStored.Size]);
            TStored.StorePair(a, b, ref *to);
            TStored.StorePair(c, d, ref *toNext);
        }

        return largest;
    }

    // a chunk whose squares float32 does not hold
    private static void AddExactly(byte* origin, byte* stored, int start, ReadOnlySpan<ulong> mask, Span<double> all, Span<double> kept)
    {
        // as where a fine-tune left a tensor alone; a weight that is not finite shows in the result
        int at = start * TStored.Size, bytes = Chunk * TStored.Size;
        if (new ReadOnlySpan<byte>(origin + at, bytes).SequenceEqual(new ReadOnlySpan<byte>(stored + at, bytes)))
            return;
        Span<float> chunk = stackalloc float[Chunk];
        for (int i = 0; i < Chunk; i++)
            chunk[i] = Delta(origin, stored, start + i);
        Order(all, kept);
        ReferenceKernels<float>.AddSquares(chunk, mask[(start >> 6)..], all, kept);
        if (TStored.PairsAlternate)
        {
            Split(all);
            Split(kept);
        }
    }

    private static float Delta(byte* origin, byte* stored, int i)
    {
        float delta = 0;
        Lanes1.Store(TStored.Load<Lanes1>(in stored[i * TStored.Size]) - TStored.Load<Lanes1>(in origin[i * TStored.Size]), ref delta);
        return delta;
    }

    // the same sums pair by pair as in the order of the lanes, where even lanes come before odd ones
    private static double AddUp(Span<double> sums, bool ordered) => TStored.PairsAlternate && !ordered
        ? AddEight(sums) + AddEight(sums[(Lanes / 2)..])
        : ReferenceKernels<float>.AddUp(sums);

    private static double AddEight(ReadOnlySpan<double> sums)
    {
        Vector256<double> four = Vector256.Create(sums) + Vector256.Create(sums[4..]);
        Vector128<double> two = four.GetLower() + four.GetUpper();
        return two[0] + two[1];
    }

    private static void Order(Span<double> all, Span<double> kept)
    {
        if (!TStored.PairsAlternate)
            return;
        Join(all);
        Join(kept);
    }

    // the loops keep the sums of even lanes before those of odd ones
    private static void Join(Span<double> sums)
    {
        Span<double> split = stackalloc double[Lanes];
        sums.CopyTo(split);
        for (int i = 0; i < Lanes; i++)
            sums[i] = split[(i / 2) + (i % 2 * (Lanes / 2))];
    }

    private static void Split(Span<double> sums)
    {
        Span<double> joined = stackalloc double[Lanes];
        sums.CopyTo(joined);
        for (int i = 0; i < Lanes; i++)
            sums[(i / 2) + (i % 2 * (Lanes / 2))] = joined[i];
    }
}

/// <summary>What a sum is before a term is added.</summary>
internal unsafe interface ISum
{
    /// <summary>Some of it.</summary>
    static abstract V Of<V>(float* total)
        where V : struct, ILanes<V>;
}

/// <summary>Nothing yet.</summary>
internal readonly unsafe struct FromZero : ISum
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(float* total)
        where V : struct, ILanes<V> => V.OfBits(0);
}

/// <summary>What the terms before left.</summary>
internal readonly unsafe struct FromMemory : ISum
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(float* total)
        where V : struct, ILanes<V> => V.Load(in *total);
}
