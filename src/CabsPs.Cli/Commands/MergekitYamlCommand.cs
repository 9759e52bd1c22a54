using System.CommandLine;
using System.Globalization;
using CabsPs.Cli.Output;
using CabsPs.Engine;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;

namespace CabsPs.Cli.Commands;

/// <summary><c>cabs mergekit-yaml</c>: mergekit's call with mergekit's options, so that a script changes one word. Options that have
/// no meaning here are accepted with one line that says so.</summary>
internal sealed class MergekitYamlCommand : Command, ICommandWithExamples
{
    public static readonly string[] Examples =
    [
        "cabs mergekit-yaml config.yml merged",
        "cabs mergekit-yaml config.yml merged --cuda --lazy-unpickle --out-shard-size 2B",
    ];

    // name, and why it has no effect; each has a --no- form
    private static readonly (string Name, string Reason)[] s_switches =
    [
        ("--allow-crimes", "models are compared tensor by tensor, whatever their architecture is called"),
        ("--cuda", "merges run on the processor"),
        ("--low-cpu-memory", "memory does not grow with the models anyway; --max-memory limits it in 'cabs merge'"),
        ("--read-to-gpu", "merges run on the processor"),
        ("--multi-gpu", "merges run on the processor"),
        ("--gpu-rich", "merges run on the processor"),
        ("--clone-tensors", "no tensor shares memory with another"),
        ("--lazy-unpickle", "models are read piece by piece anyway"),
        ("--trust-remote-code", "no code of a model is run"),
        ("--async-write", "every thread writes what it has computed"),
        ("--verbose", "there is nothing more to say"),
    ];

    private static readonly (string Name, string Reason)[] s_values =
    [
        ("--device", "merges run on the processor"),
        ("--lora-merge-cache", "adapters are not supported as inputs"),
        ("--lora-merge-dtype", "adapters are not supported as inputs"),
        ("--transformers-cache", "models are read from disk, not from a hub"),
        ("--write-threads", "every thread writes what it has computed"),
    ];

    private readonly Argument<string> _recipe = new("CONFIG") { Description = "A mergekit recipe of one document." };
    private readonly Argument<string> _out = new("OUT") { Description = "The folder that the merged model gets; new or empty." };
    private readonly Option<string> _shardSize = new("--out-shard-size") { HelpName = "N", Description = "The most tensor bytes in one file: a number, with k, m or b for thousands, millions, billions; 5B unless given." };
    private readonly Option<string> _seed = new("--random-seed") { HelpName = "N", Description = "What random masks start from; 0 unless given." };
    private readonly Option<string> _threads = new("--num-threads", "-j") { HelpName = "N", Description = "Threads that compute; one per core unless given." };
    private readonly Option<bool> _truncate = new("--unsafe-truncate-embeddings") { Description = "Cut embeddings of different height to the rows that all models have." };
    private readonly Option<bool> _keepEmbeddings = new("--no-unsafe-truncate-embeddings") { Description = "Refuse embeddings of different height; the default." };
    private readonly Option<bool> _copyTokenizer = new("--copy-tokenizer") { Description = "Copy the base's tokenizer; the default." };
    private readonly Option<bool> _noTokenizer = new("--no-copy-tokenizer") { Description = "Leave the tokenizer's files out, unless the recipe asks for a tokenizer." };
    private readonly Option<bool> _safe = new("--safe-serialization") { Description = "Write safetensors; the default and the only way." };
    private readonly Option<bool> _unsafe = new("--no-safe-serialization") { Description = "Refused: results are safetensors." };
    private readonly Option<bool> _quiet = new("--quiet") { Description = "No progress and no closing table." };
    private readonly Option<bool> _force = new("--force") { Description = "Replace the folder when it holds files." };
    private readonly Option<bool> _card = new("--write-model-card") { Description = "Write README.md and mergekit_config.yml; the default." };
    private readonly Option<bool> _noCard = new("--no-write-model-card") { Description = "Write neither." };
    private readonly List<(Option Option, string Reason)> _ineffective = [];
    private readonly Streams _streams;
    private readonly CancellationToken _cancel;

