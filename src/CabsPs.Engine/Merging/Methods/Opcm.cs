using System.Numerics;
using CabsPs.Engine.LinearAlgebra;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>OPCM: one model after the other is added, each without what it has along the leading directions of those before. With U S V the singular value
/// decomposition of the sum so far and k the number of leading values whose cumulative share stays within α, the next matrix is taken in the basis U, V, its
/// first k rows and columns and its diagonal there are zeroed, and the rest is added. Other tensors are added. At the end the sum over the whole model is
/// scaled to the mean norm of the task vectors.</summary>
/// <remarks>The authors scale after every model. A scale changes no singular vector and no share, so that only the last one shows; tensors then depend on each
/// other by one number.</remarks>
public sealed class Opcm : MergeMethod
{
    private static readonly MethodParameter s_alpha = new("alpha", ParameterKind.Number, ParameterScope.Global, "The cumulative share of singular values that is protected from later models; below 1, where rounding would decide.") { Default = 0.5, Minimum = 0, Maximum = 1 };
    private static readonly MethodParameter s_excluded = new("exclude_keys", ParameterKind.TensorNames, ParameterScope.Global, "Names of matrices that are added like other tensors; without it, those of embeddings.") { Default = string.Empty };

    /// <inheritdoc/>
    public override string Name => "opcm";

    /// <inheritdoc/>
    public override string Summary => "adds models one by one, each without what it has along the leading directions of those before";

    /// <inheritdoc/>
    public override string Formula => "base + s · Σ P(δᵢ), P: without the first k rows and columns and the diagonal in the singular basis of the sum so far; s: mean ‖δ‖ / ‖sum‖ over the model";

    /// <inheritdoc/>
    public override string Source => "Tang et al., Merging Models on the Fly Without Retraining: A Sequential Approach to Scalable Continual Model Merging, 2025; details as in FusionBench";

