using System.Numerics;
using CabsPs.Engine.LinearAlgebra;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>KnOTS: the task matrices side by side are decomposed together, [δ₁ … δ_T] = U·S·[V₁ … V_T], and what lies in the common basis U, the parts S·Vᵢ,
/// is merged entry by entry: by TIES (trimmed over all matrices of the model, or over each) or by task arithmetic. The result is U times what was merged.</summary>
/// <remarks>S·Vᵢ = Uᵀ·δᵢ. Trimming over the model decomposes every matrix three times: there are two sweeps over all entries before any can be merged. An entry
/// whose terms cancel to exactly zero is zero.</remarks>
public abstract class Knots : MergeMethod
{
    private static readonly MethodParameter s_merging = new("merging_type", ParameterKind.Choice, ParameterScope.Global, "How entries become one: mean over those that are not zero, or sum.") { Default = "mean", Words = ["mean", "sum"] };
    private static readonly MethodParameter s_factor = new("scaling_factor", ParameterKind.Number, ParameterScope.Global, "Scales the result.") { Default = 1.0 };
    private static readonly MethodParameter s_across = new("concat_across_output", ParameterKind.Switch, ParameterScope.Global, "Puts matrices side by side, so that they share their left vectors; false puts them below each other.") { Default = true };
    private static readonly MethodParameter s_eps = new("eps", ParameterKind.Number, ParameterScope.Global, "Singular values up to this are dropped.") { Default = 1e-5, Minimum = 0 };
    private static readonly MethodParameter s_density = new("density", ParameterKind.Number, ParameterScope.Global, "The share of the largest entries that each model keeps.") { Default = 0.2, Minimum = 0, Maximum = 1 };
    private static readonly MethodParameter s_scope = new("scope", ParameterKind.Choice, ParameterScope.Global, "What the share is of: model, all matrices together, or tensor, each by itself.") { Default = "model", Words = ["model", "tensor"] };
    private readonly bool _trims;

    private protected Knots(bool trims)
    {
        _trims = trims;
        Parameters = trims ? [s_density, s_scope, s_merging, s_factor, s_across, s_eps] : [s_merging, s_factor, s_across, s_eps];
    }

    /// <inheritdoc/>
    public override string Source => "Stoica et al., Model merging with SVD to tie the Knots, ICLR 2025; one trim over all layers as in the authors' code";

