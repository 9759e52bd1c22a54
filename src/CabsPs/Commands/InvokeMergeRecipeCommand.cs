using System.Management.Automation;
using CabsPs.Engine.Recipes;

namespace CabsPs.Commands;

/// <summary>Runs a merge recipe: a YAML file in mergekit's form. Model paths are relative to the current location, then to the
/// recipe's folder.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "MergeRecipe", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
[OutputType(typeof(MergeResult))]
public sealed class InvokeMergeRecipeCommand : MergeCommand
{
    /// <summary>The recipe; wildcards are allowed where they name one file.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Path")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string Path { get; set; } = string.Empty;

    /// <summary>The recipe, its path taken as it is written.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "LiteralPath")]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string LiteralPath { get; set; } = string.Empty;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        string[] recipes = ParameterSetName == "Path" ? [.. ResolveWildcard(Path)] : ResolveLiteral(LiteralPath) is { } full ? [full] : [];
        foreach (string recipe in recipes)
            Attempt(() => Merge(Recipe.Read(recipe, RequireLiteral("."))));
    }
}
