using System.Diagnostics;
using System.Management.Automation;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Diagnostics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;

namespace CabsPs.Commands;

/// <summary>Lists the tensors of models, on request with figures of their values.</summary>
[Cmdlet(VerbsCommon.Get, "ModelTensor", DefaultParameterSetName = PathSet)]
[OutputType(typeof(TensorInfo))]
public sealed class GetModelTensorCommand : PathCommand
{
    /// <summary>Names wanted; wildcards are allowed. All without.</summary>
    [Parameter(Position = 1)]
    [ArgumentCompleter(typeof(TensorNameCompleter))]
    [SupportsWildcards]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Reads the values and adds minimum, maximum, mean, norm and the share of zeros.</summary>
    [Parameter]
    public SwitchParameter Statistics { get; set; }

    /// <inheritdoc/>
    protected override void Process(string path)
    {
        WildcardPattern[] patterns = [.. Name.Select(n => WildcardPattern.Get(n, WildcardOptions.None))];
        Checkpoint checkpoint = Checkpoint.Open(path);
        foreach (string name in Name.Where(n => !WildcardPattern.ContainsWildcardCharacters(n) && checkpoint.Find(n) is null))
            WriteError(ErrorRecords.TensorNotFound(name, checkpoint.Path, Suggestion.Hint(name, checkpoint.Tensors.Select(t => t.Name))));
        Engine.Checkpoints.TensorInfo[] chosen = [.. checkpoint.Tensors.Where(t => patterns.Any(p => p.IsMatch(t.Name)))];
        if (Statistics)
            Measure(checkpoint, chosen);
        else
            WriteObject(chosen.Select(t => new TensorInfo(t, null)), enumerateCollection: true);
    }

    private void Measure(Checkpoint checkpoint, Engine.Checkpoints.TensorInfo[] tensors)
    {
        using var reader = new CheckpointReader();
        string current = string.Empty;
        var clock = Stopwatch.StartNew();
        long total = tensors.Where(t => t.Type.IsMergeable()).Sum(t => t.ByteLength);
        var progress = new ProgressReporter(this, $"Reading {checkpoint.Path}", () => new MergeProgress(reader.BytesRead, total, current, clock.Elapsed), tensors.Select(t => t.Name));
        try
        {
            foreach (Engine.Checkpoints.TensorInfo tensor in tensors)
            {
                current = tensor.Name;
                WriteObject(Shown(new TensorInfo(tensor, tensor.Type.IsMergeable() ? Run(cancel => TensorStatistics.Of(reader, tensor, cancel), progress.Report) : null)));
            }
        }
        finally
        {
            progress.Complete();
        }
    }

    // with figures it is shown by a view of its own, under a second type name
    private static PSObject Shown(TensorInfo tensor)
    {
        var shown = new PSObject(tensor);
        shown.TypeNames.Insert(0, $"{typeof(TensorInfo).FullName}#Statistics");
        return shown;
    }
}