    public MergekitYamlCommand(Streams streams, CancellationToken cancel)
        : base("mergekit-yaml", "Merge with mergekit's call and options.")
    {
        (_streams, _cancel) = (streams, cancel);
        Add(_recipe);
        Add(_out);
        foreach (Option option in new Option[] { _shardSize, _seed, _threads, _truncate, _keepEmbeddings, _copyTokenizer, _noTokenizer, _safe, _unsafe, _card, _noCard, _quiet, _force })
            Add(option);
        foreach ((string name, string reason) in s_switches)
        {
            _ineffective.Add((name == "--verbose" ? new Option<bool>(name, "-v") : new Option<bool>(name), reason));
            _ineffective.Add((new Option<bool>($"--no-{name[2..]}"), string.Empty));
        }

        _ineffective.Add((new Option<bool>("--no-quiet"), string.Empty));
        foreach ((string name, string reason) in s_values)
            _ineffective.Add((new Option<string>(name), reason));
        foreach ((Option option, _) in _ineffective)
        {
            option.Hidden = true;
            Add(option);
        }

        SetAction(Run);
    }

    public IReadOnlyList<string> AllExamples => Examples;

    private int Run(ParseResult call)
    {
        foreach ((Option option, string reason) in _ineffective)
        {
            if (reason.Length > 0 && call.GetResult(option) is { Implicit: false })
                _streams.Message($"note: {option.Name} has no effect: {reason}");
        }

        if (call.GetValue(_unsafe))
            throw new CabsException(CabsError.ParameterInvalid, "--no-safe-serialization: results are written as safetensors only", _unsafe.Name);
        var options = new MergeOptions
        {
            Threads = OptionValues.Count(call, _threads) ?? 0,
            ShardBytes = ShardBytes(call),
            Force = call.GetValue(_force),
            LeavesOutTokenizer = call.GetValue(_noTokenizer),
            WritesModelCard = !call.GetValue(_noCard),
            RecipeName = "mergekit_config.yml",
        };
        long seed = OptionValues.Seed(call, _seed);
        bool truncate = call.GetValue(_truncate);
        RecipeFile recipe = Recipe.ReadFile(call.GetRequiredValue(_recipe));
        if (recipe.Stages.Count > 1)
            throw new CabsException(CabsError.RecipeInvalid, $"{recipe.Path}: holds several documents; use 'cabs merge {recipe.Path} --out …'", recipe.Path);
        // a lone document needs no name, as mergekit-yaml knows none
        recipe = recipe with { Stages = [recipe.Stages[0] with { Name = null, Definition = recipe.Stages[0].Definition with { Seed = seed, TruncateEmbeddings = truncate } }] };
        using RecipePlan plan = RecipePlan.Create(recipe, options, call.GetRequiredValue(_out), null, null, _cancel);
        RecipeRun.Execute(_streams, plan, new Talk(Json: false, call.GetValue(_quiet)), _cancel);
        return ExitCode.Success;
    }

    // mergekit counts bytes in thousands and calls a thousand million B; 0 puts everything into one file
    private long ShardBytes(ParseResult call)
    {
        if (call.GetValue(_shardSize) is not { } text)
            return OutputLayout.DefaultShardBytes;
        string trimmed = text.Trim().ToLowerInvariant();
        long factor = trimmed switch
        {
            [.., 'k'] => 1_000,
            [.., 'm'] => 1_000_000,
            [.., 'b'] => 1_000_000_000,
            _ => 1,
        };
        string digits = factor == 1 ? trimmed : trimmed[..^1];
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number <= long.MaxValue / factor
            ? number == 0 ? long.MaxValue : number * factor
            : throw new CabsException(CabsError.ParameterInvalid, $"{_shardSize.Name} is {Text.Quote(text)}; it takes a whole number of bytes, with k, m or b for thousands, millions, billions", _shardSize.Name);
    }
}
