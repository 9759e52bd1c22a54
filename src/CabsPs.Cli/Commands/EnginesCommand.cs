using System.CommandLine;
using CabsPs.Cli.Output;

namespace CabsPs.Cli.Commands;

/// <summary><c>cabs engines</c>: what a merge can be computed with here, and what is missing for the rest.</summary>
internal sealed class EnginesCommand : Command, ICommandWithExamples
{
    public static readonly string[] Examples =
    [
        "cabs engines                                       engines, versions, devices, memory, what is missing",
        "cabs engines --json",
    ];

    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON document instead of tables." };

    public EnginesCommand(Streams streams)
        : base("engines", "List the compute engines: version, devices, memory, and what to install for what is missing.")
    {
        Add(_json);
        SetAction(call =>
        {
            if (call.GetValue(_json))
                EnginesReport.WriteJson(streams);
            else
                EnginesReport.Write(streams);
            return ExitCode.Success;
        });
    }

    public IReadOnlyList<string> AllExamples => Examples;
}
