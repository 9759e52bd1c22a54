namespace CabsPs.Engine.Tokenizers;

/// <summary>What kind of model splits a text into tokens.</summary>
public enum TokenizerKind
{
    /// <summary>Byte-pair encoding: tokens are made by merges.</summary>
    Bpe,

    /// <summary>The longest token that fits, word by word.</summary>
    WordPiece,

    /// <summary>The most probable split; every token has a score.</summary>
    Unigram,

    /// <summary>Whole words.</summary>
    WordLevel,

    /// <summary>Files that name tokens without the rules that make them.</summary>
    Other,
}

/// <summary>A model's tokenizer as far as a merge needs it: which token has which number, and which are found before the
/// tokenizer's own model sees a text.</summary>
public sealed class Tokenizer
{
    private IReadOnlyList<string>? _ordered;

    internal Tokenizer(string folder, TokenizerKind kind, Dictionary<string, int> ids, Dictionary<string, AddedToken> added, IReadOnlyDictionary<string, double>? scores)
    {
        Folder = folder;
        Kind = kind;
        Ids = ids;
        Added = added;
        Scores = scores;
        Length = ids.Count == 0 ? 0 : ids.Values.Max() + 1;
    }

    /// <summary>The model folder whose files describe the tokenizer.</summary>
    public string Folder { get; }

    /// <summary>How a text is split.</summary>
    public TokenizerKind Kind { get; }

    /// <summary>Every token's number, added tokens included. Tokens are written as the vocabulary writes them.</summary>
    public IReadOnlyDictionary<string, int> Ids { get; }

    /// <summary>The added tokens, by content.</summary>
    public IReadOnlyDictionary<string, AddedToken> Added { get; }

    /// <summary>One more than the largest number.</summary>
    public int Length { get; }

    /// <summary>The chat template, or null.</summary>
    public string? ChatTemplate { get; internal init; }

    /// <summary>All tokens in the order of their numbers.</summary>
    public IReadOnlyList<string> Ordered => _ordered ??= [.. Ids.OrderBy(t => t.Value).Select(t => t.Key)];

    /// <summary>The scores of a unigram model's tokens.</summary>
    internal IReadOnlyDictionary<string, double>? Scores { get; }

    /// <summary>Reads a model's tokenizer.</summary>
    /// <param name="model">The model's folder or file.</param>
    /// <returns>The tokenizer, or null when the model has no tokenizer files.</returns>
    /// <exception cref="CabsException">The files contradict themselves or are of a kind that is not known.</exception>
    public static Tokenizer? Read(string model) => Directory.Exists(model) ? TokenizerReading.Read(Path.GetFullPath(model)) : null;

    /// <summary>Reads a model's tokenizer.</summary>
    /// <param name="model">The model; of one that does not exist yet, the small files do.</param>
    /// <returns>The tokenizer, or null when the model has no tokenizer files.</returns>
    /// <exception cref="CabsException">The files contradict themselves or are of a kind that is not known.</exception>
    public static Tokenizer? Read(Checkpoints.Checkpoint model) => Read(model.Folder ?? model.Path);
}
