using System.Management.Automation;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Diagnostics;

namespace CabsPs.Commands;

/// <summary>Compares models value by value with one that they should equal or come from.</summary>
[Cmdlet(VerbsData.Compare, "ModelCheckpoint", DefaultParameterSetName = PathSet)]
[OutputType(typeof(ModelComparison))]
public sealed class CompareModelCheckpointCommand : CabsCommand
{
    private const string PathSet = "Path";
    private const string LiteralSet = "LiteralPath";
    private Checkpoint? _reference;

    /// <summary>The model that the others are compared with: a folder or a safetensors file.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string ReferencePath { get; set; } = string.Empty;

    /// <summary>Models to compare; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = PathSet)]
    [Alias("Path")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] DifferencePath { get; set; } = [];

    /// <summary>Models to compare, their paths taken as they are written.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralSet)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>The largest absolute difference that counts as equal.</summary>
    [Parameter]
    [ValidateRange(0.0, double.MaxValue)]
    public double Tolerance { get; set; }

    /// <summary>Tensors compared at a time; one per core without.</summary>
    [Parameter]
    [Alias("Threads")]
    [ValidateRange(1, 1024)]
    public int ThrottleLimit { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => _reference = Require(ReferencePath, () => Checkpoint.Open(RequireLiteral(ReferencePath)));

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IEnumerable<string> paths = ParameterSetName == LiteralSet ? LiteralPath.Select(ResolveLiteral).OfType<string>() : DifferencePath.SelectMany(ResolveWildcard);
        foreach (string path in paths)
            Attempt(path, () => WriteObject(Compare(path)));
    }

    private ModelComparison Compare(string path)
    {
        Checkpoint other = Checkpoint.Open(path);
        var comparison = new CheckpointComparison(_reference!, other, Tolerance);
        var progress = new ProgressReporter(this, $"Comparing {other.Path} with {_reference!.Path}", () => comparison.Progress, _reference.Tensors.Select(t => t.Name));
        try
        {
            return new ModelComparison(Run(cancel => comparison.Execute(ThrottleLimit, cancel), progress.Report));
        }
        finally
        {
            progress.Complete();
        }
    }
}
