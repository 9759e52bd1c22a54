using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging;

/// <summary>The computation of a step after a method: that of all that comes before, and a change to what it adds to the base.</summary>
/// <typeparam name="T">float or double.</typeparam>
/// <param name="merged">The computation of all that comes before.</param>
internal abstract class StepKernel<T>(TensorKernel<T> merged) : TensorKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>The computation of all that comes before.</summary>
    internal TensorKernel<T> Merged { get; } = merged;

    /// <inheritdoc/>
    public override int BlockLength => Merged.BlockLength;

    /// <inheritdoc/>
    public override bool WantsDeltas => Merged.WantsDeltas;

    /// <inheritdoc/>
    public override int MeasuringPasses => Merged.MeasuringPasses;

    /// <inheritdoc/>
    public override int MostSegments => Merged.MostSegments;

    /// <inheritdoc/>
    public override long WholeBytes => Merged.WholeBytes;

    /// <inheritdoc/>
    internal override long WishedBytes => Merged.WishedBytes;

    /// <inheritdoc/>
    internal override void Keep() => Merged.Keep();

    /// <inheritdoc/>
    public override int SumCount(int pass) => Merged.SumCount(pass);

    /// <inheritdoc/>
    public override int StrideOf(int pass) => Merged.StrideOf(pass);

    /// <inheritdoc/>
    public override void Measure(int pass, Tile<T> tile, Span<double> sums) => Merged.Measure(pass, tile, sums);

    /// <inheritdoc/>
    internal override bool TakesStored(int pass) => pass < MeasuringPasses && Merged.TakesStored(pass);

    /// <inheritdoc/>
    internal override bool TryMeasureStored(int pass, Tile<T> room, IKernels<T> kernels, StoredTile stored, Span<double> sums) => Merged.TryMeasureStored(pass, room, kernels, stored, sums);

    /// <inheritdoc/>
    public override void Complete(int pass, ReadOnlySpan<double> totals) => Merged.Complete(pass, totals);

    /// <inheritdoc/>
    public override bool SolvesAfter(int pass) => Merged.SolvesAfter(pass);

    /// <inheritdoc/>
    public override void Solve(int pass, SolveScope scope) => Merged.Solve(pass, scope);

    /// <inheritdoc/>
    public abstract override void MergeDelta(Tile<T> tile, Span<T> delta, Span<double> sums);

    /// <inheritdoc/>
    public override void Merge(Tile<T> tile, Span<T> output, Span<double> sums)
    {
        MergeDelta(tile, output, sums);
        ReadOnlySpan<T> origin = tile.Base;
        for (int i = 0; i < output.Length; i++)
            output[i] += origin[i];
    }

    /// <inheritdoc/>
    public override void Report(ReadOnlySpan<double> totals, Tally tally) => Merged.Report(totals, tally);

    /// <inheritdoc/>
    public override void Release() => Merged.Release();
}
