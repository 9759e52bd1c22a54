using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Numerics;

/// <summary>The sign election of TIES over a tile: sum, elect, sum what agrees, divide, scale, add and round, everything in registers.</summary>
/// <typeparam name="V">The lanes.</typeparam>
internal static class ElectionLoops<V>
    where V : struct, ILanes<V>
{
    private const uint MagnitudeBits = 0x7FFF_FFFF;
    private const uint LargestFinite = 0x7F7F_FFFF;

    /// <summary>See <see cref="IKernels{T}.CombineElected"/>: two vectors side by side. Where a mask has a zero, +0 is added: a sum that
    /// began at +0 is never −0, so that leaves every bit alone. Signs are read off the sign bits and results rounded as numbers, which is
    /// right only where sums and results are finite.</summary>
    /// <returns>The first element not done: fewer than two vectors are left. 0 where a sum or a result was not finite.</returns>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe int Combine<TStored>(Tile<float> tile, ReadOnlySpan<Term<float>> terms, ReadOnlySpan<float> shares, bool normalize, float lambda, Span<byte> destination)
        where TStored : struct, IStored
    {
        TileTerm* list = stackalloc TileTerm[terms.Length];
        for (int t = 0; t < terms.Length; t++)
            list[t] = TileTerm.Of(tile, terms[t], shares[t]);
        float* origin = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tile.Base));
        ref byte to = ref MemoryMarshal.GetReference(destination);
        V factor = V.Of(lambda), ones = V.OfBits(uint.MaxValue), largest = V.OfBits(0);
        TileTerm* last = list + terms.Length;
        nint i = 0;
        for (; i + (2 * V.Count) <= tile.Length; i += 2 * V.Count)
        {
            V a = V.OfBits(0), b = V.OfBits(0);
            for (TileTerm* term = list; term < last; term++)
            {
                (V pa, V pb) = Products(term, i);
                a += pa;
                b += pb;
            }

            V sumA = V.OfBits(0), sumB = V.OfBits(0), divisorA = V.OfBits(0), divisorB = V.OfBits(0);
            for (TileTerm* term = list; term < last; term++)
            {
                (V pa, V pb) = Products(term, i);
                V share = V.Of(term->Share);
                pa = V.KeepAgreeing(pa, a);
                pb = V.KeepAgreeing(pb, b);
                sumA += pa;
                sumB += pb;
                divisorA = V.AddWhereNonzero(divisorA, share, pa);
                divisorB = V.AddWhereNonzero(divisorB, share, pb);
            }

            if (normalize)
            {
                // where no term agrees, zero is to stay zero; where shares add up to zero, the sum stays
                sumA = V.Select(V.KeepWhereNonzero(ones, divisorA), sumA / divisorA, sumA);
                sumB = V.Select(V.KeepWhereNonzero(ones, divisorB), sumB / divisorB, sumB);
            }

            largest = V.MaxBits(largest, V.MaxBits(a & V.OfBits(MagnitudeBits), b & V.OfBits(MagnitudeBits)));
            a = V.Load(in origin[i]) + (sumA * factor);
            b = V.Load(in origin[i + V.Count]) + (sumB * factor);
            largest = V.MaxBits(largest, V.MaxBits(a & V.OfBits(MagnitudeBits), b & V.OfBits(MagnitudeBits)));
            TStored.StoreFinite(a, b, ref Unsafe.Add(ref to, i * TStored.Size));
        }

        return V.AnyGreaterBits(largest, LargestFinite) ? 0 : (int)i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe (V First, V Second) Products(TileTerm* term, nint i)
    {
        V weight = V.Of(term->Weight);
        float* delta = term->DeltaAt(i);
        V first = weight * V.Load(in delta[0]), second = weight * V.Load(in delta[V.Count]);
        if (term->Mask == 0)
            return (first, second);
        V words = V.OfBits(term->Words(i)[0]);
        int bit = V.Count < 16 ? (int)i & 31 : 0;
        return (V.Keep(first, words, bit), V.Keep(second, words, V.Count < 16 ? bit + V.Count : 16));
    }
}
