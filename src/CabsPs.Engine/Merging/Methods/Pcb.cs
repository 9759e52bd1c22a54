using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>PCB: parameter competition balancing. Over the whole model, each vector's magnitudes aᵢ are clamped to the values at the places
/// ⌊10⁻⁴·N⌋ and ⌊(1 − 10⁻⁴)·N − 1⌋ of the sorted ones, and normᵢ = (aᵢ − min)/(max − min). The score qᵢ = exp(T·normᵢ²)·tanh(δᵢ·Σδ) is raised to its
/// value at ⌊(1 − ratio)·N⌋ and brought to 0 … 1 the same way. The result is base + λ · Σ sign(δᵢ)·aᵢ·qᵢ / Σ qᵢ.</summary>
public sealed class Pcb : MergeMethod
{
    private const double Tail = 1e-4;
    private static readonly MethodParameter s_ratio = new("pcb_ratio", ParameterKind.Number, ParameterScope.Global, "The share of a task vector's weights that compete; the others score zero.") { Minimum = 0, Maximum = 1 };
    private static readonly MethodParameter s_factor = new("scaling_factor", ParameterKind.Number, ParameterScope.Global, "Scales what was merged.") { Default = 1.0 };

    /// <inheritdoc/>
    public override string Name => "pcb";

    /// <inheritdoc/>
    public override string Summary => "averages deltas by how large they are in their model and how well they agree with the others";

    /// <inheritdoc/>
    public override string Formula => "base + λ · Σ sign(δ)·a·q / Σ q, a = |δ| clamped to its quantiles over the model, q = exp(T · norm(a)²) · tanh(δ · Σδ) above its quantile at 1 − ratio, scaled to 0 … 1";

    /// <inheritdoc/>
    public override string Source => "Du et al., Parameter Competition Balancing for Model Merging, NeurIPS 2024";

