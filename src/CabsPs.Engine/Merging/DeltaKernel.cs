using System.Numerics;

namespace CabsPs.Engine.Merging;

/// <summary>A computation from deltas to a delta, to which the base is added last.</summary>
/// <typeparam name="T">float or double.</typeparam>
public abstract class DeltaKernel<T> : TensorKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override bool WantsDeltas => true;

    /// <inheritdoc/>
    public abstract override void MergeDelta(Tile<T> tile, Span<T> delta, Span<double> sums);

    /// <inheritdoc/>
    public sealed override void Merge(Tile<T> tile, Span<T> output, Span<double> sums)
    {
        MergeDelta(tile, output, sums);
        ReadOnlySpan<T> origin = tile.Base;
        for (int i = 0; i < output.Length; i++)
            output[i] += origin[i];
    }
}