    /// <inheritdoc/>
    public override InputCount InputCount => new(1);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; }

    /// <inheritdoc/>
    public override ModelMeasure? MeasureModel(ModelContext model) =>
        _trims && (string)model.Value(s_scope) == "model" ? new Thresholds(model, (double)model.Value(s_density)) : null;

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels)
    {
        foreach (MethodParameter parameter in Parameters)
            context.Value(parameter);
        return SubspaceTensors.Takes(context) ? new MatrixKernel<T>(context, Workspace(context), Solve) : new BaseKernel<T>();
    }

    private static long Workspace(TensorContext context)
    {
        (long rows, long columns) = context.IsOn(s_across) ? (context.Shape[0], context.Shape[1]) : (context.Shape[1], context.Shape[0]);
        return (2 * sizeof(double) * context.Count * (context.Inputs.Count + 1)) + MatrixMethod.SvdBytes(rows, columns * context.Inputs.Count);
    }

    // the common basis, and each task's part in it
    private static (Matrix Basis, Matrix[] Parts) Decompose(MatrixTask task)
    {
        Matrix[] deltas = [.. task.Inputs.Select(d => task.Context.IsOn(s_across) ? d : d.Transpose())];
        double eps = task.Context.Number(s_eps);
        ThinSvd svd = task.Algebra.Svd(Matrix.SideBySide(deltas));
        Matrix basis = svd.U.FirstColumns(svd.S.Count(s => s > eps));
        return (basis, [.. deltas.Select(d => task.Algebra.Multiply(basis, d, Transposed.First))]);
    }

    private Matrix Solve(MatrixTask task)
    {
        (Matrix basis, Matrix[] parts) = Decompose(task);
        bool mean = (string)task.Context.Value(s_merging) == "mean";
        Matrix merged = _trims ? Elect(parts, Limits(task, parts), mean) : Average(parts, mean);
        Matrix result = task.Algebra.Multiply(basis, merged);
        result.Scale(task.Context.Number(s_factor));
        return task.Context.IsOn(s_across) ? result : result.Transpose();
    }

    // what is below is trimmed
    private static double[] Limits(MatrixTask task, Matrix[] parts)
    {
        if (task.Context.Measure is Thresholds thresholds)
            return [.. parts.Select((_, i) => thresholds.Value(task.Context.VectorOf(i)))];
        int kept = (int)Math.Min(((double)task.Context.Value(s_density) * parts[0].Values.Length) + 1, int.MaxValue);
        return [.. parts.Select(p => p.Values.Length == 0 ? 0 : p.Values.Select(Math.Abs).Order().ElementAt(Math.Max(0, p.Values.Length - kept)))];
    }

    private static Matrix Elect(Matrix[] parts, double[] limits, bool mean)
    {
        var merged = new Matrix(parts[0].Rows, parts[0].Columns);
        for (int j = 0; j < merged.Values.Length; j++)
        {
            double elected = 0, sum = 0;
            for (int i = 0; i < parts.Length; i++)
                elected += Math.Abs(parts[i].Values[j]) >= limits[i] ? parts[i].Values[j] : 0;
            int count = 0;
            for (int i = 0; i < parts.Length; i++)
            {
                double own = parts[i].Values[j];
                if (Math.Abs(own) >= limits[i] && own * Math.Sign(elected) > 0)
                    (sum, count) = (sum + own, count + 1);
            }

            merged.Values[j] = mean && count > 1 ? sum / count : sum;
        }

        return merged;
    }

    private static Matrix Average(Matrix[] parts, bool mean)
    {
        var merged = new Matrix(parts[0].Rows, parts[0].Columns);
        for (int j = 0; j < merged.Values.Length; j++)
        {
            double sum = 0;
            int count = 0;
            foreach (Matrix part in parts)
                (sum, count) = (sum + part.Values[j], count + (part.Values[j] != 0 ? 1 : 0));
            merged.Values[j] = mean && count > 1 ? sum / count : sum;
        }

        return merged;
    }

    // the smallest magnitude that each model keeps of all its entries; how many there are shows in the first sweep
    internal sealed class Thresholds(ModelContext model, double density) : ModelMeasure
    {
        private readonly MagnitudeSearch[] _searches = [.. model.Definition.Inputs.Select(_ => new MagnitudeSearch())];
        private long _count;

        public override int Sweeps => _searches.Max(s => s.Sweeps);

        public override long BytesPerThread => MagnitudeSearch.ByteLength * _searches.Length;

        public double Value(int vector) => _searches[vector].Value;

        public override bool Covers(int sweep, TensorContext tensor) => SubspaceTensors.Takes(tensor);

        public override TensorProbe<T> Bind<T>(int sweep, TensorContext tensor, TensorKernel<T>? merged, IKernels<T> kernels) => new Probe<T>(new MatrixKernel<T>(tensor, Workspace(tensor), task =>
        {
            (Matrix basis, Matrix[] parts) = Decompose(task);
            // a model that lacks the tensor has zeros there
            if (sweep == 0)
                Interlocked.Add(ref _count, parts[0].Values.Length);
            for (int i = 0; i < parts.Length; i++)
            {
                if (sweep < _searches[tensor.VectorOf(i)].Sweeps)
                    _searches[tensor.VectorOf(i)].Measure(sweep, parts[i].Values);
            }

            return basis;
        }));

        public override void Complete(int sweep, IReadOnlyList<TensorSums> tensors)
        {
            foreach (MagnitudeSearch search in _searches.Where(s => sweep < s.Sweeps))
                search.Complete(sweep, (long)(density * _count) + 1);
        }

        internal sealed class Probe<T>(MatrixKernel<T> matrix) : TensorProbe<T>
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            public MatrixKernel<T> Matrix => matrix;

            public override int MeasuringPasses => 1;

            public override long WholeBytes => matrix.WholeBytes;

            public override void Measure(int pass, Tile<T> tile, Span<double> sums) => matrix.Measure(pass, tile, sums);

            public override bool SolvesAfter(int pass) => true;

            public override void Solve(int pass, SolveScope scope) => matrix.Solve(pass, scope);

            public override void Release() => matrix.Release();
        }
    }
}

/// <summary>KnOTS with TIES in the common basis.</summary>
public sealed class KnotsTies() : Knots(trims: true)
{
    /// <inheritdoc/>
    public override string Name => "knots_ties";

    /// <inheritdoc/>
    public override string Summary => "TIES in the common singular basis of the task matrices";

    /// <inheritdoc/>
    public override string Formula => "base + λ · U · TIES(Uᵀδ₁, …, Uᵀδ_T), U the left singular vectors of [δ₁ … δ_T]; other tensors: the base's";
}

/// <summary>KnOTS with task arithmetic in the common basis.</summary>
public sealed class KnotsTa() : Knots(trims: false)
{
    /// <inheritdoc/>
    public override string Name => "knots_ta";

    /// <inheritdoc/>
    public override string Summary => "the mean or sum of task matrices in their common singular basis";

    /// <inheritdoc/>
    public override string Formula => "base + λ · U · mean or sum of (Uᵀδ₁, …, Uᵀδ_T), U the left singular vectors of [δ₁ … δ_T]; other tensors: the base's";
}
