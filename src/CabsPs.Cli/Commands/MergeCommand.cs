using System.CommandLine;
using CabsPs.Cli.Output;
using CabsPs.Engine;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;

namespace CabsPs.Cli.Commands;

/// <summary><c>cabs merge</c>: runs a recipe, or shows what it would do.</summary>
internal sealed class MergeCommand : Command, ICommandWithExamples
{
    public static readonly string[] Examples =
    [
        "cabs merge recipe.yml --out merged                 merge as the recipe says",
        "cabs merge recipe.yml --out merged --dry-run       show what would be read, computed and written",
        "cabs merge recipe.yml --out merged --dtype bfloat16 --shard-size 2GB",
        "cabs merge recipe.yml --out merged --json > result.json",
    ];

    private readonly Argument<string> _recipe = new("RECIPE") { Description = "A recipe in YAML: merge_method, base_model, models, parameters." };
    private readonly Option<string> _out = new("--out", "-o") { HelpName = "DIR", Description = "The folder that the merged model gets; new or empty." };
    private readonly Option<string> _threads = new("--threads") { HelpName = "N", Description = "Threads that compute; one per core unless given. Never changes the result." };
    private readonly Option<string> _maxMemory = new("--max-memory") { HelpName = "SIZE", Description = "The most memory for buffers, such as 500MB; 1GiB unless given. The program itself takes some 60 MB more." };
    private readonly Option<string> _shardSize = new("--shard-size") { HelpName = "SIZE", Description = "The most tensor bytes in one file of the result; 5GB unless given." };
    private readonly Option<string> _type = new("--dtype") { HelpName = "TYPE", Description = "What the result is stored as, whatever the recipe says: float32, bfloat16, float16 or float64." };
    private readonly Option<string> _seed = new("--seed") { HelpName = "N", Description = "Seeds the methods that choose at random; 0 unless given." };
    private readonly Option<bool> _force = new("--force") { Description = "Replace the folder when it holds files; they go once the result is complete." };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Check everything, print the plan, write nothing." };
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON document instead of tables." };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "No progress and no closing table; warnings stay." };
    private readonly Option<bool> _allowNonFinite = new("--allow-nonfinite") { Description = "Let NaN and infinity in the inputs through." };
    private readonly Option<bool> _truncate = new("--unsafe-truncate-embeddings") { Description = "Cut embeddings and heads of different heights to the shortest, where the recipe has no 'tokenizer' key. Tokens of the longer ones are lost." };
    private readonly Streams _streams;
    private readonly CancellationToken _cancel;

    public MergeCommand(Streams streams, CancellationToken cancel)
        : base("merge", "Merge models as a recipe says.")
    {
        (_streams, _cancel) = (streams, cancel);
        Add(_recipe);
        foreach (Option option in new Option[] { _out, _dryRun, _type, _shardSize, _force, _threads, _maxMemory, _seed, _allowNonFinite, _truncate, _json, _quiet })
            Add(option);
        SetAction(Run);
    }

    public IReadOnlyList<string> AllExamples => Examples;

    private int Run(ParseResult call)
    {
        bool dryRun = call.GetValue(_dryRun), json = call.GetValue(_json), quiet = call.GetValue(_quiet);
        string? destination = call.GetValue(_out);
        if (string.IsNullOrWhiteSpace(destination) && !(dryRun && destination is null))
            throw new CabsException(CabsError.ParameterInvalid, "no --out DIR; give the folder that the merged model gets", "--out");
        MergePlan plan = Plan(call);
        if (destination is not null)
            CheckpointWriter.CheckDestination(destination, plan.Models, plan.Options.Force);
        MergeMessages.Write(_streams, plan);
        if (dryRun)
        {
            if (json)
                PlanJson.Write(_streams, plan, destination);
            else if (!quiet)
                PlanReport.Write(_streams, plan, destination);
            return ExitCode.Success;
        }

        var run = new MergeRun(plan);
        MergeResult result = ProgressBar.Watch(_streams, quiet, () => run.Progress, () => run.Execute(destination!, _cancel));
        if (json)
            ResultJson.Write(_streams, result);
        else if (!quiet)
            ResultReport.Write(_streams, result);
        return ExitCode.Success;
    }

    private MergePlan Plan(ParseResult call)
    {
        var options = new MergeOptions
        {
            Threads = OptionValues.Count(call, _threads) ?? 0,
            MaxMemory = OptionValues.Size(call, _maxMemory) ?? MergeOptions.DefaultMaxMemory,
            ShardBytes = OptionValues.Size(call, _shardSize) ?? OutputLayout.DefaultShardBytes,
            Force = call.GetValue(_force),
        };
        DType? type = OptionValues.Type(call, _type);
        MergeDefinition definition = Recipe.Read(call.GetRequiredValue(_recipe));
        return MergePlanner.Plan(
            definition with
            {
                OutputType = type ?? definition.OutputType,
                AllowNonFinite = definition.AllowNonFinite || call.GetValue(_allowNonFinite),
                Seed = OptionValues.Integer(call, _seed) ?? definition.Seed,
                TruncateEmbeddings = definition.TruncateEmbeddings || call.GetValue(_truncate),
            },
            options,
            _cancel);
    }
}
