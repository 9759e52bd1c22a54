using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.TaskVectors;

/// <summary>Chooses which weights of one task vector stay, on one tensor, by that vector alone. Pieces come in any order and from
/// several threads at a time.</summary>
/// <typeparam name="T">float or double.</typeparam>
public abstract class VectorMask<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Pieces begin at multiples of this many elements.</summary>
    public virtual int BlockLength => 1;

    /// <summary>Whether <see cref="MakeMask"/> looks at the deltas; where it does not, what it is given has their number alone.</summary>
    public virtual bool ReadsDeltas => true;

    /// <summary>Whether making the mask again takes no longer than keeping it.</summary>
    internal virtual bool IsCheap => false;

    /// <summary>Passes over the delta needed before masks can be made. May grow when a pass ends.</summary>
    public virtual int MeasuringPasses => 0;

    /// <summary>A pass needs one part in this many of every piece; 1 where it needs all.</summary>
    public virtual int StrideOf(int pass) => 1;

    /// <summary>Measures a piece.</summary>
    /// <param name="pass">Which pass, from 0.</param>
    /// <param name="delta">The piece.</param>
    /// <param name="start">Its first element's place in the tensor.</param>
    public virtual void Measure(int pass, ReadOnlySpan<T> delta, long start)
    {
    }

    /// <summary>Ends a pass.</summary>
    public virtual void Complete(int pass)
    {
    }

    /// <summary>The rank searches that a pass consists of; null where it is something else.</summary>
    internal virtual IEnumerable<RankSearch<T>>? SearchesOf(int pass) => null;

    /// <summary>A limit above which the tile that begins at a place keeps all magnitudes and no others, as integers of the same order, or -1 where
    /// it keeps everything; null where it is not that simple.</summary>
    internal virtual int? LimitOf(long start) => null;

    /// <summary>Fills the mask of a piece.</summary>
    public abstract void MakeMask(ReadOnlySpan<T> delta, long start, Span<ulong> mask);
}

/// <summary>Keeps everything, or nothing.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class ConstantMask<T>(bool keep) : VectorMask<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public bool Keeps => keep;

    public override bool ReadsDeltas => false;

    internal override bool IsCheap => true;

    internal override int? LimitOf(long start) => keep ? -1 : int.MaxValue;

    public override void MakeMask(ReadOnlySpan<T> delta, long start, Span<ulong> mask)
    {
        if (keep)
            BitMask.Fill(mask, delta.Length);
        else
            mask.Clear();
    }
}
