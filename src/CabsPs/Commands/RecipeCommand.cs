using System.Management.Automation;
using CabsPs.Engine.Recipes;

namespace CabsPs.Commands;

/// <summary>What the cmdlets that take a recipe share: a YAML file in mergekit's form. Model paths are relative to the current
/// location, then to the recipe's folder.</summary>
public abstract class RecipeCommand : MergeCommand
{
    /// <summary>What the parameters that name folders are called.</summary>
    private protected static readonly PlaceNames Places = new("-OutputPath", "-StagesPath");

    /// <summary>Recipes; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Path")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Recipes, their paths taken as they are written.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "LiteralPath")]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>The folder the merged model gets; new or empty. Not for a recipe whose documents all have names.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? OutputPath { get; set; }

    /// <summary>The folder in which the results of a recipe's named documents stay, each as a folder of its name. Without it they
    /// are temporary.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? StagesPath { get; set; }

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        string? destination = OutputPath is null ? null : RequireLiteral(OutputPath), stages = StagesPath is null ? null : RequireLiteral(StagesPath);
        IEnumerable<string> recipes = ParameterSetName == "Path" ? Path.SelectMany(ResolveWildcard) : LiteralPath.Select(ResolveLiteral).OfType<string>();
        foreach (string recipe in recipes)
            Process(recipe, destination, stages);
    }

    /// <summary>Does the cmdlet's work for one recipe.</summary>
    /// <param name="path">Its full path.</param>
    /// <param name="destination">The full path of the result's folder, or null.</param>
    /// <param name="stages">The full path of the folder for results of named documents, or null.</param>
    protected abstract void Process(string path, string? destination, string? stages);
}
