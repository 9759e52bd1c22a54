using CabsPs.Engine.LinearAlgebra;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>WUDI: the matrix X that minimises Σ ‖(X − δᵢ)·δᵢᵀ‖² / ‖δᵢ‖², the interference with what each task's delta responds to. In closed form
/// X = D·C⁺ with C = Σ δᵢᵀδᵢ/‖δᵢ‖² and D = Σ δᵢ·δᵢᵀδᵢ/‖δᵢ‖²; with <c>solver: adam</c> some steps from Σ δ, as the authors do, which stop far from the
/// minimum.</summary>
/// <remarks>A model that left a matrix alone has no say in it; the authors' code divides by zero there.</remarks>
public sealed class Wudi : MatrixMethod
{
    private static readonly MethodParameter s_solver = new("solver", ParameterKind.Choice, ParameterScope.Global, "closed_form finds the minimum; adam makes the authors' steps towards it.") { Default = "closed_form", Words = ["closed_form", "adam"] };
    private static readonly MethodParameter s_rcond = new("rcond", ParameterKind.Number, ParameterScope.Global, "Closed form: eigenvalues of C below this share of the largest count as zero.") { Default = 1e-6, Minimum = 0, Maximum = 1 };
    private static readonly MethodParameter s_steps = new("iter_num", ParameterKind.Integer, ParameterScope.Global, "Adam: the number of steps.") { Default = 300.0, Minimum = 0 };
    private static readonly MethodParameter s_rate = new("lr", ParameterKind.Number, ParameterScope.Global, "Adam: the learning rate.") { Default = 1e-5, Minimum = 0 };

    /// <inheritdoc/>
    public override string Name => "wudi";

    /// <inheritdoc/>
    public override string Summary => "the delta that interferes least with what each task's delta responds to";

    /// <inheritdoc/>
    public override string Formula => "base + argmin over X of Σ ‖(X − δ)·δᵀ‖² / ‖δ‖²; other tensors: mean of δ";

    /// <inheritdoc/>
    public override string Source => "Cheng et al., Whoever Started the Interference Should End It: Guiding Data-Free Model Merging via Task Vectors, ICML 2025; Adam as in FusionBench";

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_solver, s_rcond, s_steps, s_rate, ExcludeKeys];

    /// <inheritdoc/>
    protected override long Workspace(long rows, long columns, int inputs) => sizeof(double) * ((5 * rows * columns) + (6 * columns * columns));

    /// <inheritdoc/>
    protected override void CheckParameters(TensorContext context)
    {
        foreach (MethodParameter parameter in Parameters)
            context.Value(parameter);
    }

    /// <inheritdoc/>
    protected override Matrix Merge(MatrixTask task)
    {
        Matrix metric = new(task.Columns, task.Columns), target = new(task.Rows, task.Columns);
        foreach (Matrix delta in task.Inputs)
        {
            double energy = delta.SumOfSquares();
            if (energy == 0)
                continue;
            task.Pause();
            Matrix gram = task.Algebra.Multiply(delta, delta, Transposed.First);
            gram.Scale(1 / energy);
            metric.Add(gram, 1);
            target.Add(task.Algebra.Multiply(delta, gram), 1);
        }

        return (string)task.Context.Value(s_solver) == "adam" ? Descend(task, metric, target) : Solve(task, metric, target);
    }

    private static Matrix Solve(MatrixTask task, Matrix metric, Matrix target)
    {
        SymmetricEigen eigen = task.Algebra.Eigen(metric);
        double least = task.Context.Number(s_rcond) * eigen.Values[0];
        int kept = 0;
        while (kept < eigen.Values.Length && eigen.Values[kept] > least && eigen.Values[kept] > 0)
            kept++;
        Matrix vectors = eigen.Vectors.FirstColumns(kept), along = task.Algebra.Multiply(target, vectors);
        along.ScaleColumns([.. eigen.Values.Take(kept).Select(v => 1 / v)]);
        return task.Algebra.Multiply(along, vectors, Transposed.Second);
    }

    // the gradient is 2·(X·C − D)
    private static Matrix Descend(MatrixTask task, Matrix metric, Matrix target)
    {
        Matrix merged = task.Sum();
        var adam = new Adam(merged.Values.Length, task.Context.Number(s_rate));
        for (int step = 0; step < (int)task.Context.Number(s_steps); step++)
        {
            task.Pause();
            Matrix gradient = task.Algebra.Multiply(merged, metric);
            gradient.Add(target, -1);
            gradient.Scale(2);
            adam.Step(merged.Values, gradient.Values);
        }

        return merged;
    }
}
