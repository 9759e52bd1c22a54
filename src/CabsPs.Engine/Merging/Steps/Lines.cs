using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Steps;

/// <summary>LiNeS: scales what was merged by depth. In block l of L, the last one merged being L − 1, the factor is α + β·l/(L − 1), outside the blocks α. With
/// <c>alpha: auto</c>, α = ‖Σ δᵢ‖₁ / ‖merged‖₁ / T over the whole model, for T task vectors.</summary>
public sealed class Lines : PostMethod
{
    private static readonly MethodParameter s_alpha = new("alpha", ParameterKind.Number, ParameterScope.Global, "The factor of the first block and of what lies outside the blocks; auto: ‖Σ δ‖₁ / ‖merged δ‖₁ / number of models.") { Words = ["auto"] };
    private static readonly MethodParameter s_beta = new("beta", ParameterKind.Number, ParameterScope.Global, "What the last block's factor is larger by.");

    /// <inheritdoc/>
    public override string Name => "lines";

    /// <inheritdoc/>
    public override string Summary => "scales the merged task vector by depth: (α + β · l/(L − 1)) · δ in block l of L";

    /// <inheritdoc/>
    public override string Source => "Wang et al., LiNeS: Post-training Layer Scaling, ICLR 2025";

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_alpha, s_beta];

    /// <inheritdoc/>
    public override ModelMeasure? MeasureModel(ModelContext model, PostStep step) =>
        model.Value(s_alpha, step.Parameters) is "auto" ? new Norms(model.Definition.Inputs.Count(i => i.Contributes)) : null;

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, PostStep step, TensorKernel<T> merged, IKernels<T> kernels)
    {
        RequireBase(context);
        double growth = (double)context.Value(s_beta, step.Parameters) * context.Model.DepthOf(context);
        object alpha = context.Value(s_alpha, step.Parameters);
        if (alpha is not double given)
            return new Kernel<T>(merged, () => ((Norms)context.Measure!).Alpha + growth, kernels);
        // nothing to scale, nothing to round
        return given + growth == 1 ? merged : new Kernel<T>(merged, () => given + growth, kernels);
    }

    internal sealed class Kernel<T>(TensorKernel<T> merged, Func<double> factor, IKernels<T> kernels) : StepKernel<T>(merged)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public double Factor => factor();

        public override void MergeDelta(Tile<T> tile, Span<T> delta, Span<double> sums)
        {
            Merged.MergeDelta(tile, delta, sums);
            kernels.Scale(delta, T.CreateTruncating(factor()));
        }
    }

    // ‖Σ δᵢ‖₁ and ‖merged‖₁ over the model
    internal sealed class Norms(int models) : ModelMeasure
    {
        public double Alpha { get; private set; } = 1;

        public override int Sweeps => 1;

        public override TensorProbe<T> Bind<T>(int sweep, TensorContext tensor, TensorKernel<T>? merged, IKernels<T> kernels) =>
            new Probe<T>(merged!, [.. tensor.Inputs.Index().Where(i => i.Item.Contributes).Select(i => i.Index)], kernels);

        public override void Complete(int sweep, IReadOnlyList<TensorSums> tensors)
        {
            double plain = 0, merged = 0;
            foreach (IReadOnlyList<double> sums in tensors.Select(t => t.Values).Where(v => v.Count > 0))
                (plain, merged) = (plain + sums[0], merged + sums[1]);
            Alpha = merged == 0 ? 1 : plain / merged / models;
        }

        internal sealed class Probe<T>(TensorKernel<T> merged, int[] inputs, IKernels<T> kernels) : TensorProbe<T>
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            public TensorKernel<T> Merged => merged;

            public int[] Inputs => inputs;

            private readonly int _own = merged.SumCount(merged.MeasuringPasses);

            public override int BlockLength => merged.BlockLength;

            public override bool WantsDeltas => merged.WantsDeltas;

            public override int MeasuringPasses => merged.MeasuringPasses + 1;

            public override int MostSegments => merged.MostSegments;

            public override int StrideOf(int pass) => pass < merged.MeasuringPasses ? merged.StrideOf(pass) : 1;

            public override int SumCount(int pass) => pass < merged.MeasuringPasses ? merged.SumCount(pass) : 2;

            public override void Measure(int pass, Tile<T> tile, Span<double> sums)
            {
                if (pass < merged.MeasuringPasses)
                {
                    merged.Measure(pass, tile, sums);
                    return;
                }

                sums[0] += NormOfSum(tile);
                Span<T> delta = tile.Output;
                merged.MergeDelta(tile, delta, new double[_own]);
                sums[1] += Reductions.SumOfMagnitudes<T>(delta);
            }

            public override void Complete(int pass, ReadOnlySpan<double> totals)
            {
                if (pass < merged.MeasuringPasses)
                    merged.Complete(pass, totals);
            }

            public override bool SolvesAfter(int pass) => merged.SolvesAfter(pass);

            public override void Solve(int pass, SolveScope scope) => merged.Solve(pass, scope);

            public override long WholeBytes => merged.WholeBytes;

            public override void Release() => merged.Release();

            private double NormOfSum(Tile<T> tile)
            {
                Span<T> sum = tile.Output;
                sum.Clear();
                foreach (int i in inputs)
                {
                    kernels.Add(sum, tile.Input(i));
                    if (!merged.WantsDeltas)
                        kernels.Subtract(sum, tile.Base);
                }

                return Reductions.SumOfMagnitudes<T>(sum);
            }
        }
    }
}
