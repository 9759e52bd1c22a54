using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>TATR, zero-shot: task arithmetic inside a trust region. The conflict of a weight is Ω = Σ_{i≠j} |δᵢ|·|δⱼ|; where Ω is at or
/// above the given quantile of the whole model's, sorted[⌊q·N⌋], nothing is added.</summary>
public sealed class Tatr : MergeMethod
{
    private static readonly MethodParameter s_quantile = new("threshold_quantile", ParameterKind.Number, ParameterScope.Global, "The share of the model's weights that lies inside the trust region.") { Default = 0.99, Minimum = 0, Maximum = 1 };
    private static readonly MethodParameter s_factor = new("scaling_factor", ParameterKind.Number, ParameterScope.Global, "Scales the sum.") { Default = 1.0 };

    /// <inheritdoc/>
    public override string Name => "tatr";

    /// <inheritdoc/>
    public override string Summary => "task arithmetic without the weights that the task vectors contest most";

    /// <inheritdoc/>
    public override string Formula => "base + λ · Σ δ where Ω < quantile of Ω over the model, Ω = Σ over i ≠ j of |δᵢ|·|δⱼ|";

    /// <inheritdoc/>
    public override string Source => "Sun et al., Task Arithmetic in Trust Region, ICLR 2025";

    /// <inheritdoc/>
    public override InputCount InputCount => new(2);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_quantile, s_factor];

    /// <inheritdoc/>
    public override ModelMeasure? MeasureModel(ModelContext model)
    {
        long below = Math.Min((long)(model.Count * (double)model.Value(s_quantile)), model.Count - 1);
        return new Threshold(new ModelRankSearch([model.Count - below], model.Count, model.AnyDouble));
    }

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels) =>
        new Kernel<T>(context.Inputs.Count, (Threshold)context.Measure!, T.CreateTruncating(context.Number(s_factor)), kernels);

    // Σ_{i≠j} = 2 Σ_{i<j}: no difference of large numbers, as (Σ|δ|)² − Σ|δ|² is
    private static void Conflicts<T>(Tile<T> tile, int inputs, Span<T> conflict)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int j = 0; j < conflict.Length; j++)
        {
            double before = 0, sum = 0;
            for (int i = 0; i < inputs; i++)
            {
                double magnitude = Math.Abs(double.CreateTruncating(tile.Input(i)[j]));
                sum += before * magnitude;
                before += magnitude;
            }

            conflict[j] = T.CreateTruncating(2 * sum);
        }
    }

    internal sealed class Kernel<T>(int inputs, Threshold threshold, T factor, IKernels<T> kernels) : DeltaKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public int Inputs => inputs;

        public double Limit => threshold.Value;

        public T Factor => factor;

        public override void MergeDelta(Tile<T> tile, Span<T> delta, Span<double> sums)
        {
            Span<T> conflict = tile.Scratch;
            Conflicts(tile, inputs, conflict);
            delta.Clear();
            for (int i = 0; i < inputs; i++)
                kernels.Add(delta, tile.Input(i));
            double limit = threshold.Value;
            for (int j = 0; j < delta.Length; j++)
                delta[j] = double.CreateTruncating(conflict[j]) < limit ? factor * delta[j] : T.Zero;
        }
    }

    internal sealed class Threshold(ModelRankSearch search) : ModelMeasure
    {
        public double Value => search.Value(0);

        public override int Sweeps => search.Sweeps;

        public override long BytesPerThread => search.BytesPerThread;

        public override TensorProbe<T> Bind<T>(int sweep, TensorContext tensor, TensorKernel<T>? merged, IKernels<T> kernels) =>
            new Probe<T>(search, sweep, tensor.Inputs.Count);

        public override void Complete(int sweep, IReadOnlyList<TensorSums> tensors) => search.Complete(sweep);

        internal sealed class Probe<T>(ModelRankSearch search, int sweep, int inputs) : TensorProbe<T>
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            public ModelRankSearch Search => search;

            public int Sweep => sweep;

            public int Inputs => inputs;

            public override bool WantsDeltas => true;

            public override int MeasuringPasses => 1;

            public override void Measure(int pass, Tile<T> tile, Span<double> sums)
            {
                Conflicts(tile, inputs, tile.Scratch);
                search.Measure<T>(sweep, tile.Scratch, 0);
            }
        }
    }
}
