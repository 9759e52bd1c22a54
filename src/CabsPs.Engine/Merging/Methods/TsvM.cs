using CabsPs.Engine.LinearAlgebra;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>TSV-M: of each of T task matrices the first ⌊r/T⌋ singular triplets, r the smaller dimension; their left vectors side by side and their right ones
/// are replaced by the nearest orthonormal ones (the polar factors), and put together again with the singular values.</summary>
/// <remarks>Sources disagree on nothing but noise: triplets below <c>rcond</c> of an expert's largest join the orthogonalisation and must be dropped where the
/// experts are merged adapters.</remarks>
public sealed class TsvM : MatrixMethod
{
    private static readonly MethodParameter s_alpha = new("alpha", ParameterKind.Number, ParameterScope.Global, "Scales the result.") { Default = 1.0 };
    private static readonly MethodParameter s_weight = new("weight", ParameterKind.Number, ParameterScope.Model, "Scales the task vector before it is decomposed.") { Default = 1.0 };

    /// <summary>Where noise begins.</summary>
    internal static MethodParameter Rcond { get; } = new("rcond", ParameterKind.Number, ParameterScope.Global, "Drops singular triplets below this share of the largest singular value; 1e-5 where models are merged low-rank adapters.") { Default = 0.0, Minimum = 0, Maximum = 1 };

    /// <inheritdoc/>
    public override string Name => "tsv_m";

    /// <inheritdoc/>
    public override string Summary => "keeps the first singular triplets of each task matrix and makes their vectors orthogonal across tasks";

    /// <inheritdoc/>
    public override string Formula => "base + α · polar([U₁ … U_T]) · diag(S₁ … S_T) · polar([V₁; …; V_T]), Uᵢ Sᵢ Vᵢ the first ⌊r/T⌋ triplets of w·δᵢ; other tensors: α · mean of w·δ";

    /// <inheritdoc/>
    public override string Source => "Gargiulo et al., Task Singular Vectors: Reducing Task Interference in Model Merging, CVPR 2025; details as in FusionBench";

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_weight, s_alpha, ExcludeKeys, Rcond];

    /// <inheritdoc/>
    protected override double FactorOf(TensorContext context) => context.Number(s_alpha);

    /// <inheritdoc/>
    protected override double WeightOf(TensorContext context, int input) => context.Number(s_weight, input);

    /// <inheritdoc/>
    protected override void CheckParameters(TensorContext context) => context.Number(Rcond);

    /// <inheritdoc/>
    protected override long Workspace(long rows, long columns, int inputs) =>
        SvdBytes(rows, columns) + (sizeof(double) * 2 * (rows + columns) * Math.Min(rows, columns));

    /// <inheritdoc/>
    protected override Matrix Merge(MatrixTask task)
    {
        double rcond = task.Context.Number(Rcond);
        int share = Math.Min(task.Rows, task.Columns) / task.Context.ModelCount;
        List<Matrix> left = [], right = [];
        List<double> values = [];
        foreach (Matrix delta in task.Inputs)
        {
            task.Pause();
            ThinSvd svd = task.Algebra.Svd(delta);
            int kept = 0;
            while (kept < share && svd.S[kept] > rcond * svd.S[0])
                kept++;
            if (kept == 0)
                continue;
            if (MatrixTask.HasNoise(svd.S.AsSpan(0, kept), svd.S[0]))
                task.Note($"singular values below {Text.Significant(MatrixTask.NoiseShare)} of a task matrix's largest, which are rounding noise, change the result; set 'rcond: 1e-5' to drop them");
            left.Add(svd.U.FirstColumns(kept));
            right.Add(svd.V.RowRange(0, kept));
            values.AddRange(svd.S.AsSpan(0, kept));
        }

        if (values.Count == 0)
            return new Matrix(task.Rows, task.Columns);
        task.Pause();
        Matrix first = task.Algebra.PolarFactor(Matrix.SideBySide(left)), second = task.Algebra.PolarFactor(Matrix.Stacked(right));
        first.ScaleColumns([.. values]);
        return task.Algebra.Multiply(first, second);
    }
}
