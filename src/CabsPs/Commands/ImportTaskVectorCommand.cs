using System.Management.Automation;
using CabsPs.Engine.TaskVectors.Files;

namespace CabsPs.Commands;

/// <summary>Describes task vectors that Export-TaskVector wrote. Reads headers and a few bytes of the base.</summary>
[Cmdlet(VerbsData.Import, "TaskVector", DefaultParameterSetName = PathSet)]
[OutputType(typeof(TaskVector))]
public sealed class ImportTaskVectorCommand : BasedPathCommand
{
    /// <summary>λ of the vectors in a merge that does not say otherwise; without it, what they were exported with.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public double? Weight { get; set; }

    /// <inheritdoc/>
    protected override void Process(string path)
    {
        var file = VectorFile.Open(path);
        Engine.TaskVectors.TaskVector vector = Engine.TaskVectors.TaskVector.Import(file, Base);
        WriteObject(new TaskVector(Weight is { } weight ? vector with { Weight = weight } : vector, file.Tensors.Count, file.Tensors.Values.Sum(t => t.Count)));
    }
}
