using System.Numerics;
using CabsPs.Engine.LinearAlgebra;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>DOGE with task arithmetic: to every task matrix one common delta Δ is added, found by Adam steps that reduce how far the sum is from each task,
/// row by row, with gradients projected off the subspace that the tasks share; then each task's weights with the largest |δ| over the model are added up with
/// λᵢ = lamda/‖δᵢ‖.</summary>
/// <remarks>The projection is of the gradient; Adam then scales it entry by entry, so that Δ does leave the complement of the shared subspace, in the authors' code
/// too. A model that left a matrix alone adds nothing there; the authors' code divides by zero.</remarks>
public sealed class DogeTa : MergeMethod
{
    private static readonly MethodParameter s_subspace = new("subspace", ParameterKind.Number, ParameterScope.Global, "The shared subspace has the smaller dimension divided by this.") { Default = 6.0, Minimum = 1 };
    private static readonly MethodParameter s_kept = new("K", ParameterKind.Number, ParameterScope.Global, "The percentage of each model's largest weights that is kept.") { Default = 30.0, Minimum = 0, Maximum = 100 };
    private static readonly MethodParameter s_lambda = new("lamda", ParameterKind.Number, ParameterScope.Global, "λᵢ is this divided by ‖δᵢ‖ of the matrix.") { Default = 0.07 };
    private static readonly MethodParameter s_steps = new("iter_num", ParameterKind.Integer, ParameterScope.Global, "The number of steps.") { Default = 400.0, Minimum = 0 };
    private static readonly MethodParameter s_rate = new("lr", ParameterKind.Number, ParameterScope.Global, "The learning rate.") { Default = 1e-4, Minimum = 0 };

    /// <inheritdoc/>
    public override string Name => "doge_ta";

    /// <inheritdoc/>
    public override string Summary => "task arithmetic with a common delta that is optimised outside the tasks' shared subspace";

    /// <inheritdoc/>
    public override string Formula => "base + Σ λᵢ · (δᵢ + Δ) where |δᵢ| is among the largest K % of the model's, λᵢ = lamda/‖δᵢ‖, Δ by Adam; other tensors: the base's";

    /// <inheritdoc/>
    public override string Source => "Wei et al., Modeling Multi-Task Model Merging as Adaptive Projective Gradient Descent, ICML 2025; details as in FusionBench";

