using System.Management.Automation;
using CabsPs.Engine.Compute;

namespace CabsPs.Commands;

/// <summary>Lists what a merge can be computed with here: engines, their versions and devices, and what is missing.</summary>
[Cmdlet(VerbsCommon.Get, "CabsEngine")]
[OutputType(typeof(CabsEngine))]
public sealed class GetCabsEngineCommand : CabsCommand
{
    /// <summary>Engines to list; wildcards are allowed. All without.</summary>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(EngineCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        WildcardPattern[] patterns = [.. Name.Select(n => WildcardPattern.Get(n, WildcardOptions.IgnoreCase))];
        // what is loaded to look for devices takes a moment
        foreach (EngineInfo engine in Run(_ => ComputeEngines.List()).Where(e => patterns.Any(p => p.IsMatch(e.Name))))
            WriteObject(new CabsEngine(engine));
    }
}
