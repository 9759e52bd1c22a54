using System.Runtime.CompilerServices;

namespace CabsPs.Engine.Numerics;

/// <summary>Σ |v| over all values and over the ones of a mask, in float32 by chunks as <see cref="EnergySums"/> adds squares. Sums lose
/// nothing to small magnitudes, as products do; a chunk whose sum float32 does not hold is summed in float64. The twin is
/// <see cref="ReferenceKernels{T}.SumsOfMagnitudes"/>.</summary>
internal static class MagnitudeSums
{
    private const int Chunk = ChunkSums.Chunk;
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
            if (start + Chunk > values.Length || !ChunkSums.TryAdd<V, Magnitude>(in values[start], in mask[start >> 6], all, kept))
                ReferenceKernels<float>.AddMagnitudes(values[start..Math.Min(start + Chunk, values.Length)], mask[(start >> 6)..], all, kept);
        }

        return (ReferenceKernels<float>.AddUp(all), ReferenceKernels<float>.AddUp(kept));
    }

    private readonly struct Magnitude : IChunkTerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Of<V>(V values)
            where V : struct, ILanes<V> => values & V.OfBits(0x7FFF_FFFF);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static bool Holds<V>(V largest)
            where V : struct, ILanes<V> => !V.AnyGreaterBits(largest, LargestFinite);
    }
}
