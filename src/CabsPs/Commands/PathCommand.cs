using System.Management.Automation;

namespace CabsPs.Commands;

/// <summary>A cmdlet that does the same for every path it is given.</summary>
public abstract class PathCommand : CabsCommand
{
    /// <summary>The parameter set of <see cref="Path"/>.</summary>
    protected const string PathSet = "Path";

    /// <summary>The parameter set of <see cref="LiteralPath"/>.</summary>
    protected const string LiteralSet = "LiteralPath";

    /// <summary>Folders or files; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = PathSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Folders or files, taken as they are written.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralSet)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        if (ParameterSetName == LiteralSet)
        {
            foreach (string path in LiteralPath)
            {
                if (ResolveLiteral(path) is { } full)
                    Attempt(full, () => Process(full));
            }

            return;
        }

        foreach (string full in Path.SelectMany(ResolveWildcard))
            Attempt(full, () => Process(full));
    }

    /// <summary>Does the cmdlet's work for one full path.</summary>
    protected abstract void Process(string path);
}
