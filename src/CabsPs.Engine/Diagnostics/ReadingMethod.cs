using System.Numerics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.TaskVectors;

namespace CabsPs.Engine.Diagnostics;

/// <summary>Stands in for a recipe's method where its task vectors are only read: planning, pairing of tensors, vocabularies and masks are those of
/// a merge.</summary>
internal abstract class ReadingMethod : MergeMethod
{
    /// <inheritdoc/>
    public override string Name => "measure";

    /// <inheritdoc/>
    public override string Summary => "reads task vectors and writes nothing";

    /// <inheritdoc/>
    public override string Formula => "none";

    /// <inheritdoc/>
    public override string Source => "none";

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters => [];

    /// <inheritdoc/>
    public override ModelMeasure? MeasureModel(ModelContext model) => VectorRanks.For(model);

    /// <summary>The definition with this method in place of its own.</summary>
    /// <exception cref="CabsException">It has no base.</exception>
    public MergeDefinition Replace(MergeDefinition definition)
    {
        string where = definition.Origin is { } origin ? $"{origin}: " : string.Empty;
        if (definition.BasePath is null && definition.AllModules.SelectMany(m => m.Slices).Any(s => s.BasePath is null))
            throw new CabsException(CabsError.RecipeInvalid, $"{where}a task vector is a model less its base, and there is no base model; give 'base_model'", "base_model");
        return definition with { Method = this, Post = [] };
    }

    /// <summary>Bytes that will be read.</summary>
    public static long BytesToRead(MergePlan plan) =>
        plan.Tensors.Select((t, i) => t.Action == TensorAction.Merge ? t.ByteLength * (plan.Passes[i] + plan.Sweeps) : 0).Sum();
}

/// <summary>A computation that only measures.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal abstract class ReadingKernel<T> : TensorKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public sealed override bool WantsDeltas => true;

    /// <inheritdoc/>
    public sealed override void Merge(Tile<T> tile, Span<T> output, Span<double> sums) => throw new InvalidOperationException("only measures");
}
