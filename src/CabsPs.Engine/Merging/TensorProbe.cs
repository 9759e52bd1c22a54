using System.Numerics;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging;

/// <summary>What a run gives a computation on a whole tensor.</summary>
/// <param name="Reader">Reads tensors that are not streamed.</param>
/// <param name="Cancel">Ends the work.</param>
public readonly record struct SolveScope(CheckpointReader Reader, CancellationToken Cancel);

/// <summary>Reads one tensor in passes over its pieces and measures it. Pieces come in any order and from several threads at a time;
/// measured sums are added up in a fixed order.</summary>
/// <typeparam name="T">float or double.</typeparam>
public abstract class TensorProbe<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Pieces begin at multiples of this many elements, because what is decided inside a block needs all of it.</summary>
    public virtual int BlockLength => 1;

    /// <summary>Whether the tile's inputs come as deltas, the base already subtracted, which costs no pass of its own.</summary>
    public virtual bool WantsDeltas => false;

    /// <summary>How many passes measure; where the tensor is then written, before the one that writes. May grow when a pass ends.</summary>
    public virtual int MeasuringPasses => 0;

    /// <summary>How many sums a pass collects; a pass that writes is number <see cref="MeasuringPasses"/> and collects the figures
    /// of <see cref="Tally"/>.</summary>
    public virtual int SumCount(int pass) => 0;

    /// <summary>A measuring pass needs one part in this many of every piece; 1 where it needs all.</summary>
    public virtual int StrideOf(int pass) => 1;

    /// <summary>Into how many parts with sums of their own the tensor may be cut: few where a pass collects many sums.</summary>
    public virtual int MostSegments => int.MaxValue;

    /// <summary>Measures one piece.</summary>
    /// <param name="pass">Which pass, from 0.</param>
    /// <param name="tile">The piece; its arrays may be overwritten.</param>
    /// <param name="sums">To be added to.</param>
    public virtual void Measure(int pass, Tile<T> tile, Span<double> sums)
    {
    }

    /// <summary>Whether a pass tries to take pieces from stored bytes.</summary>
    internal virtual bool TakesStored(int pass) => false;

    /// <summary>Measures one piece from stored bytes, which saves it the tile of deltas.</summary>
    /// <param name="pass">Which pass, from 0.</param>
    /// <param name="room">Room to work in, with nothing of the piece but where it lies.</param>
    /// <param name="kernels">The arithmetic.</param>
    /// <param name="stored">The piece.</param>
    /// <param name="sums">To be added to.</param>
    /// <returns>False when it was not done, because the pass needs more or a weight is not finite; nothing has changed then, and the tile follows.</returns>
    internal virtual bool TryMeasureStored(int pass, Tile<T> room, IKernels<T> kernels, StoredTile stored, Span<double> sums) => false;

    /// <summary>Receives the sums of a finished pass.</summary>
    public virtual void Complete(int pass, ReadOnlySpan<double> totals)
    {
    }

    /// <summary>Whether a measuring pass is followed by <see cref="Solve"/>.</summary>
    public virtual bool SolvesAfter(int pass) => false;

    /// <summary>Computes on the tensor as a whole: once, on one thread, while others go on with other tensors.</summary>
    /// <param name="pass">The pass it follows.</param>
    /// <param name="scope">What the run gives it.</param>
    public virtual void Solve(int pass, SolveScope scope)
    {
    }

    /// <summary>Bytes that grow with the tensor and are held from its first pass to its last; 0 where it is streamed.</summary>
    public virtual long WholeBytes => 0;

    /// <summary>Bytes that it would hold besides from its first pass to its last, where there is room, to compute less often.</summary>
    internal virtual long WishedBytes => 0;

    /// <summary>Makes the room it wished for; before the first pass, on one thread.</summary>
    internal virtual void Keep()
    {
    }

    /// <summary>Lets go of what was held; its figures stay.</summary>
    public virtual void Release()
    {
    }
}
