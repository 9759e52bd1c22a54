using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Numerics;

/// <summary>The sign election of TIES over a range of a tile: sum, elect, sum what agrees, divide,
/// scale, add and round, everything in registers.</summary>
/// <typeparam name="V">The lanes.</typeparam>
internal static class ElectionLoops<V>
    where V : struct, ILanes<V>
{
    private const uint MagnitudeBits = 0x7FFF_FFFF;
    private const uint Infinity = 0x7F80_0000;

    /// <summary>See <see cref="IKernels{T}.CombineElected"/>: four vectors side by side.</summary>
    /// <returns>The first element not done: fewer than four vectors are left.</returns>
    public static int Combine<TStored>(Tile<float> tile, ReadOnlySpan<Term<float>> terms, ReadOnlySpan<float> shares, bool normalize, float lambda, Span<byte> destination, int start, int end)
        where TStored : struct, IStored
    {
        ref float origin = ref MemoryMarshal.GetReference(tile.Base);
        ref byte to = ref MemoryMarshal.GetReference(destination);
        V factor = V.Of(lambda), zero = V.OfBits(0);
        int i = start;
        for (; i + (4 * V.Count) <= end; i += 4 * V.Count)
        {
            V a = zero, b = zero, c = zero, d = zero;
            foreach (Term<float> term in terms)
            {
                (V ta, V tb, V tc, V td) = Products(tile, term, i);
                (a, b, c, d) = (a + ta, b + tb, c + tc, d + td);
            }

            V ma = Minus(a), mb = Minus(b), mc = Minus(c), md = Minus(d);
            (a, b, c, d) = (zero, zero, zero, zero);
            V da = zero, db = zero, dc = zero, dd = zero;
            for (int k = 0; k < terms.Length; k++)
            {
                (V ta, V tb, V tc, V td) = Products(tile, terms[k], i);
                V share = V.Of(shares[k]), pa = Agrees(ta, ma), pb = Agrees(tb, mb), pc = Agrees(tc, mc), pd = Agrees(td, md);
                (a, b, c, d) = (a + (ta & pa), b + (tb & pb), c + (tc & pc), d + (td & pd));
                (da, db, dc, dd) = (da + (share & pa), db + (share & pb), dc + (share & pc), dd + (share & pd));
            }

            if (normalize)
                (a, b, c, d) = (Divide(a, da), Divide(b, db), Divide(c, dc), Divide(d, dd));
            ref float at = ref Unsafe.Add(ref origin, i);
            ref byte into = ref Unsafe.Add(ref to, (nint)i * TStored.Size);
            int step = V.Count * TStored.Size;
            TStored.Store(V.Load(in at) + (a * factor), ref into);
            TStored.Store(V.Load(in Unsafe.Add(ref at, V.Count)) + (b * factor), ref Unsafe.Add(ref into, step));
            TStored.Store(V.Load(in Unsafe.Add(ref at, 2 * V.Count)) + (c * factor), ref Unsafe.Add(ref into, 2 * step));
            TStored.Store(V.Load(in Unsafe.Add(ref at, 3 * V.Count)) + (d * factor), ref Unsafe.Add(ref into, 3 * step));
        }

        return i;
    }

    // what is not at least zero counts as minus; a sum that began at +0 is never −0
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Minus(V elected) =>
        V.GreaterBits(V.OfBits(0), elected) | V.GreaterBits(elected & V.OfBits(MagnitudeBits), V.OfBits(Infinity));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Divide(V sum, V divisor) => V.Select(V.GreaterBits(divisor & V.OfBits(MagnitudeBits), V.OfBits(0)), sum / divisor, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (V A, V B, V C, V D) Products(Tile<float> tile, Term<float> term, int i)
    {
        ref float delta = ref Unsafe.Add(ref MemoryMarshal.GetReference(tile.Input(term.Input)), i);
        V weight = V.Of(term.Weight);
        V a = weight * V.Load(in delta), b = weight * V.Load(in Unsafe.Add(ref delta, V.Count));
        V c = weight * V.Load(in Unsafe.Add(ref delta, 2 * V.Count)), d = weight * V.Load(in Unsafe.Add(ref delta, 3 * V.Count));
        if (!term.Masked)
            return (a, b, c, d);
        ulong bits = tile.Mask(term.Input)[i >> 6] >> i;
        return (V.Keep(a, (uint)bits), V.Keep(b, (uint)(bits >> V.Count)), V.Keep(c, (uint)(bits >> (2 * V.Count))), V.Keep(d, (uint)(bits >> (3 * V.Count))));
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
