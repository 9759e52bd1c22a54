using System.Management.Automation;
using CabsPs.Engine;
using CabsPs.Engine.Recipes;

namespace CabsPs.Commands;

/// <summary>Checks a merge recipe without running it: $true when it can run. Every problem is an error of its own, what may not have
/// been meant is a warning, and the costs are told with -Verbose. Takes the same parameters as Invoke-MergeRecipe.</summary>
[Cmdlet(VerbsDiagnostic.Test, "MergeRecipe", DefaultParameterSetName = "Path")]
[OutputType(typeof(bool))]
public sealed class TestMergeRecipeCommand : RecipeCommand
{
    /// <inheritdoc/>
    protected override void Process(string path, string? destination, string? stages)
    {
        bool runs = false;
        string location = RequireLiteral(".");
        Attempt(path, () =>
        {
            RecipeReport found = Run(cancel => RecipeCheck.Run(path, Options, Adjusted, destination, stages, location, cancel));
            foreach (string warning in found.Warnings)
                WriteWarning(warning);
            foreach (CabsException problem in found.Problems)
                WriteError(ErrorRecords.From(problem, path));
            foreach (RecipeStep step in found.Steps)
                WriteVerbose(Describe(step.Plan, step.Name ?? destination ?? "the result"));
            if (found.Time is { } time)
                WriteVerbose($"about {Text.Time(time)}, if writing is as fast as reading");
            runs = found.Problems.Count == 0;
        });
        WriteObject(runs);
    }
}