    /// <inheritdoc/>
    public override InputCount InputCount => new(1);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_ratio, s_factor];

    /// <inheritdoc/>
    public override ModelMeasure? MeasureModel(ModelContext model)
    {
        double ratio = (double)model.Value(s_ratio);
        return new Scores([.. Enumerable.Range(0, model.Definition.Inputs.Count).Select(v => new Competitor(model, v, ratio))]);
    }

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels) =>
        new Kernel<T>(((Scores)context.Measure!).Of(context), context.Number(s_factor), kernels);

    private static double Normalise(double value, double least, double most) => most > least ? (value - least) / (most - least) : 0;

    /// <summary>One vector's figures: the ends of its magnitudes, then those of its scores.</summary>
    internal sealed class Competitor
    {
        private readonly int _models;

        public Competitor(ModelContext model, int vector, double ratio)
        {
            _models = model.Definition.Inputs.Count;
            long count = model.CountOf(vector);
            Magnitudes = new ModelRankSearch([RankAt(count * Tail, count), RankAt((count * (1 - Tail)) - 1, count)], model.Count, model.AnyDouble);
            Scores = new ModelRankSearch([RankAt(count * (1 - ratio), count), 1], model.Count, model.AnyDouble, signed: true);
        }

        public ModelRankSearch Magnitudes { get; }

        public ModelRankSearch Scores { get; }

        public double Least { get; set; }

        public double Most { get; set; }

        public double LeastScore { get; set; }

        public double MostScore { get; set; }

        public int Models => _models;

        public void TakeMagnitudes() => (Least, Most) = (Magnitudes.Value(0), Magnitudes.Value(1));

        public void TakeScores() => (LeastScore, MostScore) = (Scores.Value(0), Scores.Value(1));

        public double Clamp(double magnitude) => Math.Min(Math.Max(magnitude, Least), Most);

        // rounded to the computing type, as the search has seen it
        public T Score<T>(double delta, double sum)
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            double norm = Normalise(Clamp(Math.Abs(delta)), Least, Most);
            return T.CreateTruncating(Elementary.Exp(_models * norm * norm) * Elementary.Tanh(delta * sum));
        }

        public double Share(double score) => Normalise(Math.Max(score, LeastScore), LeastScore, MostScore);

        // from a place in ascending order
        private static long RankAt(double place, long count) => count - Math.Clamp((long)place, 0, Math.Max(0, count - 1));
    }

    internal sealed class Kernel<T>(Competitor[] competitors, double factor, IKernels<T> kernels) : DeltaKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public Competitor[] Competitors => competitors;

        public double Factor => factor;

        public const double SmallestDivisor = 1e-12;

        public override void MergeDelta(Tile<T> tile, Span<T> delta, Span<double> sums)
        {
            AddUp(tile, competitors.Length, tile.Total, kernels);
            ReadOnlySpan<T> total = tile.Total;
            for (int j = 0; j < delta.Length; j++)
            {
                double sum = double.CreateTruncating(total[j]), won = 0, shares = 0;
                for (int i = 0; i < competitors.Length; i++)
                {
                    double own = double.CreateTruncating(tile.Input(i)[j]);
                    double share = competitors[i].Share(double.CreateTruncating(competitors[i].Score<T>(own, sum)));
                    won += own == 0 ? 0 : Math.CopySign(competitors[i].Clamp(Math.Abs(own)), own) * share;
                    shares += share;
                }

                delta[j] = T.CreateTruncating(factor * won / Math.Max(shares, SmallestDivisor));
            }
        }
    }

    private static void AddUp<T>(Tile<T> tile, int inputs, Span<T> total, IKernels<T> kernels)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        total.Clear();
        for (int i = 0; i < inputs; i++)
            kernels.Add(total, tile.Input(i));
    }

    // first the ends of the magnitudes, then those of the scores, which need the former
    internal sealed class Scores(Competitor[] competitors) : ModelMeasure
    {
        private int MagnitudeSweeps => competitors.Max(c => c.Magnitudes.Sweeps);

        public override int Sweeps => MagnitudeSweeps + competitors.Max(c => c.Scores.Sweeps);

        // the histograms of the first search are gone when the second begins
        public override long BytesPerThread => competitors.Sum(c => Math.Max(c.Magnitudes.BytesPerThread, c.Scores.BytesPerThread));

        public Competitor[] Of(TensorContext tensor) => [.. Enumerable.Range(0, tensor.Inputs.Count).Select(i => competitors[tensor.VectorOf(i)])];

        public override TensorProbe<T> Bind<T>(int sweep, TensorContext tensor, TensorKernel<T>? merged, IKernels<T> kernels) =>
            new Probe<T>(Of(tensor), sweep, sweep - MagnitudeSweeps, kernels);

        public override void Complete(int sweep, IReadOnlyList<TensorSums> tensors)
        {
            foreach (Competitor competitor in competitors)
            {
                if (sweep < MagnitudeSweeps)
                    competitor.Magnitudes.Complete(sweep);
                else
                    competitor.Scores.Complete(sweep - MagnitudeSweeps);
                if (sweep == MagnitudeSweeps - 1)
                    competitor.TakeMagnitudes();
                else if (sweep == Sweeps - 1)
                    competitor.TakeScores();
            }
        }

        internal sealed class Probe<T>(Competitor[] competitors, int sweep, int scoreSweep, IKernels<T> kernels) : TensorProbe<T>
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            public Competitor[] Competitors => competitors;

            public int Sweep => sweep;

            public int ScoreSweep => scoreSweep;

            public override bool WantsDeltas => true;

            public override int MeasuringPasses => 1;

            public override void Measure(int pass, Tile<T> tile, Span<double> sums)
            {
                for (int i = 0; scoreSweep < 0 && i < competitors.Length; i++)
                    competitors[i].Magnitudes.Measure<T>(sweep, tile.Input(i), 0);
                if (scoreSweep < 0)
                    return;
                AddUp(tile, competitors.Length, tile.Total, kernels);
                for (int i = 0; i < competitors.Length; i++)
                {
                    Span<T> scores = tile.Scratch;
                    for (int j = 0; j < scores.Length; j++)
                        scores[j] = competitors[i].Score<T>(double.CreateTruncating(tile.Input(i)[j]), double.CreateTruncating(tile.Total[j]));
                    competitors[i].Scores.Measure<T>(scoreSweep, scores, 0);
                }
            }
        }
    }
}
