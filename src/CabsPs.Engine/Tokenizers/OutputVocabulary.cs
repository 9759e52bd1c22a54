namespace CabsPs.Engine.Tokenizers;

/// <summary>The vocabulary of a merge's result: a model's own numbering, which is kept, and tokens that are new to it behind.</summary>
public sealed class OutputVocabulary
{
    internal OutputVocabulary(Tokenizer source, IReadOnlyDictionary<string, int> ids, IReadOnlyList<string> newTokens, IReadOnlyList<AddedToken> newAdded, int rowCount)
    {
        Source = source;
        Ids = ids;
        NewTokens = newTokens;
        NewAdded = newAdded;
        Length = newTokens.Count + newAdded.Count == 0 ? source.Length : ids.Values.Max() + 1;
        RowCount = rowCount;
    }

    /// <summary>The tokenizer whose numbering and files the result takes over.</summary>
    public Tokenizer Source { get; }

    /// <summary>Every token's number.</summary>
    public IReadOnlyDictionary<string, int> Ids { get; }

    /// <summary>Ordinary tokens that the source lacks, in the order of their numbers.</summary>
    public IReadOnlyList<string> NewTokens { get; }

    /// <summary>Added tokens that the source lacks, or has as ordinary ones, in the order of their numbers.</summary>
    public IReadOnlyList<AddedToken> NewAdded { get; }

    /// <summary>One more than the largest number.</summary>
    public int Length { get; }

    /// <summary>Rows of the result's vocabulary-indexed tensors, and <c>vocab_size</c> in its config.json: the length, padded.</summary>
    public int RowCount { get; }

    /// <summary>What the user may not have meant.</summary>
    public IReadOnlyList<string> Warnings { get; internal init; } = [];
}
