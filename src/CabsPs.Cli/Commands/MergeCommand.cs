using System.CommandLine;
using CabsPs.Cli.Output;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;
using CabsPs.Engine.Reports;

namespace CabsPs.Cli.Commands;

/// <summary><c>cabs merge</c>: runs a recipe, or shows what it would do.</summary>
internal sealed class MergeCommand : Command, ICommandWithExamples
{
    public static readonly string[] Examples =
    [
        "cabs merge recipe.yml --out merged                 merge as the recipe says",
        "cabs merge recipe.yml --out merged --dry-run       show what would be read, computed and written",
        "cabs merge recipe.yml --out merged --dtype bfloat16 --shard-size 2GB",
        "cabs merge stages.yml --out merged --stages parts  keep the results of named documents",
        "cabs merge recipe.yml --out merged --report report.html",
        "cabs merge recipe.yml --out merged --resume        go on where an interrupted merge ended",
        "cabs merge recipe.yml --out merged --json > result.json",
    ];

    private readonly Argument<string> _recipe = new("RECIPE") { Description = "A recipe in YAML: merge_method, base_model, models, parameters." };
    private readonly Option<string> _out = new("--out", "-o") { HelpName = "DIR", Description = "The folder that the merged model gets; new or empty." };
    private readonly Option<string> _stages = new("--stages") { HelpName = "DIR", Description = "Keep the results of a recipe's named documents as DIR/NAME." };
    private readonly Option<string> _report = new("--report") { HelpName = "FILE", Description = "Write what was done as an HTML page too; reads the models once more for its figures by layer. --force replaces it." };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Check everything, print the plan, write nothing." };
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON document instead of tables." };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "No progress and no closing table; warnings stay." };
    private readonly MergeSettings _settings = new();
    private readonly Streams _streams;
    private readonly CancellationToken _cancel;

    public MergeCommand(Streams streams, CancellationToken cancel)
        : base("merge", "Merge models as a recipe says.")
    {
        (_streams, _cancel) = (streams, cancel);
        Add(_recipe);
        foreach (Option option in new Option[] { _out, _stages, _report, _dryRun }.Concat(_settings.All).Concat([_json, _quiet]))
            Add(option);
        SetAction(Run);
    }

    public IReadOnlyList<string> AllExamples => Examples;

    private int Run(ParseResult call)
    {
        bool dryRun = call.GetValue(_dryRun);
        var talk = new Talk(call.GetValue(_json), call.GetValue(_quiet));
        string? destination = call.GetValue(_out), stages = call.GetValue(_stages), report = call.GetValue(_report);
        MergeOptions options = _settings.Options(call);
        Func<MergeDefinition, bool, MergeDefinition> change = _settings.Change(call);
        RecipeFile recipe = Recipe.ReadFile(call.GetRequiredValue(_recipe)).With(change);
        recipe.CheckPlaces(destination, stages, RecipeRun.Places, dryRun);
        if (report is not null)
            ReportFile.Check(report, options.Force);
        using RecipePlan plan = RecipePlan.Create(recipe, options, destination, stages, null, _cancel);
        if (options.Resume)
            _streams.WhenCancelled = "cancelled; what is finished is kept, and --resume goes on with it";
        if (dryRun)
            RecipeRun.Show(_streams, plan, destination, stages, talk);
        else
            Merge(plan, recipe.Path, report, options, talk);
        return ExitCode.Success;
    }

    private void Merge(RecipePlan plan, string recipe, string? report, MergeOptions options, Talk talk)
    {
        IReadOnlyList<MergeResult> results = RecipeRun.Execute(_streams, plan, talk, _cancel);
        if (report is null)
            return;
        ReportMerge[] merges = [.. results.Select(ReportMerge.Of)];
        ReportFile.Write(report, new ReportContent
        {
            Title = $"{Path.GetFileName(recipe)}: what the merge did",
            Recipes = [ReportRecipe.Read(recipe)],
            Merges = merges,
            Measurements = [.. results.Zip(merges).Select(r => ReportMeasuring.Of(r.Second.Name, r.First.Plan, options, _cancel)).OfType<ReportMeasuring>().Select(m => new ReportMeasurement(m.Name, ProgressBar.Watch(_streams, talk.Quiet, () => m.Measurement.Progress, () => m.Measurement.Execute(_cancel))))],
        }, options.Force);
    }
}
