using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Numerics;

/// <summary>The sign election of TIES over a range of a tile whose length is a multiple of the lanes: sum, elect, sum what agrees, divide,
/// scale, add and round, everything in registers.</summary>
/// <typeparam name="V">The lanes.</typeparam>
internal static class ElectionLoops<V>
    where V : struct, ILanes<V>
{
    private const uint MagnitudeBits = 0x7FFF_FFFF;
    private const uint Infinity = 0x7F80_0000;

    /// <summary>See <see cref="IKernels{T}.CombineElected"/>.</summary>
    public static void Combine<TStored>(Tile<float> tile, ReadOnlySpan<Term<float>> terms, ReadOnlySpan<float> shares, bool normalize, float lambda, Span<byte> destination, int start, int end)
        where TStored : struct, IStored
    {
        ref float origin = ref MemoryMarshal.GetReference(tile.Base);
        ref byte to = ref MemoryMarshal.GetReference(destination);
        V factor = V.Of(lambda), zero = V.OfBits(0);
        for (int i = start; i < end; i += V.Count)
        {
            V elected = zero;
            foreach (Term<float> term in terms)
                elected += Product(tile, term, i);
            // what is not at least zero counts as minus; a sum that began at +0 is never −0
            V minus = V.GreaterBits(zero, elected) | V.GreaterBits(elected & V.OfBits(MagnitudeBits), V.OfBits(Infinity));
            V sum = zero, divisor = zero;
            for (int k = 0; k < terms.Length; k++)
            {
                V term = Product(tile, terms[k], i);
                V agrees = Agrees(term, minus);
                sum += term & agrees;
                divisor += V.Of(shares[k]) & agrees;
            }

            if (normalize)
                sum = V.Select(V.GreaterBits(divisor & V.OfBits(MagnitudeBits), zero), sum / divisor, sum);
            TStored.Store(V.Load(in Unsafe.Add(ref origin, i)) + (sum * factor), ref Unsafe.Add(ref to, (nint)i * TStored.Size));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Product(Tile<float> tile, Term<float> term, int i)
    {
        V product = V.Of(term.Weight) * V.Load(in Unsafe.Add(ref MemoryMarshal.GetReference(tile.Input(term.Input)), i));
        return term.Masked ? V.Keep(product, (uint)(tile.Mask(term.Input)[i >> 6] >> i)) : product;
    }

    // all ones where the term is a nonzero number on the elected side
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Agrees(V term, V minus)
    {
        V zero = V.OfBits(0), magnitude = term & V.OfBits(MagnitudeBits);
        V number = V.GreaterBits(magnitude, zero) & V.GreaterBits(V.OfBits(Infinity + 1), magnitude);
        return V.Select(minus, V.GreaterBits(zero, term), V.GreaterBits(term, zero)) & number;
    }
}
