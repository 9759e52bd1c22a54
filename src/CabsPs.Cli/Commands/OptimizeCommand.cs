using System.CommandLine;
using System.Diagnostics;
using CabsPs.Cli.Output;
using CabsPs.Engine;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;
using CabsPs.Engine.Search;

namespace CabsPs.Cli.Commands;

/// <summary><c>cabs optimize</c>: searches a recipe's weights with an external program as the judge.</summary>
internal sealed class OptimizeCommand : Command, ICommandWithExamples
{
    public static readonly string[] Examples =
    [
        "cabs optimize recipe.yml --evaluate \"python score.py {model} validation\" --log trials.jsonl",
        "cabs optimize recipe.yml --evaluate \"./score.sh {model}\" --scope vector --strategy cma-es --log trials.jsonl --out merged",
        "cabs optimize recipe.yml --evaluate \"./score.sh {model} validation\" --test \"./score.sh {model} test\" --parallel 4 --json",
    ];

    private static readonly SearchOptions s_defaults = new();
    private readonly Argument<string> _recipe = new("RECIPE") { Description = "A recipe in YAML; the weights of its unnamed document are searched." };
    private readonly Option<string> _evaluate = new("--evaluate", "-e") { HelpName = "COMMAND", Required = true, Description = "What judges a merged model: run by the shell with the model's folder for {model} (at the end without one); its output ends with JSON: a number, {\"task\": number}, or {\"task\": [number per example]}. Let it score a validation split: the split that chooses the weights flatters them." };
    private readonly Option<string> _test = new("--test") { HelpName = "COMMAND", Description = "Judges the chosen weights once more, on examples that did not choose them (a test split); report this score." };
    private readonly Option<string> _log = new("--log") { HelpName = "FILE", Description = "The trials, a line of JSON each. A search that is begun again with it goes on where it was stopped and repeats no trial." };
    private readonly Option<string> _out = new("--out", "-o") { HelpName = "DIR", Description = "The folder that the model with the best weights gets; new or empty." };
    private readonly Option<string> _work = new("--work") { HelpName = "DIR", Description = "Where models lie while they are judged; FILE.work beside the log, else the system's temporary folder, unless given." };
    private readonly Option<string> _scope = new("--scope") { HelpName = "SCOPE", Description = "shared (one number: lambda), vector (a weight per model) or layer (a number per layer); shared unless given." };
    private readonly Option<string> _bands = new("--bands") { HelpName = "N", Description = "With --scope layer: N bands of neighbouring layers instead of every layer." };
    private readonly Option<string> _parameter = new("--parameter") { HelpName = "NAME", Description = "The recipe's parameter that is searched; lambda, weight or t, the first that the method has, unless given." };
    private readonly Option<string> _strategy = new("--strategy") { HelpName = "NAME", Description = "grid, coordinate or cma-es; coordinate unless given." };
    private readonly Option<string> _objective = new("--objective") { HelpName = "NAME", Description = "mean, or relative: tasks that fall behind the base model count a hundredfold. mean unless given." };
    private readonly Option<bool> _lower = new("--lower-is-better") { Description = "The judge's scores are losses." };
    private readonly Option<string> _minimum = new("--minimum") { HelpName = "X", Description = "The smallest weight tried; 0.1 unless given." };
    private readonly Option<string> _maximum = new("--maximum") { HelpName = "X", Description = "The largest weight tried; 2 unless given." };
    private readonly Option<string> _step = new("--step") { HelpName = "X", Description = "The grid's step; 0.1 unless given." };
    private readonly Option<string> _fineStep = new("--fine-step") { HelpName = "X", Description = "The step round the grid's best (0 for none), 0.01 unless given; with coordinate the smallest step, 0.05 unless given." };
    private readonly Option<string> _start = new("--start") { HelpName = "X", Description = "Where cma-es begins; 1 unless given." };
    private readonly Option<string> _sigma = new("--sigma") { HelpName = "X", Description = "The spread of cma-es' first candidates; 0.05 unless given." };
    private readonly Option<string> _population = new("--population") { HelpName = "N", Description = "Candidates of a generation of cma-es; 6 unless given." };
    private readonly Option<string> _generations = new("--generations") { HelpName = "N", Description = "The most generations of cma-es; 50 unless given." };
    private readonly Option<string> _patience = new("--patience") { HelpName = "N", Description = "Generations without progress after which cma-es ends; 6 unless given." };
    private readonly Option<string> _maxTrials = new("--max-trials") { HelpName = "N", Description = "The most trials; 1000 unless given." };
    private readonly Option<string> _parallel = new("--parallel") { HelpName = "N", Description = "Trials merged and judged side by side; 1 unless given. Never changes the result." };
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON document, with all trials, instead of tables." };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "No line per trial." };
    private readonly Option<bool> _force = new("--force") { Description = "Replace the folder of --out when it holds files; they go once the result is complete." };
    private readonly MergeSettings _settings = new();
    private readonly Streams _streams;
    private readonly CancellationToken _cancel;

    public OptimizeCommand(Streams streams, CancellationToken cancel)
        : base("optimize", "Search the weights of a recipe that a program of yours judges best.")
    {
        (_streams, _cancel) = (streams, cancel);
        Add(_recipe);
        foreach (Option option in new Option[] { _evaluate, _test, _log, _out, _work, _scope, _bands, _parameter, _strategy, _objective, _lower, _minimum, _maximum, _step, _fineStep, _start, _sigma, _population, _generations, _patience, _maxTrials, _parallel }
            .Concat(_settings.Reading).Concat([_force, _json, _quiet]))
            Add(option);
        SetAction(Run);
    }

