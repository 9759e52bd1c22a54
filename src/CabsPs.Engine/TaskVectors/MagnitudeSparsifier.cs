using CabsPs.Engine.Merging;

namespace CabsPs.Engine.TaskVectors;

/// <summary>Keeps the ⌊density · numel⌋ largest magnitudes of a tensor, at least one (the trimming of TIES: Yadav et al.,
/// "TIES-Merging", NeurIPS 2023, per tensor as mergekit does), or of each row; or the ⌊density · N⌋ + 1 largest of all N weights of the
/// model, as that paper's authors do.</summary>
public sealed class MagnitudeSparsifier(bool rescale) : IndependentSparsifier(rescale)
{
    private static readonly MethodParameter s_scope = new("scope", ParameterKind.Choice, ParameterScope.Global, "What the largest are sought in: a whole tensor, each row of its last axis, or the whole model.") { Default = "tensor", Words = ["tensor", "row", "model"] };

    /// <inheritdoc/>
    public override string Name => "magnitude";

    /// <inheritdoc/>
    protected override IReadOnlyList<MethodParameter> OwnParameters => [s_scope];

    /// <inheritdoc/>
    public override IReadOnlyList<long>? ModelRanks(ModelContext model, SparsifierGroup group, int vector)
    {
        if ((string)model.Value(s_scope, group.Parameters) != "model")
            return null;
        double density = (double)model.Value(Density, vector, group.Parameters);
        return density >= 1 ? null : [(long)(density * model.CountOf(vector)) + 1];
    }

    /// <inheritdoc/>
    protected override VectorMask<T> Bind<T>(TensorContext context, SparsifierGroup group, int member, double density)
    {
        string scope = (string)context.Value(s_scope, group.Parameters);
        if (scope == "model" && density < 1)
            return new ModelMask<T>(context, member, skips: false);
        if (density is <= 0 or >= 1)
            return new ConstantMask<T>(density >= 1);
        long length = scope == "row" ? context.RowLength : context.Count;
        return RankMask<T>.Create(context.Count, length, 0, Math.Max(1, (long)(density * length)), context.Tensor);
    }
}

/// <summary>Drops the γ largest magnitudes as outliers, keeps the density · numel next ones (Davari and Belilovsky, "Model
/// Breadcrumbs", ECCV 2024): of each tensor with the counts of mergekit 0.1.5, of each row or of the whole model with the authors', who skip
/// ⌊γ · numel⌋ whatever the density.</summary>
public sealed class OutlierSparsifier(bool rescale) : IndependentSparsifier(rescale)
{
    private static readonly MethodParameter s_gamma = new("gamma", ParameterKind.Number, ParameterScope.Model, "The share of weights dropped as outliers, from the largest down.") { Default = 0.01, Minimum = 0, Maximum = 1 };
    private static readonly MethodParameter s_scope = new("scope", ParameterKind.Choice, ParameterScope.Global, "What the largest are sought in: a whole tensor, each row of its last axis, or the whole model.") { Default = "tensor", Words = ["tensor", "row", "model"] };

    /// <inheritdoc/>
    public override string Name => "outliers";

    /// <inheritdoc/>
    protected override IReadOnlyList<MethodParameter> OwnParameters => [s_gamma, s_scope];

    /// <inheritdoc/>
    public override IReadOnlyList<long>? ModelRanks(ModelContext model, SparsifierGroup group, int vector)
    {
        if ((string)model.Value(s_scope, group.Parameters) != "model")
            return null;
        long length = model.CountOf(vector);
        (long top, long kept) = Counts((double)model.Value(Density, vector, group.Parameters), (double)model.Value(s_gamma, vector, group.Parameters), length);
        return kept == 0 ? null : top == 0 ? [kept] : [top, top + kept];
    }

    /// <inheritdoc/>
    protected override VectorMask<T> Bind<T>(TensorContext context, SparsifierGroup group, int member, double density)
    {
        string scope = (string)context.Value(s_scope, group.Parameters);
        double gamma = (double)context.Value(s_gamma, member, group.Parameters);
        if (scope != "tensor")
        {
            long length = scope == "row" ? context.RowLength : context.Model.CountOf(context.VectorOf(member));
            (long skipped, long rest) = Counts(density, gamma, length);
            return rest == 0 ? new ConstantMask<T>(keep: false)
                : scope == "row" ? RankMask<T>.Create(context.Count, length, skipped, rest, context.Tensor)
                : new ModelMask<T>(context, member, skips: skipped > 0);
        }

        if (density >= 1)
            return new ConstantMask<T>(keep: true);
        long kept = (long)(density * context.Count);
        // what is left of the top once the bottom has been cut: less than γ where both do not fit
        long top = context.Count - kept - Math.Max(0, context.Count - kept - (long)(gamma * context.Count));
        return kept == 0 ? new ConstantMask<T>(keep: false) : RankMask<T>.Create(context.Count, context.Count, top, kept, context.Tensor);
    }

    // the authors' counts: what does not fit is missing at the bottom
    private static (long Skipped, long Kept) Counts(double density, double gamma, long length)
    {
        long skipped = (long)(gamma * length);
        return (skipped, Math.Min((long)(density * length), length - skipped));
    }
}
