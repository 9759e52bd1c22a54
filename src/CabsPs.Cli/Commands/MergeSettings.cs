using System.CommandLine;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Compute;
using CabsPs.Engine.Merging;

namespace CabsPs.Cli.Commands;

/// <summary>The options that say how a recipe is carried out, for all commands that take one.</summary>
internal sealed class MergeSettings
{
    private readonly Option<string> _type = new("--dtype") { HelpName = "TYPE", Description = "What the result is stored as, whatever the recipe says: float32, bfloat16, float16 or float64." };
    private readonly Option<string> _shardSize = new("--shard-size") { HelpName = "SIZE", Description = "The most tensor bytes in one file of the result; 5GB unless given." };
    private readonly Option<bool> _force = new("--force") { Description = "Replace the folder when it holds files; they go once the result is complete." };
    private readonly Option<string> _threads = new("--threads") { HelpName = "N", Description = "Threads that compute; one per core unless given. Never changes the result." };
    private readonly Option<string> _maxMemory = new("--max-memory") { HelpName = "SIZE", Description = "The most memory for buffers, such as 500MB; 1GiB unless given. The program itself takes some 60 MB more." };
    private readonly Option<string> _engine = new("--engine") { HelpName = "NAME", Description = "What computes: managed unless given, or torch; see cabs engines." };
    private readonly Option<string> _device = new("--device") { HelpName = "NAME", Description = "What the engine computes on, such as cpu or cuda:0." };
    private readonly Option<string> _seed = new("--seed") { HelpName = "N", Description = "What random masks start from; 0 unless given." };
    private readonly Option<bool> _truncate = new("--unsafe-truncate-embeddings") { Description = "Cut embeddings and heads of different heights to the shortest, where the recipe has no 'tokenizer' key. Tokens of the longer ones are lost." };
    private readonly Option<bool> _allowNonFinite = new("--allow-nonfinite") { Description = "Let NaN and infinity in the inputs through." };

    private readonly Option<bool> _resume = new("--resume") { Description = "Go on with what an interrupted merge of the same plan over the same inputs has finished; keep what is finished when this one is interrupted." };
    private readonly Option<string> _resumeCheck = new("--resume-check") { HelpName = "HOW", Description = "With --resume: 'files' tells inputs by size, time and header, 'deep' reads the bytes of what is finished; files unless given." };
    private readonly Option<bool> _sha256 = new("--sha256") { Description = "Take the SHA-256 of the weight files too; it goes into cabs.json and the result." };
    private readonly Option<bool> _noCard = new("--no-model-card") { Description = "Write no README.md and no copy of the recipe." };
    private readonly Option<bool> _ignoreFreeSpace = new("--ignore-free-space") { Description = "Begin even where the disk says that it has too little room." };

    /// <summary>The options, in the order of the help.</summary>
    public IReadOnlyList<Option> All => [_type, _shardSize, _force, _resume, _resumeCheck, _sha256, _noCard, _ignoreFreeSpace, _threads, _maxMemory, _engine, _device, _seed, _truncate, _allowNonFinite];

    /// <summary>Those of them that matter where models are read and no result is stored.</summary>
    public IReadOnlyList<Option> Reading => [_threads, _maxMemory, _seed, _truncate, _allowNonFinite];

    /// <summary>How to carry a merge out.</summary>
    public MergeOptions Options(ParseResult call) => new()
    {
        Threads = OptionValues.Count(call, _threads) ?? 0,
        MaxMemory = OptionValues.Size(call, _maxMemory) ?? MergeOptions.DefaultMaxMemory,
        ShardBytes = OptionValues.Size(call, _shardSize) ?? OutputLayout.DefaultShardBytes,
        Force = call.GetValue(_force),
        Engine = ComputeEngines.Open(call.GetValue(_engine), call.GetValue(_device)),
        Resume = call.GetValue(_resume),
        ResumeDeep = OptionValues.Word(call, _resumeCheck, "files", "deep") == "deep",
        Sha256 = call.GetValue(_sha256),
        WritesModelCard = !call.GetValue(_noCard),
        IgnoresFreeSpace = call.GetValue(_ignoreFreeSpace),
    };

    /// <summary>What random choices start from.</summary>
    public long Seed(ParseResult call) => OptionValues.Seed(call, _seed);

    /// <summary>What the options change of a recipe's definitions.</summary>
    public Func<MergeDefinition, bool, MergeDefinition> Change(ParseResult call)
    {
        DType? type = OptionValues.Type(call, _type);
        long seed = OptionValues.Seed(call, _seed);
        bool truncate = call.GetValue(_truncate), allow = call.GetValue(_allowNonFinite);
        return (definition, isResult) => definition with
        {
            OutputType = (isResult ? type : null) ?? definition.OutputType,
            Seed = seed,
            TruncateEmbeddings = truncate,
            AllowNonFinite = allow,
        };
    }
}
