using System.Numerics;
using CabsPs.Engine.Merging;
using TorchSharp;

namespace CabsPs.Torch.Kernels;

/// <summary>A computation and something done to it: passes are those of the former.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal abstract class TorchStep<T>(TorchKernel<T> merged) : TorchDeltaKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>The computation of all that comes before.</summary>
    protected TorchKernel<T> Merged { get; } = merged;

    /// <inheritdoc/>
    public override long BlockLength => Merged.BlockLength;

    /// <inheritdoc/>
    public override bool WantsDeltas => Merged.WantsDeltas;

    /// <inheritdoc/>
    public override int MeasuringPasses => Merged.MeasuringPasses;

    /// <inheritdoc/>
    public override long WholeBytes => Merged.WholeBytes;

    /// <inheritdoc/>
    public override int SumCount(int pass) => Merged.SumCount(pass);

    /// <inheritdoc/>
    public override void Measure(int pass, TorchTile tile, double[] sums) => Merged.Measure(pass, tile, sums);

    /// <inheritdoc/>
    public override void Complete(int pass, double[] totals) => Merged.Complete(pass, totals);

    /// <inheritdoc/>
    public override bool SolvesAfter(int pass) => Merged.SolvesAfter(pass);

    /// <inheritdoc/>
    public override void Solve(int pass, SolveScope scope) => Merged.Solve(pass, scope);

    /// <inheritdoc/>
    public override void Report(double[] totals, Tally tally) => Merged.Report(totals, tally);

    /// <inheritdoc/>
    public override void Dispose() => Merged.Dispose();
}

/// <summary>A merged delta times a factor.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class ScaledStep<T>(TorchKernel<T> merged, Func<double> factor) : TorchStep<T>(merged)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override torch.Tensor MergeDelta(TorchTile tile, double[] sums) => Merged.MergeDelta(tile, sums).Times(T.CreateTruncating(factor()));
}

/// <summary>Measures a merged delta in one more pass.</summary>
/// <typeparam name="T">float or double.</typeparam>
/// <param name="merged">The computation of the delta.</param>
/// <param name="sumCount">How many sums the pass collects.</param>
/// <param name="measure">Measures a piece and its delta.</param>
internal sealed class StepMeasure<T>(TorchKernel<T> merged, int sumCount, Action<TorchTile, torch.Tensor, double[]> measure) : TorchStep<T>(merged)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private int OwnPass => Merged.MeasuringPasses;

    /// <inheritdoc/>
    public override int MeasuringPasses => OwnPass + 1;

    /// <inheritdoc/>
    public override int SumCount(int pass) => pass < OwnPass ? Merged.SumCount(pass) : sumCount;

    /// <inheritdoc/>
    public override void Measure(int pass, TorchTile tile, double[] sums)
    {
        if (pass < OwnPass)
            Merged.Measure(pass, tile, sums);
        else
            measure(tile, Merged.MergeDelta(tile, new double[Merged.SumCount(OwnPass)]), sums);
    }

    /// <inheritdoc/>
    public override void Complete(int pass, double[] totals)
    {
        if (pass < OwnPass)
            Merged.Complete(pass, totals);
    }

    /// <inheritdoc/>
    public override bool SolvesAfter(int pass) => pass < OwnPass && Merged.SolvesAfter(pass);

    /// <inheritdoc/>
    public override torch.Tensor MergeDelta(TorchTile tile, double[] sums) => throw new NotSupportedException("this only measures");
}
