using System.Management.Automation;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Commands;

/// <summary>Describes the task vector of each fine-tuned model: its weights minus the base's.</summary>
[Cmdlet(VerbsCommon.Get, "TaskVector", DefaultParameterSetName = PathSet)]
[OutputType(typeof(TaskVector))]
public sealed class GetTaskVectorCommand : BasedPathCommand
{
    /// <summary>λ of the vectors in a merge that does not say otherwise.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public double Weight { get; set; } = 1;

    /// <inheritdoc/>
    protected override void Process(string path)
    {
        Engine.TaskVectors.TaskVector vector = Engine.TaskVectors.TaskVector.Create(Base.Path, [path])[0] with { Weight = Weight };
        Checkpoint model = Checkpoint.Open(path);
        var shared = Base.Tensors.Where(t => t.Type.IsMergeable() && model.Find(t.Name) is not null).ToList();
        WriteObject(new TaskVector(vector, shared.Count, shared.Sum(t => t.Count)));
    }
}
