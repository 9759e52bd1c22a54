using System.Numerics;
using CabsPs.Engine.Merging;
using TorchSharp;

namespace CabsPs.Torch.Kernels;

/// <summary>The computation of one tensor, or what only measures it, on torch tensors: the twin of a managed <see cref="TensorProbe{T}"/>, which goes on
/// deciding what follows from the sums. Pieces come in order, from one thread. Tensors made on the way belong to the caller's scope; what a twin keeps it
/// disposes of.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal abstract class TorchKernel<T> : IDisposable
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Pieces begin at multiples of this many elements.</summary>
    public virtual long BlockLength => 1;

    /// <summary>Whether the inputs come as deltas.</summary>
    public virtual bool WantsDeltas => false;

    /// <summary>How many passes measure.</summary>
    public virtual int MeasuringPasses => 0;

    /// <summary>Bytes held for the tensor as a whole in this process's memory.</summary>
    public virtual long WholeBytes => 0;

    /// <summary>How many sums a pass collects.</summary>
    public virtual int SumCount(int pass) => 0;

    /// <summary>Measures a piece.</summary>
    public virtual void Measure(int pass, TorchTile tile, double[] sums)
    {
    }

    /// <summary>Receives the sums of a finished pass.</summary>
    public virtual void Complete(int pass, double[] totals)
    {
    }

    /// <summary>Whether a pass is followed by <see cref="Solve"/>.</summary>
    public virtual bool SolvesAfter(int pass) => false;

    /// <summary>Computes on the tensor as a whole.</summary>
    public virtual void Solve(int pass, SolveScope scope)
    {
    }

    /// <summary>Computes a piece of the result.</summary>
    public virtual torch.Tensor Merge(TorchTile tile, double[] sums) => throw new NotSupportedException("this only measures");

    /// <summary>Computes what is added to a piece of the base.</summary>
    public virtual torch.Tensor MergeDelta(TorchTile tile, double[] sums) => Merge(tile, sums) - tile.Base;

    /// <summary>Puts the writing pass's figures into the report.</summary>
    public virtual void Report(double[] totals, Tally tally)
    {
    }

    /// <inheritdoc/>
    public virtual void Dispose()
    {
    }
}

/// <summary>A computation from deltas to a delta, to which the base is added last.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal abstract class TorchDeltaKernel<T> : TorchKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override bool WantsDeltas => true;

    /// <inheritdoc/>
    public abstract override torch.Tensor MergeDelta(TorchTile tile, double[] sums);

    /// <inheritdoc/>
    public sealed override torch.Tensor Merge(TorchTile tile, double[] sums) => MergeDelta(tile, sums).Plus(tile.Base);
}

/// <summary>A measure of the whole model's that feeds its own figures.</summary>
/// <typeparam name="T">float or double.</typeparam>
/// <param name="deltas">Whether the inputs come as deltas.</param>
/// <param name="sumCount">How many sums it collects.</param>
/// <param name="measure">Measures a piece.</param>
internal sealed class TorchProbe<T>(bool deltas, int sumCount, Action<TorchTile, double[]> measure) : TorchKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override bool WantsDeltas => deltas;

    /// <inheritdoc/>
    public override int MeasuringPasses => 1;

    /// <inheritdoc/>
    public override int SumCount(int pass) => sumCount;

    /// <inheritdoc/>
    public override void Measure(int pass, TorchTile tile, double[] sums) => measure(tile, sums);
}
