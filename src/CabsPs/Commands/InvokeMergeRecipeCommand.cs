using System.Management.Automation;
using CabsPs.Engine.Recipes;

namespace CabsPs.Commands;

/// <summary>Runs a merge recipe: a YAML file in mergekit's form, of one document or several that use each other's results.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "MergeRecipe", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
[OutputType(typeof(MergeResult))]
public sealed class InvokeMergeRecipeCommand : RecipeCommand
{
    /// <inheritdoc/>
    protected override void Process(string path, string? destination, string? stages) => Attempt(path, () =>
    {
        string location = RequireLiteral(".");
        RecipeFile recipe = Recipe.ReadFile(path, location).With(Adjusted);
        recipe.CheckPlaces(destination, stages, Places);
        using RecipePlan plan = Run(cancel => RecipePlan.Create(recipe, Options, destination, stages, null, cancel));
        foreach (RecipeStep step in plan.Steps)
            Tell(step.Plan);
        string what = string.Join("; then ", plan.Steps.Select(s => Describe(s.Plan, plan.Keeps(s) ? s.Destination : $"a temporary folder as {s.Name}")));
        if (!ShouldProcess(what, $"{what}?", "Merge"))
            return;
        foreach (RecipeStep step in plan.Steps)
        {
            MergeResult result = Execute(step.Plan, step.Destination, (run, cancel) => plan.Execute(step, run, cancel));
            if (plan.Keeps(step))
                WriteObject(result);
        }
    });
}
