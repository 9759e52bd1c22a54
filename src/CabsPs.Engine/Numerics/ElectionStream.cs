using System.Numerics;
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
    private const int Chunk = EnergySums.Chunk;
    private const int Stretch = 1024;
    private const uint MagnitudeBits = 0x7FFF_FFFF;
    private const uint LargestFinite = 0x7F7F_FFFF;

    /// <summary>Runs over a tile of whole chunks of <see cref="EnergySums"/>.</summary>
    /// <returns>False where a result may not be finite, or float32 cannot hold the squares; the destination is garbage then, and the figures as they
    /// were.</returns>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Run<V, TIn, TOut>(ReadOnlySpan<byte> origin, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ElectedTerm<float> one, ElectedTerm<float> other, bool normalize, float lambda, Span<byte> destination, int length, Span<double> figures)
        where V : struct, ILanes<V>
        where TIn : struct, IStored
        where TOut : struct, IStored
    {
        // per vector lanes of all squares, then of those kept
        Span<double> energies = stackalloc double[4 * Lanes];
        Span<float> squares = stackalloc float[Stretch / Chunk * 4 * Period];
        Span<float> products = stackalloc float[2 * Stretch];
        energies.Clear();
        nint keptA = 0, keptB = 0, shared = 0;
        ref float square = ref MemoryMarshal.GetReference(squares);
        ref float product = ref MemoryMarshal.GetReference(products);
        ref double energy = ref MemoryMarshal.GetReference(energies);
        for (int start = 0; start < length; start += Stretch)
        {
            int end = Math.Min(start + Stretch, length);
            (nint a, nint b, nint both) = Trim<V, TIn>(ref At(origin, start * TIn.Size), ref At(first, start * TIn.Size), ref At(second, start * TIn.Size), one, other, end - start, origin.Length, ref square, ref product);
            (keptA, keptB, shared) = (keptA + a, keptB + b, shared + both);
            if (!Elect<V, TIn, TOut>(ref At(origin, start * TIn.Size), ref product, one.Share, other.Share, normalize, lambda, ref At(destination, start * TOut.Size), end - start, destination.Length))
                return false;
            for (int at = start; at < end; at += Chunk)
            {
                ref float here = ref Unsafe.Add(ref square, (at - start) / Chunk * 4 * Period);
                ReadOnlySpan<byte> stored = origin.Slice(at * TIn.Size, Chunk * TIn.Size);
                if (!AddChunk<V>(ref here, ref energy, stored, first[(at * TIn.Size)..])
                    || !AddChunk<V>(ref Unsafe.Add(ref here, 2 * Period), ref Unsafe.Add(ref energy, 2 * Lanes), stored, second[(at * TIn.Size)..]))
                    return false;
            }
        }

        for (int vector = 0; vector < 2; vector++)
        {
            Span<double> all = energies.Slice(2 * vector * Lanes, Lanes), kept = energies.Slice(((2 * vector) + 1) * Lanes, Lanes);
            figures[3 * vector] += vector == 0 ? keptA : keptB;
            figures[(3 * vector) + 1] += ReferenceKernels<float>.AddUp(all);
            figures[(3 * vector) + 2] += ReferenceKernels<float>.AddUp(kept);
        }

        figures[6] += shared;
        return true;
    }

    // masks, squares and products. No call in here or below: vectors would be moved to memory and back around it; and two loops, because one would have
    // more in flight than a processor can hold
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static (nint A, nint B, nint Both) Trim<V, TIn>(ref byte origin, ref byte first, ref byte second, ElectedTerm<float> one, ElectedTerm<float> other, int length, nint ahead, ref float squares, ref float products)
        where V : struct, ILanes<V>
        where TIn : struct, IStored
    {
        V limitA = V.OfBits((uint)one.Limit), limitB = V.OfBits((uint)other.Limit), weightA = V.Of(one.Weight), weightB = V.Of(other.Weight);
        nint keptA = 0, keptB = 0, shared = 0;
        for (nint chunk = 0; chunk < length; chunk += Chunk)
        {
            for (nint lane = 0; lane < Period; lane += V.Count)
            {
                V allA = V.OfBits(0), allB = V.OfBits(0), someA = V.OfBits(0), someB = V.OfBits(0);
                for (nint i = chunk + lane; i < chunk + Chunk; i += Period)
                {
                    ref byte a = ref Unsafe.Add(ref first, i * TIn.Size), b = ref Unsafe.Add(ref second, i * TIn.Size), at = ref Unsafe.Add(ref origin, i * TIn.Size);
                    if (lane == 0)
                    {
                        Prefetch<TIn>(ref at, ahead);
                        Prefetch<TIn>(ref a, ahead);
                        Prefetch<TIn>(ref b, ahead);
                    }

                    V start = TIn.Load<V>(in at), deltaA = TIn.Load<V>(in a) - start, deltaB = TIn.Load<V>(in b) - start;
                    V keepA = V.GreaterBits(deltaA & V.OfBits(MagnitudeBits), limitA), keepB = V.GreaterBits(deltaB & V.OfBits(MagnitudeBits), limitB);
                    allA += deltaA * deltaA;
                    allB += deltaB * deltaB;
                    uint ofA = V.Signs(keepA), ofB = V.Signs(keepB);
                    keptA += BitOperations.PopCount(ofA);
                    keptB += BitOperations.PopCount(ofB);
                    shared += BitOperations.PopCount(ofA & ofB);
                    deltaA &= keepA;
                    deltaB &= keepB;
                    someA += deltaA * deltaA;
                    someB += deltaB * deltaB;
                    V.Store(deltaA * weightA, ref Unsafe.Add(ref products, i));
                    V.Store(deltaB * weightB, ref Unsafe.Add(ref products, Stretch + i));
                }

                V.Store(allA, ref Unsafe.Add(ref squares, lane));
                V.Store(someA, ref Unsafe.Add(ref squares, Period + lane));
                V.Store(allB, ref Unsafe.Add(ref squares, (2 * Period) + lane));
                V.Store(someB, ref Unsafe.Add(ref squares, (3 * Period) + lane));
            }

            squares = ref Unsafe.Add(ref squares, 4 * Period);
        }

        return (keptA, keptB, shared);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static bool Elect<V, TIn, TOut>(ref byte origin, ref float products, float shareA, float shareB, bool normalize, float lambda, ref byte destination, int length, nint ahead)
        where V : struct, ILanes<V>
        where TIn : struct, IStored
        where TOut : struct, IStored
    {
        // shares that add up to zero leave the sum alone, as does 1
        V none = V.Of(1), onlyA = V.Of(shareA == 0 ? 1 : shareA), onlyB = V.Of(shareB == 0 ? 1 : shareB), both = V.Of(shareA + shareB == 0 ? 1 : shareA + shareB);
        V factor = V.Of(lambda), finite = V.OfBits(0);
        bool scaled = lambda != 1;
        for (nint i = 0; i < length; i += 2 * V.Count)
        {
            ref float a = ref Unsafe.Add(ref products, i);
            V p = V.Load(in a), q = V.Load(in Unsafe.Add(ref a, Stretch)), r = V.Load(in Unsafe.Add(ref a, V.Count)), s = V.Load(in Unsafe.Add(ref a, Stretch + V.Count));
            // as integers: what has the sign of the sum and is not zero
            V pq = (p + q) & V.OfBits(~MagnitudeBits), rs = (r + s) & V.OfBits(~MagnitudeBits);
            V ofP = V.GreaterBits(p ^ pq, V.OfBits(0)), ofQ = V.GreaterBits(q ^ pq, V.OfBits(0));
            V ofR = V.GreaterBits(r ^ rs, V.OfBits(0)), ofS = V.GreaterBits(s ^ rs, V.OfBits(0));
            V sum = (p & ofP) + (q & ofQ), next = (r & ofR) + (s & ofS);
            if (normalize)
            {
                sum /= V.Choose(ofP & ofQ, both, V.Choose(ofP, onlyA, V.Choose(ofQ, onlyB, none)));
                next /= V.Choose(ofR & ofS, both, V.Choose(ofR, onlyA, V.Choose(ofS, onlyB, none)));
            }

            ref byte from = ref Unsafe.Add(ref origin, i * TIn.Size), to = ref Unsafe.Add(ref destination, i * TOut.Size);
            if (scaled)
            {
                sum *= factor;
                next *= factor;
            }

            sum = TIn.Load<V>(in from) + sum;
            next = TIn.Load<V>(in Unsafe.Add(ref from, V.Count * TIn.Size)) + next;
            // infinity and NaN stay in a sum
            finite += sum;
            finite += next;
            Prefetch<TOut>(ref to, ahead);
            TOut.StoreFinite(sum, next, ref to);
        }

        return !V.AnyGreaterBits(finite & V.OfBits(MagnitudeBits), LargestFinite);
    }

    // lanes of one vector's squares, all and kept, become float64; deltas that are all zero have none
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
            return weights.StartsWith(origin);
        if (V.AnyGreaterBits(largest, EnergySums.MostBits))
            return false;
        ChunkSums.AddWidened(in squares, ref energies);
        ChunkSums.AddWidened(in Unsafe.Add(ref squares, Period), ref Unsafe.Add(ref energies, Lanes));
        return true;
    }

    private static ref byte At(ReadOnlySpan<byte> bytes, int offset) => ref Unsafe.Add(ref MemoryMarshal.GetReference(bytes), offset);

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
