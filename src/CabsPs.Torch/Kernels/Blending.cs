using System.Numerics;
using CabsPs.Engine.Merging.Methods;
using TorchSharp;
using static CabsPs.Torch.TensorMath;
using static TorchSharp.torch;

namespace CabsPs.Torch.Kernels;

/// <summary>Σ cᵢ·xᵢ, the rules for factors of 0 and 1 and for values in common those of the managed engine's blend.</summary>
internal static class Blending
{
    /// <summary>Blends a piece, or a part of its rows.</summary>
    /// <param name="inputs">The inputs, or their rows.</param>
    /// <param name="factors">One per input.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public static Tensor Blend<T>(IReadOnlyList<Tensor> inputs, ReadOnlySpan<double> factors)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Tensor? total = null;
        double sum = 0;
        for (int i = 0; i < factors.Length; i++)
        {
            sum += factors[i];
            if (factors[i] == 0)
                continue;
            Tensor term = inputs[i].Times(T.CreateTruncating(factors[i]));
            total = total is null ? term : total.Plus(term);
        }

        return total is null ? zeros_like(inputs[0])
            : T.CreateTruncating(sum) == T.One ? KeepCommon(inputs, factors, total)
            : total;
    }

    /// <summary>Takes over the values that all inputs whose factor is not 0 have in common.</summary>
    public static Tensor KeepCommon(IReadOnlyList<Tensor> inputs, ReadOnlySpan<double> factors, Tensor values)
    {
        int kept = factors.IndexOfAnyExcept(0);
        Tensor same = ones_like(values, dtype: ScalarType.Bool);
        for (int i = kept + 1; i < factors.Length; i++)
        {
            if (factors[i] != 0)
                same = same.logical_and(inputs[i].eq(inputs[kept]));
        }

        return Choose(same, inputs[kept], values);
    }
}

/// <summary>Σ wᵢ·xᵢ.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class WeightedSum<T>(Linear.SumKernel<T> kernel) : TorchKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override Tensor Merge(TorchTile tile, double[] sums) => Of(tile, kernel.Weights);

    /// <summary>The sum over a piece.</summary>
    public static Tensor Of(TorchTile tile, double[] weights)
    {
        Tensor total = tile.Zeros();
        for (int i = 0; i < weights.Length; i++)
            total = total.Plus(tile.Inputs[i].Times(T.CreateTruncating(weights[i])));
        return total;
    }
}

/// <summary>Σ wᵢ·xᵢ / Σ wᵢ.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class Average<T>(Linear.AverageKernel<T> kernel) : TorchKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override Tensor Merge(TorchTile tile, double[] sums) =>
        Blending.KeepCommon(tile.Inputs, kernel.Weights, WeightedSum<T>.Of(tile, kernel.Weights).Over(T.CreateTruncating(kernel.Sum)));
}

/// <summary>Interpolation between the base and one model.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class SlerpKernel<T>(Slerp.Kernel<T> kernel) : TorchKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override int MeasuringPasses => kernel.MeasuringPasses;

    /// <inheritdoc/>
    public override int SumCount(int pass) => kernel.SumCount(pass);

    /// <inheritdoc/>
    public override void Measure(int pass, TorchTile tile, double[] sums)
    {
        sums[0] += Dot(tile.Base, tile.Base);
        sums[1] += Dot(tile.Inputs[0], tile.Inputs[0]);
        sums[2] += Dot(tile.Base, tile.Inputs[0]);
    }

    /// <inheritdoc/>
    public override void Complete(int pass, double[] totals) => kernel.Complete(pass, totals);

    /// <inheritdoc/>
    public override Tensor Merge(TorchTile tile, double[] sums) => kernel.Place switch
    {
        0 => tile.Base,
        1 => tile.Inputs[0],
        _ => tile.Base.Times(T.CreateTruncating(kernel.OfBase)).Plus(tile.Inputs[0].Times(T.CreateTruncating(kernel.OfModel))),
    };
}

/// <summary>Methods whose result lies in the span of the inputs: all inner products are measured, and factors follow from them.</summary>
/// <typeparam name="T">float or double.</typeparam>
/// <param name="kernel">The managed computation, which makes the factors.</param>
/// <param name="count">How many inputs there are.</param>
/// <param name="deltas">Whether inputs come as deltas where there is a base.</param>
/// <param name="factors">The factors, known when the pass has ended.</param>
/// <param name="hasBase">Whether the base is added.</param>
internal sealed class Directions<T>(Engine.Merging.TensorKernel<T> kernel, int count, bool deltas, Func<double[]> factors, bool hasBase) : TorchKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override bool WantsDeltas => deltas;

    /// <inheritdoc/>
    public override int MeasuringPasses => 1;

    /// <inheritdoc/>
    public override int SumCount(int pass) => kernel.SumCount(pass);

    /// <inheritdoc/>
    public override void Measure(int pass, TorchTile tile, double[] sums) => MeasureProducts(tile.Inputs, count, sums);

    /// <inheritdoc/>
    public override void Complete(int pass, double[] totals) => kernel.Complete(pass, totals);

    /// <inheritdoc/>
    public override Tensor Merge(TorchTile tile, double[] sums)
    {
        Tensor blend = Blending.Blend<T>(tile.Inputs, factors());
        return hasBase ? blend.Plus(tile.Base) : blend;
    }

    /// <summary>Adds xᵢ · xⱼ for all pairs, each input with itself included.</summary>
    public static void MeasureProducts(Tensor[] inputs, int count, double[] sums)
    {
        int next = 0;
        for (int i = 0; i < count; i++)
        {
            for (int j = i; j < count; j++)
                sums[next++] += Dot(inputs[i], inputs[j]);
        }
    }
}

