using System.Numerics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.TaskVectors;

/// <summary>The masks of several vectors on one tensor, each chosen by its vector alone, side by side.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal class MaskSet<T>(int[] members, VectorMask<T>[] masks, TensorContext context)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Indexes of the inputs masked.</summary>
    public int[] Members => members;

    /// <summary>Pieces begin at multiples of this many elements.</summary>
    public int BlockLength { get; } = CommonBlock.Of(masks.Select(m => m.BlockLength), context.Count, context.Tensor);

    /// <summary>Elements of the tensor.</summary>
    public long Count => context.Count;

    /// <summary>Whether masks are made from the deltas.</summary>
    public virtual bool ReadsDeltas { get; } = masks.Any(m => m.ReadsDeltas);

    /// <summary>Whether making all masks again takes no longer than keeping them.</summary>
    public bool AreCheap => masks.All(m => m.IsCheap);

    /// <summary>Passes over the deltas needed before masks can be made. May grow when a pass ends.</summary>
    public virtual int MeasuringPasses => masks.Length == 0 ? 0 : masks.Max(m => m.MeasuringPasses);

    /// <summary>The masks, in the order of their members.</summary>
    internal VectorMask<T>[] Masks => masks;

    /// <summary>A pass needs one part in this many of every piece; 1 where it needs all.</summary>
    public virtual int StrideOf(int pass) => masks.Where(m => pass < m.MeasuringPasses).Min(m => m.StrideOf(pass));

    /// <summary>Measures a piece whose inputs are deltas.</summary>
    public virtual void Measure(int pass, Tile<T> tile)
    {
        for (int v = 0; v < masks.Length; v++)
        {
            if (pass < masks[v].MeasuringPasses)
                masks[v].Measure(pass, tile.Input(members[v]), tile.Start);
        }
    }

    /// <summary>Ends a pass.</summary>
    public virtual void Complete(int pass)
    {
        foreach (VectorMask<T> mask in masks)
        {
            if (pass < mask.MeasuringPasses)
                mask.Complete(pass);
        }
    }

    /// <summary>See <see cref="SparsifierKernel{T}.SearchesOf"/>.</summary>
    public virtual IEnumerable<(int Input, RankSearch<T> Search)>? SearchesOf(int pass)
    {
        var searches = new List<(int Input, RankSearch<T> Search)>();
        for (int v = 0; v < masks.Length; v++)
        {
            if (pass >= masks[v].MeasuringPasses)
                continue;
            if (masks[v].SearchesOf(pass) is not { } own)
                return null;
            searches.AddRange(own.Select(s => (members[v], s)));
        }

        return searches;
    }

    /// <summary>See <see cref="MaskGroups{T}.TryLimits"/>.</summary>
    public virtual bool TryLimits(long start, Span<int> limits)
    {
        for (int v = 0; v < masks.Length; v++)
        {
            if (masks[v].LimitOf(start) is not { } limit)
                return false;
            limits[members[v]] = limit;
        }

        return true;
    }

    /// <summary>Fills the members' masks of a piece whose inputs are deltas.</summary>
    public virtual void MakeMasks(Tile<T> tile)
    {
        for (int v = 0; v < masks.Length; v++)
            masks[v].MakeMask(tile.Input(members[v]), tile.Start, tile.Mask(members[v]));
    }
}
