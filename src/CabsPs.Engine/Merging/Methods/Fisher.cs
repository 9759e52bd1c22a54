using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>Fisher merging: every weight is averaged with the Fisher information that each model has of it, Σ wᵢ·(Fᵢ + ε)·xᵢ / Σ wᵢ·(Fᵢ + ε). Normalised, a
/// model's Fishers are divided by their norm over the whole model (plus ε).</summary>
/// <remarks>A weight that all models have in common stays as it is. Where nothing has a weight (ε 0 and no information) the plain mean stands.</remarks>
public sealed class Fisher : MergeMethod
{
    private static readonly MethodParameter s_path = new("fisher_path", ParameterKind.Path, ParameterScope.Model, "The model's diagonal Fisher information: a safetensors file with a tensor of the same name and shape per weight.");
    private static readonly MethodParameter s_weight = new("weight", ParameterKind.Number, ParameterScope.Model, "The model's share; auto: 1 / number of models.") { Default = "auto", Words = ["auto"], Minimum = 0 };
    private static readonly MethodParameter s_normalize = new("normalize_fisher_weight", ParameterKind.Switch, ParameterScope.Global, "Divides each model's Fishers by their norm over the whole model.") { Default = true };
    private static readonly MethodParameter s_least = new("minimal_fisher_weight", ParameterKind.Number, ParameterScope.Global, "ε, added to every Fisher.") { Default = 1e-6, Minimum = 0 };

    /// <inheritdoc/>
    public override string Name => "fisher";

    /// <inheritdoc/>
    public override string Summary => "averages every weight by the Fisher information that each model has of it";

    /// <inheritdoc/>
    public override string Formula => "Σ w · (F + ε) · model / Σ w · (F + ε), w divided by ‖F‖ + ε over the model where normalised";

    /// <inheritdoc/>
    public override string Source => "Matena and Raffel, Merging Models with Fisher-Weighted Averaging, NeurIPS 2022; details as in FusionBench";

    /// <inheritdoc/>
    public override BaseRule BaseRule => BaseRule.Ignored;

    /// <inheritdoc/>
    public override InputCount InputCount => new(1);

    /// <inheritdoc/>
    public override MethodParameter? Statistic => s_path;

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_path, s_weight, s_normalize, s_least];

    /// <inheritdoc/>
    public override ModelMeasure? MeasureModel(ModelContext model) =>
        (bool)model.Value(s_normalize) ? new Norms(model.Definition.Inputs.Count, (double)model.Value(s_least)) : null;

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels) => new Kernel<T>(
        [.. context.Inputs.Select((_, i) => context.Value(s_weight, i) is double given ? given : 1.0 / context.ModelCount)],
        [.. context.Inputs.Select((_, i) => context.VectorOf(i))],
        (Norms?)context.Measure,
        context.Number(s_least));

    internal sealed class Kernel<T>(double[] weights, int[] vectors, Norms? norms, double least) : TensorKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public double[] Shares => [.. weights.Select((w, i) => norms is null ? w : w / norms.Of(vectors[i]))];

        public double Least => least;

        public override void Merge(Tile<T> tile, Span<T> output, Span<double> sums)
        {
            double[] own = Shares;
            WeightedMean.Into(tile, weights.Length, (i, j) => own[i] * (double.CreateTruncating(tile.Input(weights.Length + i)[j]) + least), output);
        }
    }

    // ‖F‖ + ε of every model
    internal sealed class Norms(int models, double least) : ModelMeasure
    {
        private readonly double[] _norms = new double[models];

        public override int Sweeps => 1;

        public double Of(int vector) => _norms[vector] is 0 ? 1 : _norms[vector];

        public override TensorProbe<T> Bind<T>(int sweep, TensorContext tensor, TensorKernel<T>? merged, IKernels<T> kernels) => new Probe<T>(tensor.Inputs.Count);

        public override void Complete(int sweep, IReadOnlyList<TensorSums> tensors)
        {
            foreach ((TensorContext tensor, IReadOnlyList<double> sums) in tensors)
            {
                for (int i = 0; i < sums.Count; i++)
                    _norms[tensor.VectorOf(i)] += sums[i];
            }

            for (int i = 0; i < models; i++)
                _norms[i] = Math.Sqrt(_norms[i]) + least;
        }

        internal sealed class Probe<T>(int inputs) : TensorProbe<T>
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            public int Inputs => inputs;

            public override int MeasuringPasses => 1;

            public override int SumCount(int pass) => inputs;

            public override void Measure(int pass, Tile<T> tile, Span<double> sums)
            {
                for (int i = 0; i < inputs; i++)
                    sums[i] += Reductions.Dot<T>(tile.Input(inputs + i), tile.Input(inputs + i));
            }
        }
    }
}
