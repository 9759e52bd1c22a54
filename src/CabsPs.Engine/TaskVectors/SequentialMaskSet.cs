using System.Numerics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.TaskVectors;

/// <summary>Masks one after the other: each vector chooses as if it were 0 wherever an earlier one keeps a weight (the conflict-aware assignment of
/// CABS over masks of any kind, as its authors' ablation). A delta of exactly 0 claims nothing. Passes are those of all masks together.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class SequentialMaskSet<T>(int[] members, VectorMask<T>[] masks, TensorContext context) : MaskSet<T>(members, masks, context)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override bool ReadsDeltas => true;

    /// <inheritdoc/>
    public override int MeasuringPasses => Masks.Sum(m => m.MeasuringPasses);

    /// <inheritdoc/>
    public override int StrideOf(int pass)
    {
        (int vector, int own) = Find(pass);
        return Masks[vector].StrideOf(own);
    }

    /// <inheritdoc/>
    public override void Measure(int pass, Tile<T> tile)
    {
        (int vector, int own) = Find(pass);
        Masks[vector].Measure(own, Free(tile, vector), tile.Start);
    }

    /// <inheritdoc/>
    public override void Complete(int pass)
    {
        (int vector, int own) = Find(pass);
        Masks[vector].Complete(own);
    }

    /// <inheritdoc/>
    public override IEnumerable<(int Input, RankSearch<T> Search)>? SearchesOf(int pass) => null;

    /// <inheritdoc/>
    public override bool TryLimits(long start, Span<int> limits) => false;

    /// <inheritdoc/>
    public override void MakeMasks(Tile<T> tile) => Claim(tile, Masks.Length);

    // whose pass it is, and which of its own
    private (int Vector, int Pass) Find(int pass)
    {
        int vector = 0;
        for (; pass >= Masks[vector].MeasuringPasses; vector++)
            pass -= Masks[vector].MeasuringPasses;
        return (vector, pass);
    }

    // the deltas of a vector where no earlier one keeps a weight
    private Span<T> Free(Tile<T> tile, int vector)
    {
        Claim(tile, vector);
        return WithoutClaimed(tile, vector);
    }

    private void Claim(Tile<T> tile, int vectors)
    {
        Span<ulong> claimed = tile.Claimed;
        claimed.Clear();
        for (int v = 0; v < vectors; v++)
        {
            Span<T> free = WithoutClaimed(tile, v);
            Span<ulong> mask = tile.Mask(Members[v]);
            Masks[v].MakeMask(free, tile.Start, mask);
            for (int word = 0; word < mask.Length; word++)
            {
                mask[word] &= NonZero(free[(word << 6)..Math.Min((word + 1) << 6, free.Length)]);
                claimed[word] |= mask[word];
            }
        }
    }

    private Span<T> WithoutClaimed(Tile<T> tile, int vector)
    {
        Span<T> delta = tile.Input(Members[vector]), free = tile.Scratch;
        ReadOnlySpan<ulong> claimed = tile.Claimed;
        for (int i = 0; i < free.Length; i++)
            free[i] = BitMask.Has(claimed, i) ? T.Zero : delta[i];
        return free;
    }

    private static ulong NonZero(ReadOnlySpan<T> values)
    {
        ulong bits = 0;
        for (int i = 0; i < values.Length; i++)
            bits |= (values[i] != T.Zero ? 1UL : 0) << i;
        return bits;
    }
}
