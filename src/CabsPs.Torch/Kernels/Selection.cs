using System.Numerics;
using CabsPs.Engine.Merging.Methods;
using static CabsPs.Torch.TensorMath;
using static TorchSharp.torch;

namespace CabsPs.Torch.Kernels;

/// <summary>Methods that choose weight by weight.</summary>
internal static class Selection
{
    /// <summary>NearSwap.</summary>
    public static Tensor Near<T>(TorchTile tile, NearSwap.Kernel<T> kernel)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Tensor a = tile.Base, b = tile.Inputs[0];
        Tensor weight = (ones_like(a) / (a - b).abs().clamp_min(Number.Of(double.CreateTruncating(T.CreateTruncating(kernel.Smallest))))).Times(T.CreateTruncating(kernel.Distance));
        Tensor mixed = (weight * b).Plus((ones_like(a) - weight) * a);
        return Choose(a.eq(b).logical_or(weight <= Number.Of(0)), a, Choose(weight >= Number.Of(1), b, mixed));
    }

    /// <summary>The deltas added up in order.</summary>
    public static Tensor Sum(TorchTile tile, int inputs)
    {
        Tensor sum = tile.Zeros();
        for (int i = 0; i < inputs; i++)
            sum = sum.Plus(tile.Inputs[i]);
        return sum;
    }

    /// <summary>TALL-mask of one task.</summary>
    public static Tensor Tall<T>(TorchTile tile, TallMask.Kernel<T> kernel)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (kernel.Task < 0)
            return tile.Zeros();
        Tensor sum = Sum(tile, kernel.Inputs);
        return sum.At(Matters(tile.Inputs[kernel.Task], sum, kernel.Factor));
    }

    /// <summary>Consensus task arithmetic.</summary>
    public static Tensor Consensus<T>(TorchTile tile, ConsensusTa.Kernel<T> kernel)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Tensor sum = Sum(tile, kernel.Lambdas.Length), claims = zeros_like(sum);
        for (int i = 0; i < kernel.Lambdas.Length; i++)
            claims = claims.Plus(Matters(tile.Inputs[i], sum, kernel.Lambdas[i]).Narrow<T>());
        return sum.Times(kernel.Factor).At(claims >= Number.Of(kernel.Least));
    }

    /// <summary>EMR.</summary>
    public static Tensor Elected<T>(TorchTile tile, Emr.Kernel<T> kernel)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Tensor unified = Unified(tile, kernel.Inputs);
        if (kernel.Task is not { } own)
            return unified;
        return (own < 0 ? zeros_like(unified) : Agreeing(unified, tile.Inputs[own])).Times(T.CreateTruncating(kernel.Factor));
    }

    /// <summary>What EMR's rescaler is made of.</summary>
    public static void Measure<T>(TorchTile tile, Emr.Rescaler.Probe<T> probe, double[] sums)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        sums[0] += SumOfMagnitudes(tile.Inputs[probe.Task]);
        sums[1] += SumOfMagnitudes(Agreeing(Unified(tile, probe.Inputs), tile.Inputs[probe.Task]));
    }

    /// <summary>MagMax.</summary>
    public static Tensor Largest<T>(TorchTile tile, MagMax.Kernel<T> kernel)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Tensor delta = tile.Inputs[0];
        for (int i = 1; i < kernel.Inputs; i++)
            delta = Choose(tile.Inputs[i].abs() >= delta.abs(), tile.Inputs[i], delta);
        return delta.Times(kernel.Factor);
    }

    /// <summary>TATR.</summary>
    public static Tensor Trusted<T>(TorchTile tile, Tatr.Kernel<T> kernel)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        Sum(tile, kernel.Inputs).Times(kernel.Factor).At(Conflicts<T>(tile, kernel.Inputs).Wide() < Number.Of(kernel.Limit));

    /// <summary>2 · Σ over i &lt; j of |δᵢ|·|δⱼ|, in float64.</summary>
    public static Tensor Conflicts<T>(TorchTile tile, int inputs)
    {
        Tensor before = tile.Zeros().Wide(), sum = zeros_like(before);
        for (int i = 0; i < inputs; i++)
        {
            Tensor magnitude = tile.Inputs[i].Wide().abs();
            sum = sum.Plus(before * magnitude);
            before = before.Plus(magnitude);
        }

        return (sum * Number.Of(2)).Narrow<T>();
    }

    private static Tensor Matters<T>(Tensor delta, Tensor sum, T lambda)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => delta.abs() > (sum - delta).abs().Times(lambda);

    private static Tensor Unified(TorchTile tile, int inputs)
    {
        Tensor plus = Sum(tile, inputs) > Number.Of(0), unified = tile.Zeros();
        for (int i = 0; i < inputs; i++)
            unified = Choose(plus, unified.maximum(tile.Inputs[i]), unified.minimum(tile.Inputs[i]));
        return unified;
    }

    private static Tensor Agreeing(Tensor unified, Tensor own) =>
        unified.At((own > Number.Of(0)).logical_and(unified > Number.Of(0)).logical_or((own < Number.Of(0)).logical_and(unified < Number.Of(0))));
}

/// <summary>RAM.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class RamTwin<T>(RamKernel<T> kernel) : TorchKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override bool WantsDeltas => true;

    /// <inheritdoc/>
    public override int MeasuringPasses => kernel.MeasuringPasses;

    /// <inheritdoc/>
    public override int SumCount(int pass) => kernel.SumCount(pass);

    /// <inheritdoc/>
    public override void Measure(int pass, TorchTile tile, double[] sums)
    {
        Tensor[] changed = Changed(tile);
        Tensor lone = CountOf(tile, changed).eq(Number.Of(1));
        for (int i = 0; i < changed.Length; i++)
        {
            long alone = Count(changed[i].logical_and(lone));
            sums[2 * i] += alone;
            sums[(2 * i) + 1] += Count(changed[i]) - alone;
        }
    }

    /// <inheritdoc/>
    public override void Complete(int pass, double[] totals) => kernel.Complete(pass, totals);

    /// <inheritdoc/>
    public override Tensor Merge(TorchTile tile, double[] sums)
    {
        Tensor[] changed = Changed(tile);
        Tensor changes = CountOf(tile, changed), lone = changes.eq(Number.Of(1)), total = tile.Zeros();
        for (int i = 0; i < changed.Length; i++)
            total = total.Plus(Choose(lone, tile.Inputs[i].Times(kernel.OfLoneChanges(i)), tile.Inputs[i]).At(changed[i]));
        return Choose(changes > Number.Of(1), total / changes, total).Plus(tile.Base);
    }

    private Tensor[] Changed(TorchTile tile) =>
        [.. Enumerable.Range(0, kernel.Count).Select(i => tile.Inputs[i].abs() > Number.Of(double.CreateTruncating(T.CreateTruncating(kernel.Epsilon))))];

    private static Tensor CountOf(TorchTile tile, Tensor[] changed) => changed.Aggregate(tile.Zeros(), (sum, c) => sum.Plus(c.Narrow<T>()));
}
