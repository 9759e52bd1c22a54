using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Numerics;

/// <summary>The sign election of TIES over a range of a tile: sum, elect, sum what agrees, divide, scale, add and round, everything in
/// registers.</summary>
/// <typeparam name="V">The lanes.</typeparam>
internal static class ElectionLoops<V>
    where V : struct, ILanes<V>
{
    /// <summary>See <see cref="IKernels{T}.CombineElected"/>: two vectors side by side. Where a mask has a zero, +0 is added: a sum that
    /// began at +0 is never −0, so that leaves every bit alone.</summary>
    /// <returns>The first element not done: fewer than two vectors are left.</returns>
    public static int Combine<TStored>(Tile<float> tile, ReadOnlySpan<Term<float>> terms, ReadOnlySpan<float> shares, bool normalize, float lambda, Span<byte> destination, int start, int end)
        where TStored : struct, IStored
    {
        ref float origin = ref MemoryMarshal.GetReference(tile.Base);
        ref byte to = ref MemoryMarshal.GetReference(destination);
        V factor = V.Of(lambda);
        int i = start;
        for (; i + (2 * V.Count) <= end; i += 2 * V.Count)
        {
            V a = V.OfBits(0), b = V.OfBits(0);
            foreach (Term<float> term in terms)
            {
                ref float delta = ref Delta(tile, term, i);
                ulong bits = BitsOf(tile, term, i);
                a += V.Keep(V.Of(term.Weight) * V.Load(in delta), (uint)bits);
                b += V.Keep(V.Of(term.Weight) * V.Load(in Unsafe.Add(ref delta, V.Count)), (uint)(bits >> V.Count));
            }

            V sumA = V.OfBits(0), sumB = V.OfBits(0), divisorA = V.OfBits(0), divisorB = V.OfBits(0);
            for (int k = 0; k < terms.Length; k++)
            {
                ref float delta = ref Delta(tile, terms[k], i);
                ulong bits = BitsOf(tile, terms[k], i);
                V share = V.Of(shares[k]);
                V agreeing = V.KeepAgreeing(V.Keep(V.Of(terms[k].Weight) * V.Load(in delta), (uint)bits), a);
                sumA += agreeing;
                divisorA += V.KeepWhereNonzero(share, agreeing);
                agreeing = V.KeepAgreeing(V.Keep(V.Of(terms[k].Weight) * V.Load(in Unsafe.Add(ref delta, V.Count)), (uint)(bits >> V.Count)), b);
                sumB += agreeing;
                divisorB += V.KeepWhereNonzero(share, agreeing);
            }

            if (normalize)
            {
                // one where there is nothing to divide by: x / 1 is x
                sumA /= divisorA + (V.Of(1) - V.KeepWhereNonzero(V.Of(1), divisorA));
                sumB /= divisorB + (V.Of(1) - V.KeepWhereNonzero(V.Of(1), divisorB));
            }

            ref float at = ref Unsafe.Add(ref origin, i);
            ref byte into = ref Unsafe.Add(ref to, (nint)i * TStored.Size);
            TStored.Store(V.Load(in at) + (sumA * factor), ref into);
            TStored.Store(V.Load(in Unsafe.Add(ref at, V.Count)) + (sumB * factor), ref Unsafe.Add(ref into, V.Count * TStored.Size));
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float Delta(Tile<float> tile, Term<float> term, int i) => ref Unsafe.Add(ref MemoryMarshal.GetReference(tile.Input(term.Input)), i);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong BitsOf(Tile<float> tile, Term<float> term, int i) => term.Masked ? tile.Mask(term.Input)[i >> 6] >> i : ulong.MaxValue;
}
