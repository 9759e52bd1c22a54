using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace CabsPs.Engine.Numerics;

/// <summary>The sign election of TIES between two vectors trimmed by magnitude, from stored bytes to stored bytes, with the figures that a report needs:
/// the bits of masks, <see cref="EnergySums"/> and <see cref="ElectionLoops{V}"/> one after the other.</summary>
internal static class ElectionStream
{
    private const int Lanes = ReferenceKernels<float>.Lanes;
    private const int Period = 2 * Lanes;
    private const uint MagnitudeBits = 0x7FFF_FFFF;
    private const uint LargestFinite = 0x7F7F_FFFF;

    /// <summary>Runs over a tile of whole chunks of <see cref="EnergySums"/>.</summary>
    /// <returns>False where a result is not finite, or float32 cannot hold the squares; the destination is garbage then, and the figures as they were.</returns>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Run<V, TIn, TOut>(ReadOnlySpan<byte> origin, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ElectedTerm<float> one, ElectedTerm<float> other, bool normalize, float lambda, Span<byte> destination, int length, Span<double> figures)
        where V : struct, ILanes<V>
        where TIn : struct, IStored
        where TOut : struct, IStored
    {
        // per vector lanes of squares, then of those kept
        Span<double> energies = stackalloc double[4 * Lanes];
        Span<float> squares = stackalloc float[4 * Period];
        energies.Clear();
        ref float square = ref MemoryMarshal.GetReference(squares);
        ref byte from = ref MemoryMarshal.GetReference(origin), a = ref MemoryMarshal.GetReference(first), b = ref MemoryMarshal.GetReference(second), to = ref MemoryMarshal.GetReference(destination);
        V limitA = V.OfBits((uint)one.Limit), limitB = V.OfBits((uint)other.Limit), weightA = V.Of(one.Weight), weightB = V.Of(other.Weight), factor = V.Of(lambda);
        // one lane's divisor, as bits to be flipped in that of nobody: 1, which leaves a sum alone
        V none = V.Of(1), onlyA = Divisor<V>(one.Share), onlyB = Divisor<V>(other.Share), both = Divisor<V>(one.Share + other.Share);
        V keptA = V.OfBits(0), keptB = V.OfBits(0), shared = V.OfBits(0), largest = V.OfBits(0);
        nint ahead = (nint)length * TIn.Size, aheadOut = (nint)length * TOut.Size;
        for (nint chunk = 0; chunk < length; chunk += EnergySums.Chunk)
        {
            for (int lane = 0; lane < Period; lane += V.Count)
            {
                V allA = V.OfBits(0), allB = V.OfBits(0), someA = V.OfBits(0), someB = V.OfBits(0);
                for (nint i = chunk + lane; i < chunk + EnergySums.Chunk; i += Period)
                {
                    if (lane == 0)
                    {
                        Prefetch<TIn>(ref from, (i * TIn.Size) + ahead);
                        Prefetch<TIn>(ref a, (i * TIn.Size) + ahead);
                        Prefetch<TIn>(ref b, (i * TIn.Size) + ahead);
                        Prefetch<TOut>(ref to, (i * TOut.Size) + aheadOut);
                    }

                    V start = TIn.Load<V>(in Unsafe.Add(ref from, i * TIn.Size));
                    V deltaA = TIn.Load<V>(in Unsafe.Add(ref a, i * TIn.Size)) - start, deltaB = TIn.Load<V>(in Unsafe.Add(ref b, i * TIn.Size)) - start;
                    V keepA = V.GreaterBits(deltaA & V.OfBits(MagnitudeBits), limitA), keepB = V.GreaterBits(deltaB & V.OfBits(MagnitudeBits), limitB);
                    allA += deltaA * deltaA;
                    allB += deltaB * deltaB;
                    keptA = V.SubtractBits(keptA, keepA);
                    keptB = V.SubtractBits(keptB, keepB);
                    shared = V.SubtractBits(shared, keepA & keepB);
                    deltaA &= keepA;
                    deltaB &= keepB;
                    someA += deltaA * deltaA;
                    someB += deltaB * deltaB;
                    deltaA *= weightA;
                    deltaB *= weightB;
                    // as integers: what has the sign of the sum and is not zero
                    V elected = (deltaA + deltaB) & V.OfBits(~MagnitudeBits);
                    V agreesA = V.GreaterBits(deltaA ^ elected, V.OfBits(0)), agreesB = V.GreaterBits(deltaB ^ elected, V.OfBits(0));
                    V sum = (deltaA & agreesA) + (deltaB & agreesB);
                    if (normalize)
                        sum /= V.Select(agreesA & agreesB, both, V.Select(agreesA, onlyA, V.Select(agreesB, onlyB, none)));
                    V result = start + (sum * factor);
                    largest = V.MaxBits(largest, result & V.OfBits(MagnitudeBits));
                    TOut.StoreFinite(result, ref Unsafe.Add(ref to, i * TOut.Size));
                }

                V.Store(allA, ref Unsafe.Add(ref square, lane));
                V.Store(someA, ref Unsafe.Add(ref square, Period + lane));
                V.Store(allB, ref Unsafe.Add(ref square, (2 * Period) + lane));
                V.Store(someB, ref Unsafe.Add(ref square, (3 * Period) + lane));
            }

            int at = (int)chunk * TIn.Size, bytes = EnergySums.Chunk * TIn.Size;
            if (!AddChunk<V>(ref square, ref MemoryMarshal.GetReference(energies), origin.Slice(at, bytes), first.Slice(at, bytes))
                || !AddChunk<V>(ref Unsafe.Add(ref square, 2 * Period), ref Unsafe.Add(ref MemoryMarshal.GetReference(energies), 2 * Lanes), origin.Slice(at, bytes), second.Slice(at, bytes)))
                return false;
        }

        if (V.AnyGreaterBits(largest, LargestFinite))
            return false;
        figures[0] += Total(keptA);
        figures[1] += ReferenceKernels<float>.AddUp(energies[..Lanes]);
        figures[2] += ReferenceKernels<float>.AddUp(energies[Lanes..(2 * Lanes)]);
        figures[3] += Total(keptB);
        figures[4] += ReferenceKernels<float>.AddUp(energies[(2 * Lanes)..(3 * Lanes)]);
        figures[5] += ReferenceKernels<float>.AddUp(energies[(3 * Lanes)..]);
        figures[6] += Total(shared);
        return true;
    }