    /// <inheritdoc/>
    public override InputCount InputCount => new(1);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_subspace, s_kept, s_lambda, s_steps, s_rate];

    /// <inheritdoc/>
    public override ModelMeasure? MeasureModel(ModelContext model) => new Thresholds(model, (double)model.Value(s_kept) / 100);

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels)
    {
        foreach (MethodParameter parameter in Parameters)
            context.Value(parameter);
        return SubspaceTensors.Takes(context) ? new MatrixKernel<T>(context, Workspace(context), Solve<T>) : new BaseKernel<T>();
    }

    private static long Workspace(TensorContext context) =>
        MatrixMethod.SvdBytes(context.Shape[0], Math.Max(context.Shape[0], context.Shape[1])) + (sizeof(double) * 7 * context.Count);

    private static Matrix Solve<T>(MatrixTask task)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        TensorContext context = task.Context;
        double lamda = context.Number(s_lambda);
        double[] lambdas = [.. task.Inputs.Select(d => d.SumOfSquares() is > 0 and var energy ? lamda / Math.Sqrt(energy) : 0)];
        Matrix common = Descend(task, lambdas, SharedBasis(task));
        var result = new Matrix(task.Rows, task.Columns);
        for (int i = 0; i < lambdas.Length; i++)
        {
            double limit = ((Thresholds)context.Measure!).Value(context.VectorOf(i));
            double[] own = task.Inputs[i].Values;
            for (int j = 0; j < own.Length; j++)
                result.Values[j] += Math.Abs(double.CreateTruncating(T.CreateTruncating(own[j]))) >= limit ? lambdas[i] * (own[j] + common.Values[j]) : 0;
        }

        return result;
    }

    // the first left vectors of the tasks' first left vectors side by side
    private static Matrix SharedBasis(MatrixTask task)
    {
        int rank = Math.Min(task.Rows, task.Columns), share = rank / task.Context.ModelCount;
        Matrix[] parts = [.. task.Inputs.Select(d => task.Algebra.Svd(d).U.FirstColumns(share))];
        Matrix left = task.Algebra.Svd(Matrix.SideBySide(parts)).U;
        return left.FirstColumns(Math.Min(left.Columns, (int)(rank / task.Context.Number(s_subspace))));
    }

    // the loss of a task is Σ over rows of (Σ along the row of −δᵢ·S − δᵢ·Δ·Σλ + δᵢ²)², S = Σ λᵢ·δᵢ
    private static Matrix Descend(MatrixTask task, double[] lambdas, Matrix basis)
    {
        double total = lambdas.Sum();
        var sum = new Matrix(task.Rows, task.Columns);
        for (int i = 0; i < lambdas.Length; i++)
            sum.Add(task.Inputs[i], lambdas[i]);
        Matrix common = new(task.Rows, task.Columns), gradient = new(task.Rows, task.Columns);
        var adam = new Adam(common.Values.Length, task.Context.Number(s_rate));
        for (int step = 0; step < (int)task.Context.Number(s_steps); step++)
        {
            task.Pause();
            Array.Clear(gradient.Values);
            foreach (Matrix delta in task.Inputs)
            {
                for (int row = 0; row < task.Rows; row++)
                {
                    ReadOnlySpan<double> own = delta.Row(row), merged = sum.Row(row), extra = common.Row(row);
                    double distance = 0;
                    for (int j = 0; j < own.Length; j++)
                        distance += (-own[j] * merged[j]) - (own[j] * extra[j] * total) + (own[j] * own[j]);
                    Span<double> target = gradient.Row(row);
                    double slope = -2 * distance * total;
                    for (int j = 0; j < own.Length; j++)
                        target[j] += slope * own[j];
                }
            }

            if (basis.Columns > 0)
                gradient.Add(task.Algebra.Multiply(basis, task.Algebra.Multiply(basis, gradient, Transposed.First)), -1);
            adam.Step(common.Values, gradient.Values);
        }

        return common;
    }

    // the smallest magnitude that each model keeps of all its matrices
    internal sealed class Thresholds : ModelMeasure
    {
        private readonly ModelRankSearch[] _searches;

        public Thresholds(ModelContext model, double share)
        {
            // a model that lacks a tensor has zeros there
            long count = model.Tensors.Where(SubspaceTensors.Takes).Sum(t => t.Count);
            _searches = [.. model.Definition.Inputs.Select(_ => new ModelRankSearch([(long)(count * share) + 1], 1, model.AnyDouble))];
        }

        public override int Sweeps => _searches.Max(s => s.Sweeps);

        public override long BytesPerThread => _searches.Sum(s => s.BytesPerThread);

        public double Value(int vector) => _searches[vector].Value(0);

        public override bool Covers(int sweep, TensorContext tensor) => SubspaceTensors.Takes(tensor);

        public override TensorProbe<T> Bind<T>(int sweep, TensorContext tensor, TensorKernel<T>? merged, IKernels<T> kernels) =>
            new Probe<T>([.. Enumerable.Range(0, tensor.Inputs.Count).Select(i => _searches[tensor.VectorOf(i)])], sweep);

        public override void Complete(int sweep, IReadOnlyList<TensorSums> tensors)
        {
            foreach (ModelRankSearch search in _searches)
                search.Complete(sweep);
        }

        internal sealed class Probe<T>(ModelRankSearch[] searches, int sweep) : TensorProbe<T>
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            public ModelRankSearch[] Searches => searches;

            public int Sweep => sweep;

            public override bool WantsDeltas => true;

            public override int MeasuringPasses => 1;

            public override void Measure(int pass, Tile<T> tile, Span<double> sums)
            {
                for (int i = 0; i < searches.Length; i++)
                    searches[i].Measure<T>(sweep, tile.Input(i), 0);
            }
        }
    }
}
