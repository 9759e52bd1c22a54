using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>Weighted average of whole models (model soups): Σ wᵢ·xᵢ / Σ wᵢ, or the plain sum without <c>normalize</c>.</summary>
/// <remarks>Where all models whose weight is not 0 agree, the average is their value bit for bit, whatever the weights.</remarks>
public sealed class Linear : MergeMethod
{
    private static readonly MethodParameter s_weight = new("weight", ParameterKind.Number, ParameterScope.Model, "The model's share.");
    private static readonly MethodParameter s_normalize = new("normalize", ParameterKind.Switch, ParameterScope.Global, "Divides by the sum of the weights.") { Default = true };

    /// <inheritdoc/>
    public override string Name => "linear";

    /// <inheritdoc/>
    public override string Summary => "Σ weight · model / Σ weight";

    /// <inheritdoc/>
    public override string Formula => "Σ weight · model / Σ weight";

    /// <inheritdoc/>
    public override string Source => "Wortsman et al., Model soups, ICML 2022";

    /// <inheritdoc/>
    public override BaseRule BaseRule => BaseRule.Ignored;

    /// <inheritdoc/>
    public override InputCount InputCount => new(1);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_weight, s_normalize];

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels)
    {
        double[] weights = [.. context.Inputs.Select((_, i) => context.Number(s_weight, i))];
        if (!context.IsOn(s_normalize))
            return new SumKernel<T>(weights, kernels);
        double sum = weights.Sum();
        return sum == 0
            ? throw new CabsException(CabsError.ParameterInvalid, $"the weights of the models add up to 0 at tensor {Text.Quote(context.Tensor)} and cannot be normalised; change them, or set 'normalize: false'", s_weight.Name)
            : new AverageKernel<T>(weights, sum, kernels);
    }

    internal sealed class SumKernel<T>(double[] weights, IKernels<T> kernels) : TensorKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public double[] Weights => weights;

        public override void Merge(Tile<T> tile, Span<T> output, Span<double> sums)
        {
            output.Clear();
            for (int i = 0; i < weights.Length; i++)
                kernels.AddScaled(output, tile.Input(i), T.CreateTruncating(weights[i]));
        }
    }

    internal sealed class AverageKernel<T>(double[] weights, double sum, IKernels<T> kernels) : TensorKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public double[] Weights => weights;

        public double Sum => sum;

        public override void Merge(Tile<T> tile, Span<T> output, Span<double> sums)
        {
            output.Clear();
            for (int i = 0; i < weights.Length; i++)
                kernels.AddScaled(output, tile.Input(i), T.CreateTruncating(weights[i]));
            kernels.Divide(output, T.CreateTruncating(sum));
            Blend.KeepCommon(tile, 0, weights, output);
        }
    }
}
