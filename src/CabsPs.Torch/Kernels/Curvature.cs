using System.Numerics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Merging.Methods;
using static CabsPs.Torch.TensorMath;
using static TorchSharp.torch;

namespace CabsPs.Torch.Kernels;

/// <summary>Second moments of an optimizer: the twin of <see cref="Preconditioner{T}"/>.</summary>
internal static class Moments
{
    /// <summary>Adds a piece to the sums of rows and columns.</summary>
    public static void Measure<T>(Preconditioner<T> moments, Tensor values, long start, Span<double> sums)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (moments.Rows is not { } rows)
            return;
        Tensor matrix = values.Wide().view(-1, moments.BlockLength);
        Host<double>(matrix.sum(1)).CopyTo(rows.AsSpan((int)(start / moments.BlockLength)));
        double[] columns = Host<double>(matrix.sum(dim: 0));
        for (int j = 0; j < columns.Length; j++)
            sums[j] += columns[j];
    }

    /// <summary>The second moments of a piece, in float64.</summary>
    public static Tensor At<T>(Preconditioner<T> moments, Tensor values, long start)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (moments.Rows is not { } all)
            return values.Wide();
        if (moments.Total == 0)
            return zeros_like(values, dtype: ScalarType.Float64);
        int length = moments.BlockLength, from = (int)(start / length);
        Tensor rows = from_array(all[from..(from + (int)(values.NumberOfElements / length))]).to(values.device).unsqueeze(1);
        Tensor columns = from_array(moments.Columns).to(values.device).unsqueeze(0);
        return (rows * columns).Over(moments.Total).view(-1);
    }

    /// <summary>vᵖ.</summary>
    public static Tensor Power(Tensor moments, double power) => power switch
    {
        1 => moments,
        0.5 => moments.sqrt(),
        0.25 => moments.sqrt().sqrt(),
        0 => ones_like(moments),
        _ => moments.pow(Number.Of(power)),
    };
}

/// <summary>OTA: averages by curvature.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class OtaTwin<T>(Ota.Kernel<T> kernel) : TorchKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly int _sumsPass = kernel.Moments.Any(m => m.SumCount > 0) ? 0 : -1;

    private int Inputs => kernel.Factors.Length;

    /// <inheritdoc/>
    public override long BlockLength => kernel.BlockLength;

    /// <inheritdoc/>
    public override int MeasuringPasses => kernel.MeasuringPasses;

    /// <inheritdoc/>
    public override int SumCount(int pass) => kernel.SumCount(pass);

    /// <inheritdoc/>
    public override void Measure(int pass, TorchTile tile, double[] sums)
    {
        Span<double> rest = sums;
        for (int i = 0; i < Inputs; i++)
        {
            if (pass == _sumsPass)
            {
                int own = kernel.Moments[i].SumCount;
                Moments.Measure(kernel.Moments[i], tile.Inputs[Inputs + i], tile.Start, rest[..own]);
                rest = rest[own..];
            }
            else
            {
                sums[i] += Sum(Curvature(i, tile));
            }
        }
    }

    /// <inheritdoc/>
    public override void Complete(int pass, double[] totals) => kernel.Complete(pass, totals);

    /// <inheritdoc/>
    public override Tensor Merge(TorchTile tile, double[] sums)
    {
        (Tensor sum, Tensor weights, Tensor common) = Averages.Sums(tile, Inputs, i => Share(i, tile));
        Tensor isNone = kernel.Threshold is null ? zeros_like(common) : weights <= Number.Of(kernel.None);
        Tensor mean = Averages.PlainMean<T>(tile, Inputs);
        Tensor result = Choose(isNone.logical_or((weights > Number.Of(0)).logical_not()), mean, (sum / weights).Narrow<T>());
        result = Choose(common, tile.Inputs[0], result);
        return kernel.KeepsBase && kernel.Threshold is not null ? Choose(isNone, tile.Base, result) : result;
    }

    private Tensor Share(int input, TorchTile tile)
    {
        Tensor share = Curvature(input, tile);
        if (kernel.Normalises)
            share = share.Over(kernel.Means[input] + kernel.Epsilon);
        share = share.Plus(Number.Of(kernel.Epsilon));
        if (kernel.Threshold is not { } least)
            return share;
        Tensor delta = tile.Inputs[input].Wide() - tile.Base.Wide();
        return share.At(At(input, tile) * (delta * delta) >= Number.Of(least));
    }

    private Tensor Curvature(int input, TorchTile tile) => Moments.Power(At(input, tile), kernel.Exponent) * Number.Of(kernel.Factors[input]);

    private Tensor At(int input, TorchTile tile) => Moments.At(kernel.Moments[input], tile.Inputs[Inputs + input], tile.Start);
}

/// <summary>FFG: the weights of a task vector whose loss matters most.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class FfgTwin<T>(Ffg.Kernel<T> kernel) : TorchDeltaKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly int _sumsPasses = kernel.Moments.SumCount > 0 ? 1 : 0;
    private readonly TorchRank<double> _rank = new(kernel.Kept, kernel.Count);

    /// <inheritdoc/>
    public override long BlockLength => kernel.Moments.BlockLength;

    /// <inheritdoc/>
    public override int MeasuringPasses => _sumsPasses + _rank.Passes;

    /// <inheritdoc/>
    public override int SumCount(int pass) => pass < _sumsPasses ? kernel.Moments.SumCount : 0;

    /// <inheritdoc/>
    public override void Measure(int pass, TorchTile tile, double[] sums)
    {
        if (pass < _sumsPasses)
            Moments.Measure(kernel.Moments, tile.Inputs[1], tile.Start, sums);
        else
            _rank.Measure(pass - _sumsPasses, Scores(tile), tile);
    }

    /// <inheritdoc/>
    public override void Complete(int pass, double[] totals)
    {
        if (pass < _sumsPasses)
            kernel.Moments.Complete(totals);
        else
            _rank.Complete(pass - _sumsPasses);
    }

    /// <inheritdoc/>
    public override Tensor MergeDelta(TorchTile tile, double[] sums) => tile.Inputs[0].At(_rank.Mask(Scores(tile), tile));

    // a weight that moved without a second moment ranks last, but before those that did not move
    private Tensor Scores(TorchTile tile)
    {
        Tensor delta = tile.Inputs[0].Wide();
        return (delta * delta * Moments.At(kernel.Moments, tile.Inputs[1], tile.Start)).clamp_min(Number.Of(double.Epsilon)).At(delta.ne(Number.Of(0)));
    }
}
