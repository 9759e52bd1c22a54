using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CabsPs.Engine.Numerics;

/// <summary>Σ |v| over all values and over the ones of a mask, in float32 by chunks as <see cref="EnergySums"/> adds squares. Sums lose
/// nothing to small magnitudes, as products do; a chunk whose sum float32 does not hold is summed in float64. The twin is
/// <see cref="ReferenceKernels{T}.SumsOfMagnitudes"/>.</summary>
internal static class MagnitudeSums
{
    private const int Chunk = EnergySums.Chunk;
    private const int Lanes = ReferenceKernels<float>.Lanes;
    private const uint LargestFinite = 0x7F7F_FFFF;

    /// <summary>Both sums.</summary>
    public static (double All, double Kept) Of<V>(ReadOnlySpan<float> values, ReadOnlySpan<ulong> mask)
        where V : struct, ILanes<V>
    {
        Span<double> all = stackalloc double[Lanes], kept = stackalloc double[Lanes];
        all.Clear();
        kept.Clear();
        for (int start = 0; start < values.Length; start += Chunk)
        {
            if (start + Chunk > values.Length || !AddChunk<V>(in values[start], in mask[start >> 6], all, kept))
                ReferenceKernels<float>.AddMagnitudes(values[start..Math.Min(start + Chunk, values.Length)], mask[(start >> 6)..], all, kept);
        }

        return (ReferenceKernels<float>.AddUp(all), ReferenceKernels<float>.AddUp(kept));
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool AddChunk<V>(ref readonly float values, ref readonly ulong mask, Span<double> all, Span<double> kept)
        where V : struct, ILanes<V>
    {
        Span<float> sums = stackalloc float[2 * Lanes];
        ref float sum = ref MemoryMarshal.GetReference(sums);
        V largest = V.OfBits(0), magnitude = V.OfBits(0x7FFF_FFFF);
        for (int lane = 0; lane < Lanes; lane += V.Count)
        {
            V a = V.OfBits(0), b = V.OfBits(0), c = V.OfBits(0), d = V.OfBits(0);
            for (nint i = lane; i < Chunk; i += 2 * Lanes)
            {
                V words = V.OfBits(Unsafe.Add(ref Unsafe.As<ulong, uint>(ref Unsafe.AsRef(in mask)), i >> 5));
                ref float at = ref Unsafe.Add(ref Unsafe.AsRef(in values), i);
                V even = V.Load(in at) & magnitude, odd = V.Load(in Unsafe.Add(ref at, Lanes)) & magnitude;
                a += even;
                b += odd;
                c = V.AddWhere(c, even, words, lane);
                d = V.AddWhere(d, odd, words, lane + Lanes);
            }

            a += b;
            V.Store(a, ref Unsafe.Add(ref sum, lane));
            V.Store(c + d, ref Unsafe.Add(ref sum, Lanes + lane));
            largest = V.MaxBits(largest, a);
        }

        if (V.AnyGreaterBits(largest, LargestFinite))
            return false;
        EnergySums.AddWidened(in sum, ref MemoryMarshal.GetReference(all));
        EnergySums.AddWidened(in Unsafe.Add(ref sum, Lanes), ref MemoryMarshal.GetReference(kept));
        return true;
    }
}
