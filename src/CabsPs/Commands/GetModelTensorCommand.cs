using System.Management.Automation;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Diagnostics;

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
        using var reader = new CheckpointReader();
        foreach (Engine.Checkpoints.TensorInfo tensor in checkpoint.Tensors)
        {
            if (!patterns.Any(p => p.IsMatch(tensor.Name)))
                continue;
            TensorStatistics? statistics = Statistics && tensor.Type.IsMergeable()
                ? Run(cancel => TensorStatistics.Of(reader, tensor, cancel))
                : null;
            WriteObject(Shown(new TensorInfo(tensor, statistics)));
        }
    }

    // with figures it is shown by a view of its own, under a second type name
    private object Shown(TensorInfo tensor)
    {
        if (!Statistics)
            return tensor;
        var shown = new PSObject(tensor);
        shown.TypeNames.Insert(0, $"{typeof(TensorInfo).FullName}#Statistics");
        return shown;
    }
}
