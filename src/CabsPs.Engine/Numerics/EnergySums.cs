using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace CabsPs.Engine.Numerics;

/// <summary>Σ v² over all values and over the ones of a mask, for reports: sixteen lanes sum 256 values in float32 before they are
/// added up in float64, which is right to about seven digits and costs a third. Where float32 could overflow or lose small squares,
/// those 256 are summed in float64. The twin is <see cref="ReferenceKernels{T}.Energies"/>.</summary>
internal static class EnergySums
{
    /// <summary>Values summed in float32 before float64 takes over.</summary>
    public const int Chunk = ChunkSums.Chunk;

    /// <summary>2⁻¹⁰⁰: the largest lane's sum must be greater, so that a lost square is less than a part in 2⁴⁰.</summary>
    public const uint LeastBits = 0x0D80_0000;

    /// <summary>2¹⁰⁰: no lane's sum may be greater.</summary>
    public const uint MostBits = 0x7180_0000;

    private const int Lanes = ReferenceKernels<float>.Lanes;

    /// <summary>Both sums.</summary>
    public static (double All, double Kept) Of<V>(ReadOnlySpan<float> values, ReadOnlySpan<ulong> mask)
        where V : struct, ILanes<V>
    {
        Span<double> all = stackalloc double[Lanes], kept = stackalloc double[Lanes];
        all.Clear();
        kept.Clear();
        int start = 0;
        for (; start + Chunk <= values.Length; start += Chunk)
            Add<V>(values.Slice(start, Chunk), mask[(start >> 6)..], all, kept);
        if (start < values.Length)
            ReferenceKernels<float>.AddEnergies(values[start..], mask[(start >> 6)..], all, kept);
        return (AddUp(all), AddUp(kept));
    }

    /// <summary>Adds those of a chunk to lanes.</summary>
    internal static void Add<V>(ReadOnlySpan<float> chunk, ReadOnlySpan<ulong> mask, Span<double> all, Span<double> kept)
        where V : struct, ILanes<V>
    {
        // a layer that a fine-tune left alone has nothing but zeros
        if (!ChunkSums.TryAdd<V, Square>(in chunk[0], in mask[0], all, kept) && MemoryMarshal.Cast<float, int>(chunk).ContainsAnyExcept(0))
            ReferenceKernels<float>.AddSquares(chunk, mask, all, kept);
    }

    /// <summary>The sum of sixteen lanes, in the order of <see cref="ReferenceKernels{T}.AddUp"/>.</summary>
    internal static double AddUp(ReadOnlySpan<double> lanes)
    {
        Vector256<double> four = Vector256.Create(lanes) + Vector256.Create(lanes[8..]) + (Vector256.Create(lanes[4..]) + Vector256.Create(lanes[12..]));
        Vector128<double> two = four.GetLower() + four.GetUpper();
        return two[0] + two[1];
    }

    /// <summary>Whether float32 holds the sums of a chunk, given as two halves of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool HoldsLanes(Vector256<float> first, Vector256<float> second)
    {
        // without signs the bits of NaN are the greatest
        Vector256<int> largest = Vector256.Max(first.AsInt32() & Vector256.Create(int.MaxValue), second.AsInt32() & Vector256.Create(int.MaxValue));
        return Vector256.GreaterThanAny(largest, Vector256.Create((int)LeastBits)) && !Vector256.GreaterThanAny(largest, Vector256.Create((int)MostBits));
    }

    /// <summary>The same of all lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool HoldsLanes(Vector512<float> lanes)
    {
        Vector512<int> bits = lanes.AsInt32() & Vector512.Create(int.MaxValue);
        return Vector512.GreaterThanAny(bits, Vector512.Create((int)LeastBits)) && !Vector512.GreaterThanAny(bits, Vector512.Create((int)MostBits));
    }

    private readonly struct Square : IChunkTerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Of<V>(V values)
            where V : struct, ILanes<V> => values * values;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static bool Holds<V>(V largest)
            where V : struct, ILanes<V> => V.AnyGreaterBits(largest, LeastBits) && !V.AnyGreaterBits(largest, MostBits);
    }
}
