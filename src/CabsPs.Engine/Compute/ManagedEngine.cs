using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Compute;

/// <summary>The engine in managed code: vectors of the processor, tile by tile, on all cores. The same bits on every machine.</summary>
public sealed class ManagedEngine : ComputeEngine
{
    private ManagedEngine()
    {
    }

    /// <summary>The engine; it has no state.</summary>
    public static ManagedEngine Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "managed";

    /// <inheritdoc/>
    public override string Device => "cpu";

    /// <inheritdoc/>
    internal override bool GrantsWishes => true;

    /// <inheritdoc/>
    internal override TensorJob Open<T>(TensorWork work, TensorProbe<T> kernel) =>
        new MergeJob<T>(work.Plan, work.Tensor, work.Index, kernel, Kernels.For<T>(), work.Reader, work.Writer, work.Cancel);
}
