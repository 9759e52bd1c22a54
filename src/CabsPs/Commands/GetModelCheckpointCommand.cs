using System.Management.Automation;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Commands;

/// <summary>Describes models on disk. Reads headers alone.</summary>
[Cmdlet(VerbsCommon.Get, "ModelCheckpoint", DefaultParameterSetName = PathSet)]
[OutputType(typeof(ModelCheckpoint))]
public sealed class GetModelCheckpointCommand : PathCommand
{
    /// <inheritdoc/>
    protected override void Process(string path) => WriteObject(new ModelCheckpoint(Checkpoint.Open(path)));
}
