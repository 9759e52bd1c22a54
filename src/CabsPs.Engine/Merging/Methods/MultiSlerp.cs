using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>Barycentric interpolation on a sphere: the models' directions uᵢ = xᵢ/(‖xᵢ‖ + eps) are averaged by weight, m = Σ wᵢuᵢ, moved onto the
/// tangent space at m/‖m‖ and back, and the result gets the length Σ wᵢ‖xᵢ‖; with a base, all this on task vectors.</summary>
/// <remarks>The weighted tangents at the normalised mean cancel out, Σ wᵢ(uᵢ − (uᵢ·m̂)m̂) = m − ‖m‖m̂ = 0, so the result is
/// m/‖m‖ · Σ wᵢ‖xᵢ‖ · cos eps; mergekit's differs from it by the rounding of that zero. One pass measures all inner products. Directions of
/// two models that cancel out are averaged linearly, those of more than two have no mean: an error.</remarks>
public sealed class MultiSlerp : MergeMethod
{
    private static readonly MethodParameter s_weight = new("weight", ParameterKind.Number, ParameterScope.Model, "The model's share.");
    private static readonly MethodParameter s_normalize = new("normalize_weights", ParameterKind.Switch, ParameterScope.Global, "Divides the weights by their sum.") { Default = true };
    private static readonly MethodParameter s_eps = new("eps", ParameterKind.Number, ParameterScope.Global, "Added to norms before they divide; a mean direction shorter than this is none.") { Default = 1e-8, Minimum = 0 };

    /// <inheritdoc/>
    public override string Name => "multislerp";

    /// <inheritdoc/>
    public override string Summary => "weighted mean of the directions of models or task vectors, at their mean length";

    /// <inheritdoc/>
    public override string Formula => "m/‖m‖ · Σ w‖x‖, m = Σ w · x/‖x‖; with a base, x are the task vectors, and it is added";

    /// <inheritdoc/>
    public override string Source => "as in mergekit: tangent space at the weighted mean direction (after Goddard, github.com/arcee-ai/mergekit)";

    /// <inheritdoc/>
    public override BaseRule BaseRule => BaseRule.Optional;

    /// <inheritdoc/>
    public override InputCount InputCount => new(1);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_weight, s_normalize, s_eps];

    /// <inheritdoc/>
    public override bool IsCopy(TensorContext context) => context.Inputs.Count == 1;

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels)
    {
        double[] weights = [.. context.Inputs.Select((_, i) => context.Number(s_weight, i))];
        if (context.IsOn(s_normalize))
        {
            double sum = weights.Sum();
            if (sum == 0)
                throw new CabsException(CabsError.ParameterInvalid, $"the weights of the models add up to 0 at tensor {Text.Quote(context.Tensor)} and cannot be normalised; change them, or set 'normalize_weights: false'", s_weight.Name);
            weights = [.. weights.Select(w => w / sum)];
        }

        return new Kernel<T>(context, weights, context.Number(s_eps), kernels);
    }

    internal sealed class Kernel<T>(TensorContext context, double[] weights, double eps, IKernels<T> kernels) : TensorKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public double[] Factors => _cancels ? throw NoMean() : _factors;

        public bool HasBase => context.HasBase;

        // a mean shorter than float32 resolves is made of roundings, and would be blown up to full length
        private const double Resolution = 1.0 / (1 << 23);
        private readonly InnerProducts<T> _products = new(weights.Length);
        private double[] _factors = [];
        private bool _cancels;

        public override bool WantsDeltas => true;

        public override int MeasuringPasses => 1;

        public override int SumCount(int pass) => pass == 0 ? _products.SumCount : 0;

        public override void Measure(int pass, Tile<T> tile, Span<double> sums) => _products.Measure(tile, 0, tile.Length, sums);

        public override void Complete(int pass, ReadOnlySpan<double> totals)
        {
            double[,] products = _products.Matrix(totals);
            int count = weights.Length;
            double[] norms = [.. Enumerable.Range(0, count).Select(i => Math.Sqrt(products[i, i]))];
            // where nothing has a length (no model changed the tensor), the sum of the weighted models is exact
            _factors = weights;
            if (norms.All(n => n == 0))
                return;
            double energy = 0, length = 0, largest = 0;
            for (int i = 0; i < count; i++)
            {
                length += weights[i] * norms[i];
                largest += Math.Abs(weights[i]);
                for (int j = 0; j < count; j++)
                    energy += weights[i] / (norms[i] + eps) * (weights[j] / (norms[j] + eps)) * products[i, j];
            }

            double mean = Math.Sqrt(Math.Max(0, energy));
            if (mean < Math.Max(eps, Resolution * largest))
                _cancels = count > 2;
            else
                _factors = [.. weights.Select((w, i) => w / (norms[i] + eps) / mean * length * Math.Cos(eps))];
        }

        public override void Merge(Tile<T> tile, Span<T> output, Span<double> sums)
        {
            Blend.Into(tile, 0, Factors, output, kernels);
            if (context.HasBase)
                kernels.Add(output, tile.Base);
        }

        private CabsException NoMean() =>
            new CabsException(CabsError.ParameterInvalid, $"the weighted directions of the models cancel out at tensor {Text.Quote(context.Tensor)}, so they have no mean; change the weights, or exclude the tensor", s_weight.Name);
    }
}
