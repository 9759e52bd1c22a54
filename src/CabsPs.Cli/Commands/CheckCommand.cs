using System.CommandLine;
using CabsPs.Cli.Output;
using CabsPs.Engine.Recipes;

namespace CabsPs.Cli.Commands;

/// <summary><c>cabs check</c>: everything that can be known of a recipe without computing.</summary>
internal sealed class CheckCommand : Command, ICommandWithExamples
{
    public static readonly string[] Examples =
    [
        "cabs check recipe.yml                              all problems with their lines; sizes, memory, disk, time",
        "cabs check recipe.yml --out merged                 the destination and its disk too",
        "cabs check recipe.yml --json",
    ];

    private readonly Argument<string> _recipe = new("RECIPE") { Description = "A recipe in YAML." };
    private readonly Option<string> _out = new("--out", "-o") { HelpName = "DIR", Description = "The folder that the merged model is to get." };
    private readonly Option<string> _stages = new("--stages") { HelpName = "DIR", Description = "The folder in which results of named documents are to stay." };
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON document instead of tables." };
    private readonly MergeSettings _settings = new();

    public CheckCommand(Streams streams, CancellationToken cancel)
        : base("check", "Check a recipe without running it: all problems at once, and what it would cost.")
    {
        Add(_recipe);
        foreach (Option option in new Option[] { _out, _stages }.Concat(_settings.All).Append(_json))
            Add(option);
        SetAction(call =>
        {
            RecipeReport report = RecipeCheck.Run(call.GetRequiredValue(_recipe), _settings.Options(call), _settings.Change(call), call.GetValue(_out), call.GetValue(_stages), cancel: cancel);
            if (call.GetValue(_json))
                CheckReport.WriteJson(streams, report);
            else
                CheckReport.Write(streams, report);
            return report.Problems.Count == 0 ? ExitCode.Success : report.Problems.Any(p => p.IsUsage) ? ExitCode.Usage : ExitCode.Failure;
        });
    }

    public IReadOnlyList<string> AllExamples => Examples;
}
