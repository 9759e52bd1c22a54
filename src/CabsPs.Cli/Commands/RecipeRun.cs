using CabsPs.Cli.Output;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;

namespace CabsPs.Cli.Commands;

/// <summary>How much a run of a recipe says.</summary>
/// <param name="Json">One JSON document instead of tables.</param>
/// <param name="Quiet">No progress and no closing table.</param>
internal readonly record struct Talk(bool Json, bool Quiet);

/// <summary>Runs the merges of a recipe file one after the other, or shows what they would do.</summary>
internal static class RecipeRun
{
    /// <summary>What the options that name folders are called.</summary>
    public static readonly PlaceNames Places = new("--out DIR", "--stages DIR");

    /// <summary>Shows the plans.</summary>
    public static void Show(Streams streams, RecipePlan plan, string? destination, string? stages, Talk talk)
    {
        string? Place(RecipeStep step) => (step.Name is null ? destination : stages) is null ? null : step.Destination;
        foreach (RecipeStep step in plan.Steps)
            MergeMessages.Write(streams, step.Plan);
        if (talk.Json)
            PlanJson.Write(streams, plan.Steps, Place);
        else if (!talk.Quiet)
        {
            foreach (RecipeStep step in plan.Steps)
                PlanReport.Write(streams, step.Plan, Place(step), step.Name);
        }
    }

    /// <summary>Carries the plans out.</summary>
    /// <returns>The results that stay.</returns>
    public static IReadOnlyList<MergeResult> Execute(Streams streams, RecipePlan plan, Talk talk, CancellationToken cancel)
    {
        foreach (RecipeStep step in plan.Steps)
            MergeMessages.Write(streams, step.Plan);
        var results = new List<(string?, MergeResult)>();
        foreach (RecipeStep step in plan.Steps)
        {
            var run = new MergeRun(step.Plan);
            MergeResult result = ProgressBar.Watch(streams, talk.Quiet, () => run.Progress, () => plan.Execute(step, run, cancel));
            foreach (string warning in result.LateWarnings)
                streams.Message($"warning: {warning}");
            results.Add((step.Name, result));
            if (!talk.Json && !talk.Quiet && plan.Keeps(step))
                ResultReport.Write(streams, result);
        }

        if (talk.Json)
            ResultJson.Write(streams, [.. results.Where((_, i) => plan.Keeps(plan.Steps[i]))]);
        return [.. results.Where((_, i) => plan.Keeps(plan.Steps[i])).Select(r => r.Item2)];
    }
}
