using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CabsPs.Engine.Numerics;

/// <summary>The sign election of TIES over a range of a span whose length is a multiple of the lanes.</summary>
/// <typeparam name="V">The lanes.</typeparam>
internal static class AgreementLoops<V>
    where V : struct, ILanes<V>
{
    private const uint MagnitudeBits = 0x7FFF_FFFF;
    private const uint Infinity = 0x7F80_0000;

    /// <summary>See <see cref="IKernels{T}.AddAgreeing"/>.</summary>
    public static void AddAgreeing(ReadOnlySpan<float> elected, ReadOnlySpan<float> delta, float weight, float share, ReadOnlySpan<ulong> mask, Span<float> sum, Span<float> divisor, int start, int end)
    {
        V factor = V.Of(weight), counts = V.Of(share);
        for (int i = start; i < end; i += V.Count)
        {
            V term = factor * At(delta, i);
            V agrees = Agrees(term, At(elected, i));
            if (!mask.IsEmpty)
                agrees = V.Keep(agrees, (uint)(mask[i >> 6] >> i));
            V.Store(At(sum, i) + (term & agrees), ref sum[i]);
            V.Store(At(divisor, i) + (counts & agrees), ref divisor[i]);
        }
    }

    /// <summary>See <see cref="IKernels{T}.DivideEach"/>.</summary>
    public static void DivideEach(Span<float> values, ReadOnlySpan<float> divisor, int start, int end)
    {
        for (int i = start; i < end; i += V.Count)
        {
            V by = At(divisor, i), value = At(values, i);
            V.Store(V.Select(V.GreaterBits(by & V.OfBits(MagnitudeBits), V.OfBits(0)), value / by, value), ref values[i]);
        }
    }

    // all ones where the term is a nonzero number on the elected side; what is elected counts as minus unless it is at least zero
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Agrees(V term, V elected)
    {
        V zero = V.OfBits(0), magnitude = term & V.OfBits(MagnitudeBits);
        elected += zero;
        V minus = V.GreaterBits(zero, elected) | V.GreaterBits(elected & V.OfBits(MagnitudeBits), V.OfBits(Infinity));
        V number = V.GreaterBits(magnitude, zero) & V.GreaterBits(V.OfBits(Infinity + 1), magnitude);
        return V.Select(minus, V.GreaterBits(zero, term), V.GreaterBits(term, zero)) & number;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V At(ReadOnlySpan<float> values, int index) => V.Load(in Unsafe.Add(ref MemoryMarshal.GetReference(values), index));
}