    // shares that add up to zero leave the sum alone, too
    private static V Divisor<V>(float share)
        where V : struct, ILanes<V> => V.Of(share == 0 ? 1 : share);

    // lanes of one vector's squares, all and kept, become float64; deltas that are all zero have none
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AddChunk<V>(ref float squares, ref double energies, ReadOnlySpan<byte> origin, ReadOnlySpan<byte> weights)
        where V : struct, ILanes<V>
    {
        V largest = V.OfBits(0);
        for (int lane = 0; lane < Lanes; lane += V.Count)
        {
            V all = V.Load(in Unsafe.Add(ref squares, lane)) + V.Load(in Unsafe.Add(ref squares, Lanes + lane));
            V kept = V.Load(in Unsafe.Add(ref squares, Period + lane)) + V.Load(in Unsafe.Add(ref squares, Period + Lanes + lane));
            largest = V.MaxBits(largest, all & V.OfBits(MagnitudeBits));
            V.Store(all, ref Unsafe.Add(ref squares, lane));
            V.Store(kept, ref Unsafe.Add(ref squares, Period + lane));
        }

        if (!V.AnyGreaterBits(largest, EnergySums.LeastBits))
            return origin.SequenceEqual(weights);
        if (V.AnyGreaterBits(largest, EnergySums.MostBits))
            return false;
        EnergySums.AddWidened(in squares, ref energies);
        EnergySums.AddWidened(in Unsafe.Add(ref squares, Period), ref Unsafe.Add(ref energies, Lanes));
        return true;
    }

    private static long Total<V>(V counts)
        where V : struct, ILanes<V>
    {
        Span<uint> lanes = stackalloc uint[V.Count];
        V.Store(counts, ref Unsafe.As<uint, float>(ref MemoryMarshal.GetReference(lanes)));
        long total = 0;
        foreach (uint lane in lanes)
            total += lane;
        return total;
    }

    // a line or two of what the next tile will read or write
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Prefetch<TStored>(ref byte source, nint at)
        where TStored : struct, IStored
    {
        if (!Sse.IsSupported)
            return;
        byte* address = (byte*)Unsafe.AsPointer(ref source) + at;
        Sse.Prefetch0(address);
        if (TStored.Size > 2)
            Sse.Prefetch0(address + 64);
    }
}
