using System.Numerics;
using CabsPs.Engine.Merging;
using TorchSharp;

namespace CabsPs.Torch.Kernels;

/// <summary>The twin of <see cref="MatrixKernel{T}"/>: differences and results are computed on the device; the matrices are put together in this process's memory,
/// in float64, and solved for with the device's linear algebra.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class MatrixTwin<T>(MatrixKernel<T> kernel) : TorchKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override int MeasuringPasses => kernel.MeasuringPasses;

    /// <inheritdoc/>
    public override long WholeBytes => kernel.WholeBytes;

    /// <inheritdoc/>
    public override int SumCount(int pass) => kernel.SumCount(pass);

    /// <inheritdoc/>
    public override void Measure(int pass, TorchTile tile, double[] sums)
    {
        for (int i = 0; i < kernel.InputCount; i++)
            kernel.Collect(i, tile.Start, TensorMath.Host<double>(kernel.AreDeltas ? tile.Inputs[i].Wide() - tile.Base.Wide() : tile.Inputs[i].Wide()));
    }

    /// <inheritdoc/>
    public override bool SolvesAfter(int pass) => kernel.SolvesAfter(pass);

    /// <inheritdoc/>
    public override void Solve(int pass, SolveScope scope) => kernel.Solve(pass, scope);

    /// <inheritdoc/>
    public override torch.Tensor Merge(TorchTile tile, double[] sums) =>
        kernel.AreDeltas ? tile.Base.Wide().Plus(Result(tile)).Narrow<T>() : Result(tile).Narrow<T>();

    /// <inheritdoc/>
    public override torch.Tensor MergeDelta(TorchTile tile, double[] sums) =>
        kernel.AreDeltas ? Result(tile).Narrow<T>() : (Result(tile) - tile.Base.Wide()).Narrow<T>();

    /// <inheritdoc/>
    public override void Report(double[] totals, Tally tally) => kernel.Report(totals, tally);

    /// <inheritdoc/>
    public override void Dispose() => kernel.Release();

    private torch.Tensor Result(TorchTile tile) => TensorMath.Device(kernel.Result(tile.Start, (int)tile.Length).ToArray(), (tile.Origin ?? tile.Inputs[0]).device);
}

/// <summary>The twin of <see cref="MatrixStepKernel{T}"/>.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class MatrixStepTwin<T>(MatrixStepKernel<T> kernel, TorchKernel<T> merged) : TorchStep<T>(merged)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private double[] _totals = [];

    private int OwnPass => Merged.MeasuringPasses;

    /// <inheritdoc/>
    public override int MeasuringPasses => OwnPass + 1;

    /// <inheritdoc/>
    public override long WholeBytes => kernel.WholeBytes;

    // the figures of what comes before are those of the pass in which it is computed
    public override int SumCount(int pass) => pass <= OwnPass ? Merged.SumCount(pass) : 1;

    /// <inheritdoc/>
    public override void Measure(int pass, TorchTile tile, double[] sums)
    {
        if (pass < OwnPass)
        {
            Merged.Measure(pass, tile, sums);
            return;
        }

        for (int i = 0; i < kernel.Inputs.Length; i++)
        {
            torch.Tensor own = tile.Inputs[kernel.Inputs[i]];
            kernel.Collect(i, tile.Start, TensorMath.Host<double>(Merged.WantsDeltas ? own.Wide() : own.Wide() - tile.Base.Wide()));
        }

        kernel.Collect(kernel.Inputs.Length, tile.Start, TensorMath.Host<double>(Merged.MergeDelta(tile, sums).Wide()));
    }

    /// <inheritdoc/>
    public override void Complete(int pass, double[] totals)
    {
        if (pass < OwnPass)
            Merged.Complete(pass, totals);
        else
            _totals = totals;
    }

    /// <inheritdoc/>
    public override bool SolvesAfter(int pass) => pass == OwnPass || Merged.SolvesAfter(pass);

    /// <inheritdoc/>
    public override void Solve(int pass, SolveScope scope)
    {
        if (pass < OwnPass)
            Merged.Solve(pass, scope);
        else
            kernel.Solve(kernel.MeasuringPasses - 1, scope);
    }

    /// <inheritdoc/>
    public override torch.Tensor MergeDelta(TorchTile tile, double[] sums) =>
        TensorMath.Device(kernel.Result(tile.Start, (int)tile.Length).ToArray(), tile.Base.device).Narrow<T>();

    /// <inheritdoc/>
    public override void Report(double[] totals, Tally tally)
    {
        if (_totals.Length > 0)
            Merged.Report(_totals, tally);
        kernel.Report([], tally);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        kernel.Release();
    }
}
