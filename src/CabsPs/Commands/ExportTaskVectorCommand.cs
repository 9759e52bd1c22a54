using System.Management.Automation;
using CabsPs.Engine;
using CabsPs.Engine.Merging;
using CabsPs.Engine.TaskVectors.Files;

namespace CabsPs.Commands;

/// <summary>Writes task vectors into safetensors files, one each, from which they merge as if they were taken from their models.</summary>
[Cmdlet(VerbsData.Export, "TaskVector", SupportsShouldProcess = true)]
[OutputType(typeof(TaskVectorFile))]
public sealed class ExportTaskVectorCommand : CabsCommand
{
    private const string Extension = ".safetensors";
    private readonly HashSet<string> _written = new(StringComparer.Ordinal);

    /// <summary>Task vectors, dense or sparsified.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    [ValidateNotNull]
    public TaskVector[] InputObject { get; set; } = [];

    /// <summary>The folder that gets a file of each vector's name; or, ending in .safetensors, the file of the only one.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string OutputPath { get; set; } = string.Empty;

    /// <summary>How the deltas are stored.</summary>
    [Parameter]
    public TaskVectorFormat Format { get; set; } = TaskVectorFormat.Auto;

    /// <summary>Tensors that are exported; wildcards over their names. All without.</summary>
    [Parameter]
    [SupportsWildcards]
    public string[] Include { get; set; } = [];

    /// <summary>Tensors that are not exported; wildcards over their names.</summary>
    [Parameter]
    [SupportsWildcards]
    public string[] Exclude { get; set; } = [];

    /// <summary>The most bytes that buffers may take together.</summary>
    [Parameter]
    [ValidateRange(1L, long.MaxValue)]
    public long MaxMemory { get; set; } = MergeOptions.DefaultMaxMemory;

    /// <summary>Threads that compute; one per core without.</summary>
    [Parameter]
    [Alias("Threads")]
    [ValidateRange(1, 1024)]
    public int ThrottleLimit { get; set; }

    /// <summary>Seeds the sparsifiers that choose at random.</summary>
    [Parameter]
    public long Seed { get; set; }

    /// <summary>Lets NaN and infinity in the models through.</summary>
    [Parameter]
    public SwitchParameter AllowNonFinite { get; set; }

    /// <summary>Replaces files that exist, each once its successor is complete.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        string place = RequireLiteral(OutputPath);
        foreach (TaskVector vector in InputObject)
            Attempt(vector, () => Export(vector, PathOf(vector, place)));
    }

    private void Export(TaskVector vector, string path)
    {
        var options = new MergeOptions { Threads = ThrottleLimit, MaxMemory = MaxMemory, Force = Force };
        var settings = new VectorExportSettings { Packed = IsPacked(vector), Include = Include, Exclude = Exclude, Seed = Seed, AllowNonFinite = AllowNonFinite };
        VectorExport export = Run(cancel => VectorExport.Prepare(vector.Vector, settings, options, cancel));
        export.CheckDestination(path);
        foreach (string warning in export.Plan.Warnings)
            WriteWarning(warning);
        if (export.Plan.LeftOut.FirstOrDefault(t => t.Model == vector.Name) is { } left)
            WriteWarning($"{export.Plan.LeftOut.Count(t => t.Model == vector.Name)} tensor(s) of {vector.Name} are not exported, {Text.Quote(left.Tensor)} for one: {left.Reason}");
        string what = $"task vector {vector.Name} ({vector.Sparsification ?? "dense"}): {export.TensorCount} tensors, {(settings.Packed ? "packed, less than" : "dense,")} {Text.Bytes(export.DenseBytes)}, to {path}";
        if (!ShouldProcess(what, $"Export {what}?", "Export"))
            return;
        var progress = new ProgressReporter(this, $"Exporting {vector.Name} to {path}", () => export.Progress, export.Plan.Tensors.Select(t => t.Output.Name));
        try
        {
            var file = new TaskVectorFile(Run(cancel => export.Execute(path, cancel), progress.Report));
            WriteVerbose($"{path}: {Text.Bytes(file.SizeBytes)}, {Text.Count(file.KeptCount)} of {Text.Count(file.ParameterCount)} deltas");
            progress.Complete();
            WriteObject(file);
        }
        finally
        {
            progress.Complete();
        }
    }

    private bool IsPacked(TaskVector vector) => Format == TaskVectorFormat.Packed || (Format == TaskVectorFormat.Auto && vector.Sparsification is not null);

    // a second vector must not replace the first's file, not even with -Force
    private string PathOf(TaskVector vector, string place)
    {
        string path = place.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) && !Directory.Exists(place)
            ? place
            : Path.Combine(place, vector.Name.Replace('/', '-') + Extension);
        return _written.Add(path) ? path : throw new CabsException(CabsError.DuplicateModel, $"{path}: would get a second task vector, {vector.Name} of {vector.ModelPath}; export it to another place", vector);
    }
}
