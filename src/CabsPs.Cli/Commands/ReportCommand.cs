using System.CommandLine;
using CabsPs.Cli.Output;
using CabsPs.Engine.Diagnostics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;
using CabsPs.Engine.Reports;

namespace CabsPs.Cli.Commands;

/// <summary><c>cabs report</c>: one HTML page of what a merge does or did.</summary>
internal sealed class ReportCommand : Command, ICommandWithExamples
{
    public static readonly string[] Examples =
    [
        "cabs report recipe.yml --out report.html           what the merge would keep: overlaps, norms, balance by layer",
        "cabs report merged --out report.html               what a merged folder says of itself",
        "cabs report recipe.yml --out report.html --study 64:256 --study 26:256",
        "cabs report recipe.yml --out report.html --trials trials.jsonl --force",
    ];

    private readonly Argument<string> _source = new("RECIPE|DIR") { Description = "A recipe, whose models are measured, or the folder of a merged model." };
    private readonly Option<string> _out = new("--out", "-o") { HelpName = "FILE", Description = "The HTML file.", Required = true };
    private readonly Option<string[]> _trials = new("--trials") { HelpName = "FILE", Description = "The log of a search for weights; may be given several times." };
    private readonly Option<string[]> _study = new("--study") { HelpName = "N:M", Description = "Add what the order of assignment does at this n:m, over the recipe's models; may be given several times." };
    private readonly Option<string> _title = new("--title") { HelpName = "TEXT", Description = "The page's title." };
    private readonly Option<bool> _noMeasure = new("--no-measure") { Description = "Do not read the models: the plan alone." };
    private readonly Option<bool> _force = new("--force") { Description = "Replace the file when it exists." };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "No progress, and do not print the file's path." };
    private readonly MergeSettings _settings = new();
    private readonly Streams _streams;
    private readonly CancellationToken _cancel;

    public ReportCommand(Streams streams, CancellationToken cancel)
        : base("report", "Write one HTML page of what a merge does or did: overlaps, norm kept, balance, searches.")
    {
        (_streams, _cancel) = (streams, cancel);
        Add(_source);
        foreach (Option option in new Option[] { _out, _trials, _study, _title, _noMeasure, _force }.Concat(_settings.Reading).Append(_quiet))
            Add(option);
        SetAction(Run);
    }

    public IReadOnlyList<string> AllExamples => Examples;

    private int Run(ParseResult call)
    {
        string source = call.GetRequiredValue(_source), file = call.GetRequiredValue(_out);
        bool force = call.GetValue(_force), quiet = call.GetValue(_quiet);
        ReportFile.Check(file, force);
        ReportSearch[] searches = [.. (call.GetValue(_trials) ?? []).Select(ReportSearch.Read)];
        ReportContent content = Directory.Exists(source) ? MergedFolder.Read(source) : OfRecipe(call, source, quiet);
        string full = ReportFile.Write(file, content with { Title = call.GetValue(_title) ?? content.Title, Searches = searches }, force);
        if (!quiet)
            _streams.Out.WriteLine(full);
        return ExitCode.Success;
    }

    private ReportContent OfRecipe(ParseResult call, string path, bool quiet)
    {
        MergeOptions options = _settings.Options(call);
        RecipeFile recipe = Recipe.ReadFile(path).With(_settings.Change(call));
        using RecipePlan plan = RecipePlan.Create(recipe, options, null, null, null, _cancel);
        foreach (RecipeStep step in plan.Steps)
            MergeMessages.Write(_streams, step.Plan);
        var measured = new List<ReportMeasurement>();
        foreach (ReportMeasuring measuring in call.GetValue(_noMeasure) ? [] : ReportMeasuring.Of(plan, options, _cancel))
        {
            TaskVectorMeasurement measurement = measuring.Measurement;
            measured.Add(new ReportMeasurement(measuring.Name, ProgressBar.Watch(_streams, quiet, () => measurement.Progress, () => measurement.Execute(_cancel))));
        }

        return new ReportContent
        {
            Title = $"{Path.GetFileName(path)}: what the merge does",
            Recipes = [ReportRecipe.Read(path)],
            Merges = [.. plan.Steps.Select(s => ReportMerge.Of(ReportMeasuring.NameOf(s), s.Plan))],
            Measurements = measured,
            Studies = [.. Studies(call, plan, options, quiet)],
        };
    }

    private IEnumerable<ReportStudy> Studies(ParseResult call, RecipePlan plan, MergeOptions options, bool quiet)
    {
        BlockShape[] shapes = [.. (call.GetValue(_study) ?? []).Select(s => BlockShape.TryParse(s, out BlockShape shape) ? shape : throw OptionValues.Wrong(_study, s, "n:m such as 64:256, or a share and m such as 0.1:256"))];
        foreach (RecipeStep step in plan.Steps.Where(s => shapes.Length > 0 && ReportMeasuring.IsPossible(s.Plan)))
        {
            AssignmentStudy study = AssignmentStudy.Create(step.Plan.Definition, new StudyOptions { Seed = _settings.Seed(call), Shapes = shapes }, options, _cancel);
            yield return new ReportStudy(ReportMeasuring.NameOf(step), ProgressBar.Watch(_streams, quiet, () => study.Progress, () => study.Execute(_cancel)));
        }
    }
}
