using CabsPs.Engine.LinearAlgebra;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>Iso-CTS: a common space of the first singular directions of Σ δ, and for each of T tasks the first ones of what its delta has outside of it; their
/// vectors are made orthonormal (polar factors) and all get the mean of their singular values.</summary>
/// <remarks>Of r directions, r the smaller dimension, each task gets round((r − ⌊fraction·r⌋)/T), halves to even, the common space the rest. Where that is
/// nothing the result is that of <see cref="IsoC"/>.</remarks>
public sealed class IsoCts : MatrixMethod
{
    private static readonly MethodParameter s_fraction = new("common_space_fraction", ParameterKind.Number, ParameterScope.Global, "The share of the directions that all tasks have in common.") { Default = 0.8, Minimum = 0, Maximum = 1 };

    /// <inheritdoc/>
    public override string Name => "iso_cts";

    /// <inheritdoc/>
    public override string Summary => "Iso-C with room kept for each task's own directions outside the common ones";

    /// <inheritdoc/>
    public override string Formula => "base + λ · mean(S) · polar([U₁ … U_T U]) · polar([V₁; …; V_T; V]), U S V the first directions of Σ δ, Uᵢ Sᵢ Vᵢ those of (I − UUᵀ)·δᵢ; other tensors: λ · mean of δ";

    /// <inheritdoc/>
    public override string Source => "Marczak et al., No Task Left Behind: Isotropic Model Merging with Common and Task-Specific Subspaces, ICML 2025; details as in FusionBench";

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [IsoC.Factor, s_fraction, ExcludeKeys, TsvM.Rcond];

    /// <inheritdoc/>
    protected override double FactorOf(TensorContext context) => context.Number(IsoC.Factor);

    /// <inheritdoc/>
    protected override void CheckParameters(TensorContext context) => (_, _) = (context.Number(s_fraction), context.Number(TsvM.Rcond));

    /// <inheritdoc/>
    protected override long Workspace(long rows, long columns, int inputs) =>
        (sizeof(double) * rows * columns) + SvdBytes(rows, columns) + (sizeof(double) * 3 * (rows + columns) * Math.Min(rows, columns));

    /// <inheritdoc/>
    protected override Matrix Merge(MatrixTask task)
    {
        int rank = Math.Min(task.Rows, task.Columns), tasks = task.Context.ModelCount;
        double rcond = task.Context.Number(TsvM.Rcond);
        int share = Math.Min(rank / tasks, (int)Math.Round((rank - (int)(rank * task.Context.Number(s_fraction))) / (double)tasks, MidpointRounding.ToEven));
        Matrix sum = task.Sum();
        if (share == 0)
            return IsoC.Flatten(task, sum, rcond);
        ThinSvd all = task.Algebra.Svd(sum);
        double largest = all.S[0];
        int common = rank - (share * tasks);
        int kept = Kept(task, all.S, common, rcond, largest);
        List<Matrix> left = [], right = [];
        double total = all.S.AsSpan(0, common).ToArray().Sum();
        Matrix basis = all.U.FirstColumns(kept);
        foreach (Matrix delta in task.Inputs)
        {
            task.Pause();
            if (kept > 0)
                delta.Add(task.Algebra.Multiply(basis, task.Algebra.Multiply(basis, delta, Transposed.First)), -1);
            ThinSvd own = task.Algebra.Svd(delta);
            int taken = Kept(task, own.S, share, rcond, largest);
            total += own.S.AsSpan(0, share).ToArray().Sum();
            left.Add(own.U.FirstColumns(taken));
            right.Add(own.V.RowRange(0, taken));
        }

        left.Add(basis);
        right.Add(all.V.RowRange(0, kept));
        task.Pause();
        Matrix result = task.Algebra.Multiply(task.Algebra.PolarFactor(Matrix.SideBySide(left)), task.Algebra.PolarFactor(Matrix.Stacked(right)));
        result.Scale(total / rank);
        return result;
    }

    private static int Kept(MatrixTask task, double[] values, int most, double rcond, double largest)
    {
        int kept = 0;
        while (kept < most && values[kept] > rcond * largest)
            kept++;
        if (MatrixTask.HasNoise(values.AsSpan(0, kept), largest))
            task.Note($"singular values below {Text.Significant(MatrixTask.NoiseShare)} of the largest, which are rounding noise, are raised to the mean; set 'rcond: 1e-5' to leave their directions out");
        return kept;
    }
}