    public IReadOnlyList<string> AllExamples => Examples;

    private int Run(ParseResult call)
    {
        string command = call.GetRequiredValue(_evaluate);
        string? log = call.GetValue(_log), destination = call.GetValue(_out), test = call.GetValue(_test);
        SearchOptions options = Searching(call);
        options.Check();
        int parallel = OptionValues.Count(call, _parallel) ?? 1;
        MergeOptions merging = _settings.Options(call);
        if (merging.Threads == 0 && parallel > 1)
            merging = merging with { Threads = Math.Max(1, Environment.ProcessorCount / parallel) };
        using var work = new WorkFolder(call.GetValue(_work), log);
        RecipeFile recipe = Recipe.ReadFile(call.GetRequiredValue(_recipe)).With(_settings.Change(call));
        using TrialMerger merger = TrialMerger.Create(recipe, merging, Scope(call), OptionValues.Count(call, _bands) ?? 0, call.GetValue(_parameter), work.Path, _cancel);
        foreach (string warning in merger.Warnings)
            _streams.Message($"warning: {warning}");
        if (destination is not null)
            merger.CheckDestination(destination, call.GetValue(_force));
        using var search = new WeightSearch(merger.Space.Names, options, log, merger.Identity, command);
        if (work.BelongsToLog)
            merger.RemoveLeftovers();
        var judge = new CommandJudge(command, _cancel);
        try
        {
            Search(search, merger, judge, parallel, call.GetValue(_quiet));
            TestScore? tested = test is null ? null : search.FindTest(test) ?? Test(search, merger, test);
            string? model = destination is null ? null : merger.MergeTo(search.Best!.Weights, destination, call.GetValue(_force), _cancel).Path;
            SearchReport.Write(_streams, search.Result(tested, model), call.GetValue(_json));
            return ExitCode.Success;
        }
        catch (OperationCanceledException) when (_cancel.IsCancellationRequested)
        {
            _streams.WhenCancelled = log is null ? "cancelled; without --log the trials are lost" : $"cancelled; {Words.Of(search.Trials.Count, "trial")} stay in {log}, and a search with it goes on from there";
            throw;
        }
    }

    private void Search(WeightSearch search, TrialMerger merger, CommandJudge judge, int parallel, bool quiet)
    {
        if (search.WantsReference)
        {
            string origin = merger.BasePath ?? throw new CabsException(CabsError.RecipeInvalid, "the relative objective compares with the base model, and the recipe has none; give 'base_model', or search by the mean", "base_model");
            long start = Stopwatch.GetTimestamp();
            search.AddReference(judge.Score(origin), Stopwatch.GetElapsedTime(start));
        }

        while (search.Next() is { Count: > 0 } candidates)
        {
            merger.PrepareMasks(_cancel);
            try
            {
                Parallel.ForEach(candidates, new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = _cancel }, candidate =>
                {
                    long start = Stopwatch.GetTimestamp();
                    string model = merger.Merge(candidate.Weights, _cancel);
                    try
                    {
                        SearchTrial trial = search.Add(candidate, judge.Score(model), Stopwatch.GetElapsedTime(start));
                        if (!quiet)
                            _streams.Message($"trial {trial.Number}: {WeightSpace.Describe(search.Names, trial.Weights)}: {Text.Significant(trial.Score)} (best {Text.Significant(search.Best!.Score)})");
                    }
                    finally
                    {
                        TrialMerger.Remove(model);
                    }
                });
            }
            catch (AggregateException e)
            {
                throw e.InnerExceptions.FirstOrDefault(i => i is CabsException) ?? e.InnerExceptions[0];
            }
        }
    }

    private TestScore Test(WeightSearch search, TrialMerger merger, string command)
    {
        long start = Stopwatch.GetTimestamp();
        string model = merger.Merge(search.Best!.Weights, _cancel);
        try
        {
            return search.AddTest(command, new CommandJudge(command, _cancel).Score(model), Stopwatch.GetElapsedTime(start));
        }
        finally
        {
            TrialMerger.Remove(model);
        }
    }

    private WeightScope Scope(ParseResult call) => call.GetValue(_scope) switch
    {
        null or "shared" => WeightScope.Shared,
        "vector" => WeightScope.Vector,
        "layer" => WeightScope.Layer,
        var other => throw OptionValues.Wrong(_scope, other, "shared, vector or layer"),
    };

    private SearchOptions Searching(ParseResult call) => new()
    {
        Strategy = call.GetValue(_strategy) ?? s_defaults.Strategy,
        Objective = call.GetValue(_objective) ?? s_defaults.Objective,
        LowerIsBetter = call.GetValue(_lower),
        Minimum = OptionValues.Number(call, _minimum) ?? s_defaults.Minimum,
        Maximum = OptionValues.Number(call, _maximum) ?? s_defaults.Maximum,
        Step = OptionValues.Number(call, _step) ?? s_defaults.Step,
        FineStep = OptionValues.Number(call, _fineStep),
        Start = OptionValues.Number(call, _start) ?? s_defaults.Start,
        Sigma = OptionValues.Number(call, _sigma) ?? s_defaults.Sigma,
        Population = OptionValues.Count(call, _population) ?? s_defaults.Population,
        Generations = OptionValues.Count(call, _generations) ?? s_defaults.Generations,
        Patience = OptionValues.Count(call, _patience) ?? s_defaults.Patience,
        MaxTrials = OptionValues.Count(call, _maxTrials) ?? s_defaults.MaxTrials,
        Seed = _settings.Seed(call),
    };
}
