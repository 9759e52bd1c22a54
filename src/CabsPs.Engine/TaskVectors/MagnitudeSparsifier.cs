using CabsPs.Engine.Merging;

namespace CabsPs.Engine.TaskVectors;

/// <summary>Keeps the ⌊density · numel⌋ largest magnitudes of a tensor, at least one (the trimming of TIES: Yadav et al.,
/// "TIES-Merging", NeurIPS 2023, per tensor as mergekit does), or of each row.</summary>
public sealed class MagnitudeSparsifier(bool rescale) : IndependentSparsifier(rescale)
{
    private static readonly MethodParameter s_scope = new("scope", ParameterKind.Choice, ParameterScope.Global, "What the largest are sought in: a whole tensor, or each row of its last axis.") { Default = "tensor", Words = ["tensor", "row"] };

    /// <inheritdoc/>
    public override string Name => "magnitude";

    /// <inheritdoc/>
    protected override IReadOnlyList<MethodParameter> OwnParameters => [s_scope];

    /// <inheritdoc/>
    protected override VectorMask<T> Bind<T>(TensorContext context, SparsifierGroup group, int member, double density)
    {
        if (density is <= 0 or >= 1)
            return new ConstantMask<T>(density >= 1);
        long length = (string)context.Value(s_scope, group.Parameters) == "row" ? context.RowLength : context.Count;
        return RankMask<T>.Create(context.Count, length, 0, Math.Max(1, (long)(density * length)), context.Tensor);
    }
}

/// <summary>Drops the γ largest magnitudes as outliers, keeps the density · numel next ones (Davari and Belilovsky, "Model
/// Breadcrumbs", ECCV 2024; counts as mergekit 0.1.5 takes them).</summary>
public sealed class OutlierSparsifier(bool rescale) : IndependentSparsifier(rescale)
{
    private static readonly MethodParameter s_gamma = new("gamma", ParameterKind.Number, ParameterScope.Model, "The share of weights dropped as outliers, from the largest down.") { Default = 0.01, Minimum = 0, Maximum = 1 };
    private static readonly MethodParameter s_scope = new("scope", ParameterKind.Choice, ParameterScope.Global, "What the largest are sought in: a whole tensor, or each row of its last axis.") { Default = "tensor", Words = ["tensor", "row"] };

    /// <inheritdoc/>
    public override string Name => "outliers";

    /// <inheritdoc/>
    protected override IReadOnlyList<MethodParameter> OwnParameters => [s_gamma, s_scope];

    /// <inheritdoc/>
    protected override VectorMask<T> Bind<T>(TensorContext context, SparsifierGroup group, int member, double density)
    {
        if (density >= 1)
            return new ConstantMask<T>(keep: true);
        long length = (string)context.Value(s_scope, group.Parameters) == "row" ? context.RowLength : context.Count;
        long kept = (long)(density * length);
        // what is left of the top once the bottom has been cut: less than γ where both do not fit
        long top = length - kept - Math.Max(0, length - kept - (long)((double)context.Value(s_gamma, member, group.Parameters) * length));
        return kept == 0 ? new ConstantMask<T>(keep: false) : RankMask<T>.Create(context.Count, length, top, kept, context.Tensor);
    }
}
