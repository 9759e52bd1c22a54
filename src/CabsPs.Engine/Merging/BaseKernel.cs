using System.Numerics;

namespace CabsPs.Engine.Merging;

/// <summary>Leaves a tensor as the base has it.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class BaseKernel<T> : DeltaKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override void MergeDelta(Tile<T> tile, Span<T> delta, Span<double> sums) => delta.Clear();
}
