using System.Numerics;
using CabsPs.Engine.Merging.Methods;
using static CabsPs.Torch.TensorMath;
using static TorchSharp.torch;

namespace CabsPs.Torch.Kernels;

/// <summary>SCE: positions where the deltas vary most, weights by energy, minority signs erased.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class SceTwin<T>(SceKernel<T> kernel) : TorchKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly bool _selects = kernel.Share < 1;
    private TorchRank<T>? _search;
    private bool _keepsNothing;

    /// <inheritdoc/>
    public override bool WantsDeltas => true;

    /// <inheritdoc/>
    public override int MeasuringPasses => _keepsNothing ? 1 : SearchEnd + 1;

    // one pass counts, and at least one searches
    private int SearchEnd => !_selects ? 0 : 1 + (_search?.Passes ?? 1);

    /// <inheritdoc/>
    public override int SumCount(int pass) => pass == MeasuringPasses ? 0 : pass == SearchEnd ? kernel.Inputs : pass == 0 ? 1 : 0;

    /// <inheritdoc/>
    public override void Measure(int pass, TorchTile tile, double[] sums)
    {
        if (pass == SearchEnd)
        {
            foreach ((int i, Tensor delta) in Erased(tile).Index())
                sums[i] += Dot(delta, delta);
        }
        else if (pass == 0)
        {
            sums[0] += Count(Variance(tile).ne(Number.Of(0)));
        }
        else
        {
            _search!.Measure(pass - 1, Variance(tile), tile);
        }
    }

    /// <inheritdoc/>
    public override void Complete(int pass, double[] totals)
    {
        if (pass == SearchEnd)
            kernel.TakeWeights(totals);
        else if (pass > 0)
            _search!.Complete(pass - 1);
        else if ((long)((float)totals[0] * (float)kernel.Share) is > 0 and var kept)
            _search = new TorchRank<T>(kept, kernel.Count);
        else
            _keepsNothing = true;
    }

    /// <inheritdoc/>
    public override Tensor Merge(TorchTile tile, double[] sums)
    {
        if (_keepsNothing)
            return tile.Base;
        Tensor[] deltas = Erased(tile);
        Tensor elected = tile.Zeros(), sum = tile.Zeros(), divisor = tile.Zeros();
        foreach (Tensor delta in deltas)
            elected = elected.Plus(delta);
        Tensor plus = elected >= Number.Of(0);
        for (int i = 0; i < deltas.Length; i++)
        {
            Tensor agrees = Choose(plus, deltas[i] > Number.Of(0), deltas[i] < Number.Of(0));
            sum = sum.Plus(deltas[i].Times(kernel.Weights[i]).At(agrees));
            divisor = divisor.Plus(agrees.Narrow<T>().Times(kernel.Weights[i]));
        }

        return (sum / divisor.clamp_min(Number.Of(double.CreateTruncating(T.CreateTruncating(SceKernel<T>.SmallestDivisor))))).Plus(tile.Base);
    }

    // what is not selected becomes 0
    private Tensor[] Erased(TorchTile tile)
    {
        Tensor[] deltas = tile.Inputs[..kernel.Inputs];
        if (!_selects)
            return deltas;
        Tensor mask = _search!.Mask(Variance(tile), tile);
        return [.. deltas.Select(d => d.At(mask))];
    }

    // in float64 and step by step, so that equal deltas have a variance of exactly 0
    private Tensor Variance(TorchTile tile)
    {
        Tensor mean = tile.Zeros().Wide(), squares = zeros_like(mean);
        for (int i = 0; i < kernel.Inputs; i++)
        {
            Tensor delta = tile.Inputs[i].Wide(), off = delta - mean;
            mean = mean.Plus(off.Over(i + 1.0));
            squares = squares.Plus(off * (delta - mean));
        }

        return squares.Over((double)kernel.Inputs).Narrow<T>();
    }
}

/// <summary>Arcee Fusion: the most important changes.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class Fusion<T>(ArceeFusion.Kernel<T> kernel) : TorchKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const double Floor = 1e-8;

    // from the largest: third quartile, median, first quartile
    private readonly TorchRank<T>[] _quartiles = [.. new[] { (kernel.Count - 1) * 3 / 4, (kernel.Count - 1) / 2, (kernel.Count - 1) / 4 }.Select(r => new TorchRank<T>(kernel.Count - r, kernel.Count))];

    /// <inheritdoc/>
    public override long BlockLength => kernel.BlockLength;

    /// <inheritdoc/>
    public override int MeasuringPasses => _quartiles.Max(q => q.Passes);

    /// <inheritdoc/>
    public override void Measure(int pass, TorchTile tile, double[] sums)
    {
        Tensor importance = Importance(tile);
        foreach (TorchRank<T> quartile in _quartiles.Where(q => pass < q.Passes))
            quartile.Measure(pass, importance, tile);
    }

    /// <inheritdoc/>
    public override void Complete(int pass, double[] totals)
    {
        foreach (TorchRank<T> quartile in _quartiles.Where(q => pass < q.Passes))
            quartile.Complete(pass);
    }

    /// <inheritdoc/>
    public override Tensor Merge(TorchTile tile, double[] sums)
    {
        T third = T.CreateTruncating(_quartiles[0].Cutoff), median = T.CreateTruncating(_quartiles[1].Cutoff), first = T.CreateTruncating(_quartiles[2].Cutoff);
        double threshold = double.CreateTruncating(median + (T.CreateTruncating(1.5) * (third - first)));
        return Choose(Importance(tile) >= Number.Of(threshold), tile.Inputs[0], tile.Base);
    }

    private Tensor Importance(TorchTile tile)
    {
        Tensor model = tile.Inputs[0].view(-1, BlockLength), origin = tile.Base.view(-1, BlockLength);
        Tensor p = Softmax(model), q = Softmax(origin);
        // equal rows differ by nothing, whatever the roundings
        Tensor divergence = (p * (p / q).log()).sum(1, keepdim: true).clamp_min(Number.Of(0)).Narrow<T>();
        return ((model - origin).abs() * divergence).view(-1);
    }

    private static Tensor Softmax(Tensor rows)
    {
        Tensor powers = (rows.Wide() - rows.Wide().amax([1], keepdim: true)).exp();
        return (powers / powers.sum(1, keepdim: true)).Plus(Number.Of(Floor));
    }
}