    /// <inheritdoc/>
    public override InputCount InputCount => new(1);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_alpha, s_excluded];

    /// <inheritdoc/>
    public override ModelMeasure? MeasureModel(ModelContext model)
    {
        if (!((double)model.Value(s_alpha) < 1))
            throw new CabsException(CabsError.ParameterInvalid, $"{(model.Definition.Origin is { } origin ? $"{origin}: " : string.Empty)}'alpha' is 1: whether the last singular value is protected would depend on rounding; give a number below 1", s_alpha.Name);
        return new Norms();
    }

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels)
    {
        double Scale() => ((Norms)context.Measure!).Scale;
        if (!Projects(context))
            return new SumKernel<T>(context.Inputs.Count, Scale, kernels);
        return new MatrixKernel<T>(context, Workspace(context), task =>
        {
            Matrix sum = Add(task);
            sum.Scale(Scale());
            return sum;
        });
    }

    private static long Workspace(TensorContext context) =>
        MatrixMethod.SvdBytes(context.Shape[0], context.Shape[1]) + (sizeof(double) * 3 * context.Count);

    private static bool Projects(TensorContext context) => context.Shape.Count == 2 && !(context.Value(s_excluded) is TensorNames names
        ? names.Fit(context.Tensor)
        : Checkpoints.TiedWeights.IsEmbedding(context.Tensor) || context.Tensor.Contains("embed", StringComparison.Ordinal) || context.Tensor.EndsWith("wpe.weight", StringComparison.Ordinal));

    private static Matrix Add(MatrixTask task)
    {
        double alpha = task.Context.Number(s_alpha);
        Matrix sum = task.Inputs[0];
        foreach (Matrix delta in task.Inputs.Skip(1))
        {
            task.Pause();
            sum.Add(Project(task, task.Algebra.Svd(sum), delta, alpha), 1);
        }

        return sum;
    }

    private static Matrix Project(MatrixTask task, ThinSvd sum, Matrix delta, double alpha)
    {
        if (MatrixTask.HasNoise(sum.S, sum.S[0]))
            task.Note($"singular values below {Text.Significant(MatrixTask.NoiseShare)} of the largest are rounding noise, as in merged low-rank adapters, and what opcm removes along them is arbitrary; name such matrices in 'exclude_keys'");
        // in the basis: what is removed is the leading block and the diagonal
        Matrix inside = task.Algebra.Multiply(task.Algebra.Multiply(sum.U, delta, Transposed.First), sum.V, Transposed.Second);
        int leading = Leading(sum.S, alpha);
        for (int row = 0; row < inside.Rows; row++)
        {
            for (int column = 0; column < inside.Columns; column++)
            {
                if ((row >= leading || column >= leading) && row != column)
                    inside[row, column] = 0;
            }
        }

        delta.Add(task.Algebra.Multiply(task.Algebra.Multiply(sum.U, inside), sum.V), -1);
        return delta;
    }

    // the one that crosses the share is not protected
    private static int Leading(double[] values, double alpha)
    {
        double total = values.Sum(), sum = 0;
        for (int i = 0; i < values.Length; i++)
        {
            sum += values[i];
            if (sum / total > alpha)
                return i;
        }

        return 0;
    }

    internal sealed class SumKernel<T>(int inputs, Func<double> scale, IKernels<T> kernels) : DeltaKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public int Inputs => inputs;

        public double Scale => scale();

        public override void MergeDelta(Tile<T> tile, Span<T> delta, Span<double> sums)
        {
            delta.Clear();
            for (int i = 0; i < inputs; i++)
                kernels.Add(delta, tile.Input(i));
            double factor = scale();
            for (int i = 0; factor != 1 && i < delta.Length; i++)
                delta[i] = T.CreateTruncating(factor * double.CreateTruncating(delta[i]));
        }
    }

    // ‖sum‖² and every ‖δᵢ‖² over the model
    internal sealed class Norms : ModelMeasure
    {
        public double Scale { get; private set; } = 1;

        public override int Sweeps => 1;

        public override TensorProbe<T> Bind<T>(int sweep, TensorContext tensor, TensorKernel<T>? merged, IKernels<T> kernels) => Projects(tensor)
            ? new Probe<T>(new MatrixKernel<T>(tensor, Workspace(tensor), Add), tensor.Inputs.Count, kernels)
            : new Probe<T>(new SumKernel<T>(tensor.Inputs.Count, () => 1, kernels), tensor.Inputs.Count, kernels);

        public override void Complete(int sweep, IReadOnlyList<TensorSums> tensors)
        {
            if (tensors.Count == 0)
                return;
            double[] energies = new double[tensors[0].Tensor.Model.Definition.Inputs.Count];
            double sum = 0;
            foreach ((TensorContext tensor, IReadOnlyList<double> sums) in tensors.Where(t => t.Values.Count > 0))
            {
                sum += sums[0];
                for (int i = 0; i < tensor.Inputs.Count; i++)
                    energies[tensor.VectorOf(i)] += sums[i + 1];
            }

            // one model's sum is its own
            Scale = sum == 0 || energies.Length == 1 ? 1 : energies.Select(Math.Sqrt).Average() / Math.Sqrt(sum);
        }

        internal sealed class Probe<T>(TensorKernel<T> merged, int inputs, IKernels<T> kernels) : TensorProbe<T>
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            public TensorKernel<T> Merged => merged;

            public int Inputs => inputs;

            public override bool WantsDeltas => merged.WantsDeltas;

            public override int MeasuringPasses => merged.MeasuringPasses + 1;

            public override long WholeBytes => merged.WholeBytes;

            public override int SumCount(int pass) => pass < merged.MeasuringPasses ? 0 : inputs + 1;

            public override void Measure(int pass, Tile<T> tile, Span<double> sums)
            {
                if (pass < merged.MeasuringPasses)
                {
                    merged.Measure(pass, tile, sums);
                    return;
                }

                merged.MergeDelta(tile, tile.Output, []);
                sums[0] += Reductions.Dot<T>(tile.Output, tile.Output);
                for (int i = 0; i < inputs; i++)
                {
                    if (!merged.WantsDeltas)
                        kernels.Subtract(tile.Input(i), tile.Base);
                    sums[i + 1] += Reductions.Dot<T>(tile.Input(i), tile.Input(i));
                }
            }

            public override bool SolvesAfter(int pass) => merged.SolvesAfter(pass);

            public override void Solve(int pass, SolveScope scope) => merged.Solve(pass, scope);

            public override void Release() => merged.Release();
        }
    }
}