/// <summary>Interpolation row by row.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class NuSlerpRows<T>(NuSlerp.Rows<T> kernel) : TorchKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override bool WantsDeltas => true;

    /// <inheritdoc/>
    public override long BlockLength => kernel.BlockLength;

    /// <inheritdoc/>
    public override Tensor Merge(TorchTile tile, double[] sums)
    {
        Tensor a = tile.Inputs[0].view(-1, BlockLength), b = tile.Inputs[1].view(-1, BlockLength);
        double[] first = Products(a, a), second = Products(b, b), product = Products(a, b);
        (T First, T Second, bool IsOne)[] factors = [.. first.Select((f, row) =>
        {
            (double x, double y) = kernel.FactorsOf(f, second[row], product[row]);
            return (T.CreateTruncating(x), T.CreateTruncating(y), T.CreateTruncating(x + y) == T.One);
        })];
        Tensor Column<TItem>(Func<(T First, T Second, bool IsOne), TItem> of)
            where TItem : unmanaged => Device(factors.Select(of).ToArray(), a.device).unsqueeze(1);
        Tensor blend = (a * Column(f => f.First)).Plus(b * Column(f => f.Second));
        blend = Choose(a.eq(b).logical_and(Column(f => f.IsOne)), a, blend);
        return kernel.HasBase ? blend.view(-1).Plus(tile.Base) : blend.view(-1);
    }

    private static double[] Products(Tensor a, Tensor b) => Host<double>((a.Wide() * b.Wide()).sum(1));
}

/// <summary>Interpolation column by column.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class NuSlerpByColumn<T>(NuSlerpColumns<T> kernel) : TorchKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override bool WantsDeltas => true;

    /// <inheritdoc/>
    public override long BlockLength => kernel.Columns;

    /// <inheritdoc/>
    public override int MeasuringPasses => 1;

    /// <inheritdoc/>
    public override int SumCount(int pass) => pass == 0 ? 3 * kernel.Columns : 0;

    /// <inheritdoc/>
    public override void Measure(int pass, TorchTile tile, double[] sums)
    {
        Tensor a = tile.Inputs[0].view(-1, kernel.Columns).Wide(), b = tile.Inputs[1].view(-1, kernel.Columns).Wide();
        double[] parts = Host<double>(torch.stack([(a * a).sum(dim: 0), (b * b).sum(dim: 0), (a * b).sum(dim: 0)], 1));
        for (int i = 0; i < sums.Length; i++)
            sums[i] += parts[i];
    }

    /// <inheritdoc/>
    public override void Complete(int pass, double[] totals) => kernel.Take(totals);

    /// <inheritdoc/>
    public override Tensor Merge(TorchTile tile, double[] sums)
    {
        Tensor a = tile.Inputs[0].view(-1, kernel.Columns), b = tile.Inputs[1].view(-1, kernel.Columns);
        Tensor factors = Device(kernel.Factors, a.device).view(-1, 2), first = factors.select(1, 0), second = factors.select(1, 1);
        Tensor blend = (a * first).Plus(b * second);
        blend = Choose(a.eq(b).logical_and(first.Plus(second).eq(Number.Of(1))), a, blend).view(-1);
        return kernel.HasBase ? blend.Plus(tile.Base) : blend;
    }
}

/// <summary>Model stock.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class Stock<T>(ModelStock.Kernel<T> kernel) : TorchKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override bool WantsDeltas => true;

    /// <inheritdoc/>
    public override long BlockLength => kernel.BlockLength;

    /// <inheritdoc/>
    public override int MeasuringPasses => kernel.MeasuringPasses;

    /// <inheritdoc/>
    public override int SumCount(int pass) => kernel.SumCount(pass);

    /// <inheritdoc/>
    public override void Measure(int pass, TorchTile tile, double[] sums) => Directions<T>.MeasureProducts(tile.Inputs, kernel.Count, sums);

    /// <inheritdoc/>
    public override void Complete(int pass, double[] totals) => kernel.Complete(pass, totals);

    /// <inheritdoc/>
    public override Tensor Merge(TorchTile tile, double[] sums)
    {
        Tensor mean = tile.Zeros();
        for (int i = 0; i < kernel.Count; i++)
            mean = mean.Plus(tile.Inputs[i]);
        double[] alike = [.. Enumerable.Repeat(1.0, kernel.Count)];
        mean = Blending.KeepCommon(tile.Inputs, alike, mean.Over(T.CreateTruncating(kernel.Count)));
        return (kernel.RowLength is { } length ? Rows(tile, mean, length) : mean.Times(T.CreateTruncating(kernel.OfMean))).Plus(tile.Base);
    }

    private Tensor Rows(TorchTile tile, Tensor mean, int length)
    {
        Tensor[] rows = [.. Enumerable.Range(0, kernel.Count).Select(i => tile.Inputs[i].view(-1, length).Wide())];
        var products = new List<double[]>();
        for (int i = 0; i < rows.Length; i++)
        {
            for (int j = i; j < rows.Length; j++)
                products.Add(Host<double>((rows[i] * rows[j]).sum(1)));
        }

        T[] shares = [.. Enumerable.Range(0, products[0].Length).Select(row => T.CreateTruncating(kernel.OfMeanIn([.. products.Select(p => p[row])])))];
        return (mean.view(-1, length) * Device(shares, mean.device).unsqueeze(1)).view(-1);
    }
}
