using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>OTA: every weight is averaged with the curvature that each model's optimizer saw there, Σ (cᵢ + ε)·xᵢ / Σ (cᵢ + ε) with cᵢ = s·vᵖ from the second
/// moments v of Adam. Normalised globally, cᵢ is divided by its mean over the tensor (plus ε), and s has no effect. With a threshold, a model has no say
/// where v·(x − base)² is below it; where no model has one, the mean or the base stands.</summary>
public sealed class Ota : MergeMethod
{
    // weights this near to that of no model count as none
    private const double NoneMargin = 1.1;

    /// <summary>The file of second moments.</summary>
    internal static MethodParameter Path { get; } = new("preconditioner_path", ParameterKind.Path, ParameterScope.Model, "The second moments of the model's Adam (exp_avg_sq): a safetensors file with a tensor of the same name and shape per weight.");

    /// <summary>Whether matrices' moments are approximated.</summary>
    internal static MethodParameter Approximates { get; } = new("rank1_approx", ParameterKind.Switch, ParameterScope.Model, "Takes the moments of a matrix as row sums times column sums over their total.") { Default = false };

    private static readonly MethodParameter s_factor = new("scaling_factor", ParameterKind.Number, ParameterScope.Model, "s, the model's share; without effect where curvatures are normalised.") { Default = 1.0, Minimum = 0 };
    private static readonly MethodParameter s_power = new("power", ParameterKind.Number, ParameterScope.Global, "p, to which second moments are raised.") { Default = 0.5, Minimum = 0 };
    private static readonly MethodParameter s_normalise = new("normalise", ParameterKind.Choice, ParameterScope.Global, "global divides a model's curvatures by their mean over each tensor; none leaves them.") { Default = "none", Words = ["none", "global"] };
    private static readonly MethodParameter s_epsilon = new("epsilon", ParameterKind.Number, ParameterScope.Global, "ε, added to every curvature.") { Default = 1e-8, Minimum = 0 };
    private static readonly MethodParameter s_threshold = new("precond_threshold", ParameterKind.Number, ParameterScope.Global, "Leaves a model out where v · (x − base)² is below this; needs a base model. none leaves nobody out.") { Default = "none", Words = ["none"], Minimum = 0 };
    private static readonly MethodParameter s_fallback = new("fallback_to_base", ParameterKind.Switch, ParameterScope.Global, "Where all models are left out, keeps the base instead of the mean.") { Default = false };

    /// <inheritdoc/>
    public override string Name => "ota";

    /// <inheritdoc/>
    public override string Summary => "averages every weight by the curvature that each model's optimizer saw there";

    /// <inheritdoc/>
    public override string Formula => "Σ (s·vᵖ + ε) · model / Σ (s·vᵖ + ε), v Adam's second moments";

    /// <inheritdoc/>
    public override string Source => "Mahdavinia et al., Harnessing Optimization Dynamics for Curvature-Informed Model Merging, 2025 (arXiv 2509.11167); details as in the authors' code";

    /// <inheritdoc/>
    public override BaseRule BaseRule => BaseRule.Optional;

    /// <inheritdoc/>
    public override InputCount InputCount => new(1);

    /// <inheritdoc/>
    public override MethodParameter? Statistic => Path;

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [Path, Approximates, s_factor, s_power, s_normalise, s_epsilon, s_threshold, s_fallback];

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels)
    {
        double? threshold = context.Value(s_threshold) as double?;
        if (threshold is not null && !context.HasBase)
            throw new CabsException(CabsError.RecipeInvalid, "'precond_threshold' compares models with a base, and there is none; give 'base_model'", s_threshold.Name);
        return new Kernel<T>(
            [.. context.Inputs.Select((_, i) => new Preconditioner<T>(context, (bool)context.Value(Approximates, i)))],
            [.. context.Inputs.Select((_, i) => context.Number(s_factor, i))],
            context.Number(s_power),
            (string)context.Value(s_normalise) == "global",
            context.Number(s_epsilon),
            threshold,
            context.IsOn(s_fallback),
            context.Count);
    }

    internal sealed class Kernel<T>(Preconditioner<T>[] moments, double[] factors, double power, bool normalises, double epsilon, double? threshold, bool keepsBase, long count) : TensorKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public Preconditioner<T>[] Moments => moments;

        public double[] Factors => factors;

        public double[] Means => _means;

        public double Exponent => power;

        public bool Normalises => normalises;

        public double Epsilon => epsilon;

        public double? Threshold => threshold;

        public bool KeepsBase => keepsBase;

        public double None => factors.Length * epsilon * NoneMargin;

        private readonly double[] _means = new double[factors.Length];
        private readonly int _sumsPass = moments.Any(m => m.SumCount > 0) ? 0 : -1;

        public override int BlockLength => moments.Max(m => m.BlockLength);

        public override int MostSegments => _sumsPass < 0 ? int.MaxValue : 16;

        public override int MeasuringPasses => _sumsPass + 1 + (normalises ? 1 : 0);

        public override int SumCount(int pass) => pass == _sumsPass ? moments.Sum(m => m.SumCount) : pass < MeasuringPasses ? factors.Length : 0;

        public override void Measure(int pass, Tile<T> tile, Span<double> sums)
        {
            for (int i = 0; i < factors.Length; i++)
            {
                ReadOnlySpan<T> own = tile.Input(factors.Length + i);
                if (pass == _sumsPass)
                {
                    moments[i].Measure(own, tile.Start, sums[..moments[i].SumCount]);
                    sums = sums[moments[i].SumCount..];
                    continue;
                }

                double sum = 0;
                for (int j = 0; j < own.Length; j++)
                    sum += Curvature(i, own[j], tile.Start + j);
                sums[i] += sum;
            }
        }

        public override void Complete(int pass, ReadOnlySpan<double> totals)
        {
            for (int i = 0; i < factors.Length; i++)
            {
                if (pass == _sumsPass)
                {
                    moments[i].Complete(totals[..moments[i].SumCount]);
                    totals = totals[moments[i].SumCount..];
                }
                else
                {
                    _means[i] = totals[i] / count;
                }
            }
        }

        public override void Merge(Tile<T> tile, Span<T> output, Span<double> sums)
        {
            double none = None;
            for (int j = 0; j < output.Length; j++)
            {
                double sum = 0, weights = 0;
                T first = tile.Input(0)[j];
                bool common = true;
                for (int i = 0; i < factors.Length; i++)
                {
                    T own = tile.Input(i)[j], moment = tile.Input(factors.Length + i)[j];
                    double share = Curvature(i, moment, tile.Start + j);
                    if (normalises)
                        share /= _means[i] + epsilon;
                    share += epsilon;
                    if (threshold is { } least)
                    {
                        double delta = double.CreateTruncating(own) - double.CreateTruncating(tile.Base[j]);
                        share = moments[i].At(moment, tile.Start + j) * (delta * delta) >= least ? share : 0;
                    }

                    common &= own == first;
                    sum += share * double.CreateTruncating(own);
                    weights += share;
                }

                bool isNone = threshold is not null && weights <= none;
                output[j] = isNone && keepsBase ? tile.Base[j]
                    : common ? first
                    : isNone || !(weights > 0) ? WeightedMean.Mean(tile, factors.Length, j)
                    : T.CreateTruncating(sum / weights);
            }
        }

        private double Curvature(int input, T moment, long place) => factors[input] * Elementary.Power(moments[input].At(moment, place), power);
    }
}
