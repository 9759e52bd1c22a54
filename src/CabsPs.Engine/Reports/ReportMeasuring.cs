using CabsPs.Engine.Diagnostics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;

namespace CabsPs.Engine.Reports;

/// <summary>Measures the task vectors of merges, for a report that looks at layers and tensors.</summary>
/// <param name="Name">What the report calls the measurement.</param>
/// <param name="Measurement">What is to be measured.</param>
public sealed record ReportMeasuring(string Name, TaskVectorMeasurement Measurement)
{
    /// <summary>The merges of a recipe whose task vectors can be measured: those with a base, of models that exist by now.</summary>
    /// <param name="plan">The recipe, planned.</param>
    /// <param name="options">Threads and memory.</param>
    /// <param name="cancel">Stops the planning.</param>
    /// <exception cref="CabsException">A model cannot be read.</exception>
    public static IReadOnlyList<ReportMeasuring> Of(RecipePlan plan, MergeOptions options, CancellationToken cancel) =>
        [.. plan.Steps.Select(s => Of(NameOf(s), s.Plan, options, cancel)).OfType<ReportMeasuring>()];

    /// <summary>A merge whose task vectors can be measured; null without a base, or where a model is not there (any more).</summary>
    /// <param name="name">What the report calls it.</param>
    /// <param name="plan">The merge.</param>
    /// <param name="options">Threads and memory.</param>
    /// <param name="cancel">Stops the planning.</param>
    /// <exception cref="CabsException">A model cannot be read.</exception>
    public static ReportMeasuring? Of(string name, MergePlan plan, MergeOptions options, CancellationToken cancel) =>
        IsPossible(plan) ? new ReportMeasuring(name, TaskVectorMeasurement.Create(plan.Definition, options, null, cancel)) : null;

    /// <summary>Whether a merge has task vectors, of models that are there.</summary>
    public static bool IsPossible(MergePlan plan) => plan.Definition.BasePath is not null && plan.Base is not null && plan.Models.All(m => m.Files.All(File.Exists));

    /// <summary>What a report calls a merge of a recipe.</summary>
    public static string NameOf(RecipeStep step) => step.Name ?? "the result";
}
