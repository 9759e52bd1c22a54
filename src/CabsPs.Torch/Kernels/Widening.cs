using System.Numerics;
using CabsPs.Engine.Merging.Methods;
using static CabsPs.Torch.TensorMath;
using static TorchSharp.torch;

namespace CabsPs.Torch.Kernels;

/// <summary>WIDEN weight by weight.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class WidenWeights<T>(Widen.WeightKernel<T> kernel) : TorchDeltaKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override long BlockLength => kernel.Columns;

    /// <inheritdoc/>
    public override int MeasuringPasses => 1;

    /// <inheritdoc/>
    public override int SumCount(int pass) => kernel.SumCount(pass);

    /// <inheritdoc/>
    public override void Measure(int pass, TorchTile tile, double[] sums)
    {
        for (int i = 0; i < kernel.Inputs; i++)
        {
            // a vector is one column
            if (kernel.Columns == 1)
            {
                sums[i] += SumOfMagnitudes(tile.Inputs[i]);
                continue;
            }

            double[] columns = Host<double>(tile.Inputs[i].Wide().abs().view(-1, kernel.Columns).sum(dim: 0));
            for (int c = 0; c < columns.Length; c++)
                sums[(i * kernel.Columns) + c] += columns[c];
        }
    }

    /// <inheritdoc/>
    public override void Complete(int pass, double[] totals) => kernel.Complete(pass, totals);

    /// <inheritdoc/>
    public override Tensor MergeDelta(TorchTile tile, double[] sums)
    {
        Tensor[] magnitudes = [.. Enumerable.Range(0, kernel.Inputs).Select(i => tile.Inputs[i].Wide().abs())];
        Tensor[] powers = [.. magnitudes.Select(TorchElementary.Exp)];
        Tensor total = zeros_like(powers[0]), delta = tile.Zeros();
        foreach (Tensor power in powers)
            total = total.Plus(power);
        Tensor limits = from_array(kernel.Limits).to(delta.device).view(kernel.Inputs, 1, kernel.Columns);
        for (int i = 0; i < kernel.Inputs; i++)
        {
            Tensor isLarge = (magnitudes[i].view(-1, kernel.Columns) > limits.select(0, i)).view(-1);
            Tensor score = Choose(isLarge, full_like(total, Number.Of(kernel.Scoring.Calibration)), powers[i] / total).Narrow<T>();
            delta = delta.Plus(score * tile.Inputs[i]);
        }

        return delta;
    }
}

/// <summary>WIDEN by columns, or by rows.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class WidenLines<T>(Widen.LineKernel<T> kernel, bool byRow, int rowLength) : TorchKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // ‖b‖² of each line, then ‖f‖² and f · b, model after model
    private readonly double[] _figures = new double[kernel.Lines * (1 + (2 * kernel.Inputs))];

    /// <inheritdoc/>
    public override long BlockLength => Math.Max(1, rowLength);

    /// <inheritdoc/>
    public override int MeasuringPasses => 1;

    /// <inheritdoc/>
    public override void Measure(int pass, TorchTile tile, double[] sums)
    {
        Tensor origin = Rows(tile.Base).Wide();
        Add(0, tile, origin * origin);
        for (int i = 0; i < kernel.Inputs; i++)
        {
            Tensor own = Rows(tile.Inputs[i]).Wide();
            Add(1 + i, tile, own * own);
            Add(1 + kernel.Inputs + i, tile, own * origin);
        }
    }

    /// <inheritdoc/>
    public override void Complete(int pass, double[] totals)
    {
        ReadOnlySpan<double> figures = _figures;
        int lines = kernel.Lines;
        kernel.Score(figures[..lines], figures.Slice(lines, kernel.Inputs * lines), figures[((1 + kernel.Inputs) * lines)..]);
    }

    /// <inheritdoc/>
    public override Tensor Merge(TorchTile tile, double[] sums) => MergeDelta(tile, sums).Plus(tile.Base);

    /// <inheritdoc/>
    public override Tensor MergeDelta(TorchTile tile, double[] sums)
    {
        Tensor origin = Rows(tile.Base), delta = zeros_like(origin);
        for (int i = 0; i < kernel.Inputs; i++)
        {
            Tensor weights = from_array(kernel.Weights[i]).to(delta.device);
            weights = byRow ? weights.narrow(0, tile.Start / rowLength, origin.shape[0]).unsqueeze(1) : weights.unsqueeze(0);
            delta = delta.Plus((Rows(tile.Inputs[i]) - origin) * weights);
        }

        return delta.view(-1);
    }

    private Tensor Rows(Tensor values) => values.view(-1, rowLength);

    private void Add(int figure, TorchTile tile, Tensor products)
    {
        double[] parts = Host<double>(products.sum(byRow ? 1 : 0));
        int from = (figure * kernel.Lines) + (byRow ? (int)(tile.Start / rowLength) : 0);
        for (int i = 0; i < parts.Length; i++)
            _figures[from + i] += parts[i];
    }
}
