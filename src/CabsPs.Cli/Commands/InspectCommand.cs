using System.CommandLine;
using CabsPs.Cli.Output;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Cli.Commands;

/// <summary><c>cabs inspect</c>: what a checkpoint holds, from its headers.</summary>
internal sealed class InspectCommand : Command, ICommandWithExamples
{
    public static readonly string[] Examples =
    [
        "cabs inspect models/base                           architecture, files and tensors, layers folded",
        "cabs inspect models/base --tensors                 every tensor on a line of its own",
        "cabs inspect model.safetensors --json",
    ];

    private readonly Argument<string> _model = new("MODEL") { Description = "A model folder or a .safetensors file." };
    private readonly Option<bool> _tensors = new("--tensors") { Description = "List every tensor with its file instead of folding layers." };
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON document instead of tables." };

    public InspectCommand(Streams streams, CancellationToken cancel)
        : base("inspect", "Show the tensors, types, sizes and architecture of a model.")
    {
        Add(_model);
        Add(_tensors);
        Add(_json);
        SetAction(call =>
        {
            Checkpoint model = Checkpoint.Open(call.GetRequiredValue(_model));
            cancel.ThrowIfCancellationRequested();
            if (call.GetValue(_json))
                InspectJson.Write(streams, model);
            else
                InspectReport.Write(streams, model, call.GetValue(_tensors));
            return ExitCode.Success;
        });
    }

    public IReadOnlyList<string> AllExamples => Examples;
}
