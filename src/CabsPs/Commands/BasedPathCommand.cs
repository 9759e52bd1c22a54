using System.Management.Automation;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Commands;

/// <summary>A cmdlet that does the same for every path, each over a base.</summary>
public abstract class BasedPathCommand : PathCommand
{
    private readonly Dictionary<string, Checkpoint> _bases = new(StringComparer.Ordinal);

    /// <summary>The model that all were fine-tuned from: a folder or a safetensors file.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string BasePath { get; set; } = string.Empty;

    /// <summary>The base, opened once however many models come.</summary>
    internal Checkpoint Base
    {
        get
        {
            string path = ResolvePath(BasePath);
            return _bases.TryGetValue(path, out Checkpoint? found) ? found : _bases[path] = Checkpoint.Open(path);
        }
    }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        // one base for all is needed by all; one that comes with each input concerns that input alone
        if (MyInvocation.BoundParameters.ContainsKey(nameof(BasePath)))
            Require(BasePath, () => Base);
    }
}
