using System.Numerics;

namespace CabsPs.Engine.Merging;

/// <summary>λ · Σ wᵢ·δᵢ / T: what methods of matrices do with tensors that are none.</summary>
/// <typeparam name="T">float or double.</typeparam>
/// <param name="weights">wᵢ.</param>
/// <param name="models">T.</param>
/// <param name="factor">λ.</param>
internal sealed class MeanKernel<T>(double[] weights, int models, double factor = 1) : DeltaKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public double[] Weights => weights;

    public int Models => models;

    public double Factor => factor;

    /// <inheritdoc/>
    public override void MergeDelta(Tile<T> tile, Span<T> delta, Span<double> sums)
    {
        for (int j = 0; j < delta.Length; j++)
        {
            double sum = 0;
            for (int i = 0; i < weights.Length; i++)
                sum += weights[i] * double.CreateTruncating(tile.Input(i)[j]);
            delta[j] = T.CreateTruncating(factor * (sum / models));
        }
    }
}
