using CabsPs.Engine.LinearAlgebra;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>Iso-C: the sum of the task matrices with all singular values set to their mean.</summary>
public sealed class IsoC : MatrixMethod
{
    /// <summary>What the result is multiplied by.</summary>
    internal static MethodParameter Factor { get; } = new("scaling_factor", ParameterKind.Number, ParameterScope.Global, "Scales the result.") { Default = 1.0 };

    /// <inheritdoc/>
    public override string Name => "iso_c";

    /// <inheritdoc/>
    public override string Summary => "the sum of the task matrices with all singular values made equal";

    /// <inheritdoc/>
    public override string Formula => "base + λ · mean(S) · U · V, U S V the singular value decomposition of Σ δ; other tensors: λ · mean of δ";

    /// <inheritdoc/>
    public override string Source => "Marczak et al., No Task Left Behind: Isotropic Model Merging with Common and Task-Specific Subspaces, ICML 2025";

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [Factor, ExcludeKeys, TsvM.Rcond];

    /// <inheritdoc/>
    protected override double FactorOf(TensorContext context) => context.Number(Factor);

    /// <inheritdoc/>
    protected override void CheckParameters(TensorContext context) => context.Number(TsvM.Rcond);

    /// <inheritdoc/>
    protected override long Workspace(long rows, long columns, int inputs) => (sizeof(double) * rows * columns) + SvdBytes(rows, columns);

    /// <inheritdoc/>
    protected override Matrix Merge(MatrixTask task) => Flatten(task, task.Sum(), task.Context.Number(TsvM.Rcond));

    /// <summary>A matrix with all singular values set to their mean; those below a share of the largest count in the mean and get no direction.</summary>
    internal static Matrix Flatten(MatrixTask task, Matrix sum, double rcond)
    {
        ThinSvd svd = task.Algebra.Svd(sum);
        int kept = svd.S.Count(s => s > rcond * svd.S[0]);
        if (kept == 0)
            return new Matrix(sum.Rows, sum.Columns);
        if (MatrixTask.HasNoise(svd.S.AsSpan(0, kept), svd.S[0]))
            task.Note($"singular values below {Text.Significant(MatrixTask.NoiseShare)} of the largest, which are rounding noise, are raised to the mean; set 'rcond: 1e-5' to leave their directions out");
        Matrix result = task.Algebra.Multiply(svd.U.FirstColumns(kept), svd.V.RowRange(0, kept));
        result.Scale(svd.S.Sum() / svd.S.Length);
        return result;
    }
}
