using System.Numerics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Merging.Methods;
using static CabsPs.Torch.TensorMath;
using static TorchSharp.torch;

namespace CabsPs.Torch.Kernels;

/// <summary>Sums and averages, in float64.</summary>
internal static class Averages
{
    /// <summary>Σ wᵢ·xᵢ / Σ wᵢ with weights of their own for every element: a value in common stays, without any weight the mean stands.</summary>
    public static Tensor Weighted<T>(TorchTile tile, int inputs, Func<int, Tensor> weight)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        (Tensor sum, Tensor weights, Tensor common) = Sums(tile, inputs, weight);
        return Choose(common, tile.Inputs[0], Choose(weights > Number.Of(0), (sum / weights).Narrow<T>(), PlainMean<T>(tile, inputs)));
    }

    /// <summary>Σ wᵢ·xᵢ, Σ wᵢ, and where all inputs are the same.</summary>
    public static (Tensor Sum, Tensor Weights, Tensor Common) Sums(TorchTile tile, int inputs, Func<int, Tensor> weight)
    {
        Tensor sum = tile.Zeros().Wide(), weights = zeros_like(sum), common = ones_like(sum, dtype: ScalarType.Bool);
        for (int i = 0; i < inputs; i++)
        {
            Tensor share = weight(i);
            common = common.logical_and(tile.Inputs[i].eq(tile.Inputs[0]));
            sum = sum.Plus(share * tile.Inputs[i].Wide());
            weights = weights.Plus(share);
        }

        return (sum, weights, common);
    }

    /// <summary>Σ xᵢ / number.</summary>
    public static Tensor PlainMean<T>(TorchTile tile, int inputs)
    {
        Tensor sum = tile.Zeros().Wide();
        for (int i = 0; i < inputs; i++)
            sum = sum.Plus(tile.Inputs[i].Wide());
        return sum.Over((double)inputs).Narrow<T>();
    }

    /// <summary>The mean; a value in common stays.</summary>
    public static Tensor Mean<T>(TorchTile tile, int inputs)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Weighted<T>(tile, inputs, _ => ones_like(tile.Inputs[0], dtype: ScalarType.Float64));

    /// <summary>Fisher merging.</summary>
    public static Tensor ByFisher<T>(TorchTile tile, Fisher.Kernel<T> kernel)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        double[] shares = kernel.Shares;
        return Weighted<T>(tile, shares.Length, i => tile.Inputs[shares.Length + i].Wide().Plus(Number.Of(kernel.Least)) * Number.Of(shares[i]));
    }

    /// <summary>λ · Σ wᵢ·δᵢ / T.</summary>
    public static Tensor MeanDelta<T>(TorchTile tile, MeanKernel<T> kernel)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Tensor sum = tile.Zeros().Wide();
        for (int i = 0; i < kernel.Weights.Length; i++)
            sum = sum.Plus(tile.Inputs[i].Wide() * Number.Of(kernel.Weights[i]));
        return (sum.Over((double)kernel.Models) * Number.Of(kernel.Factor)).Narrow<T>();
    }

    /// <summary>The deltas added up, times OPCM's scale.</summary>
    public static Tensor Sum<T>(TorchTile tile, Opcm.SumKernel<T> kernel)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Tensor sum = Selection.Sum(tile, kernel.Inputs);
        return kernel.Scale == 1 ? sum : (sum.Wide() * Number.Of(kernel.Scale)).Narrow<T>();
    }

    /// <summary>Some inputs' deltas added up.</summary>
    public static Tensor SumOfDeltas(TorchTile tile, int[] inputs, bool areDeltas)
    {
        Tensor sum = tile.Zeros();
        foreach (int i in inputs)
        {
            sum = sum.Plus(tile.Inputs[i]);
            if (!areDeltas)
                sum -= tile.Base;
        }

        return sum;
    }
}
