using System.CommandLine;
using CabsPs.Cli.Output;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Diagnostics;

namespace CabsPs.Cli.Commands;

/// <summary><c>cabs compare</c>: how two checkpoints differ.</summary>
internal sealed class CompareCommand : Command, ICommandWithExamples
{
    public static readonly string[] Examples =
    [
        "cabs compare merged other                          tensors that differ; exit code 1 when any does",
        "cabs compare merged other --tolerance 1e-6 --tensors",
        "cabs compare merged other --json",
    ];

    private readonly Argument<string> _first = new("A") { Description = "A model folder or a .safetensors file." };
    private readonly Argument<string> _second = new("B") { Description = "Another." };
    private readonly Option<string> _tolerance = new("--tolerance") { HelpName = "X", Description = "The largest absolute difference that counts as equal; 0 unless given." };
    private readonly Option<string> _threads = new("--threads") { HelpName = "N", Description = "Tensors compared at a time; one per core unless given." };
    private readonly Option<bool> _tensors = new("--tensors") { Description = "List equal tensors too." };
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON document, with all tensors, instead of tables." };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Print nothing; the exit code tells." };

    public CompareCommand(Streams streams, CancellationToken cancel)
        : base("compare", "Compare two models value by value, whatever types they are stored as.")
    {
        Add(_first);
        Add(_second);
        foreach (Option option in new Option[] { _tolerance, _threads, _tensors, _json, _quiet })
            Add(option);
        SetAction(call =>
        {
            double tolerance = OptionValues.Tolerance(call, _tolerance);
            int threads = OptionValues.Count(call, _threads) ?? 0;
            bool quiet = call.GetValue(_quiet);
            var comparison = new CheckpointComparison(Checkpoint.Open(call.GetRequiredValue(_first)), Checkpoint.Open(call.GetRequiredValue(_second)), tolerance);
            ComparisonResult result = ProgressBar.Watch(streams, quiet, () => comparison.Progress, () => comparison.Execute(threads, cancel));
            if (call.GetValue(_json))
                ComparisonJson.Write(streams, result);
            else if (!quiet)
                ComparisonReport.Write(streams, result, call.GetValue(_tensors));
            return result.AreEqual ? ExitCode.Success : ExitCode.Failure;
        });
    }

    public IReadOnlyList<string> AllExamples => Examples;
}
