namespace CabsPs.Engine.Tokenizers;

/// <summary>Makes an error that names the place in a recipe where something stands.</summary>
/// <param name="message">What is wrong there and what to do.</param>
/// <param name="error">The condition.</param>
public delegate CabsException ErrorAt(string message, CabsError error = CabsError.VocabularyInvalid);

/// <summary>Which numbering a merge's result gets.</summary>
public enum VocabularySource
{
    /// <summary>The base's, and behind it the tokens that only other models have.</summary>
    Union,

    /// <summary>The base's.</summary>
    Base,

    /// <summary>That of a named model.</summary>
    Model,
}

/// <summary>A recipe's <c>tokenizer</c> or <c>tokenizer_source</c>.</summary>
public sealed record TokenizerSettings
{
    /// <summary>Where the numbering comes from.</summary>
    public VocabularySource Source { get; init; }

    /// <summary>The model's path, with <see cref="VocabularySource.Model"/>.</summary>
    public string? SourceModel { get; init; }

    /// <summary>What is said of single tokens, in the recipe's order.</summary>
    public IReadOnlyList<TokenRule> Tokens { get; init; } = [];

    /// <summary>The result's vocabulary-indexed tensors get a multiple of this many rows.</summary>
    public int PadToMultipleOf { get; init; } = 1;

    /// <summary>Where the source stands in the recipe.</summary>
    public ErrorAt At { get; init; } = static (message, error) => new CabsException(error, message);

    /// <summary>Paths of all models that are named, the source first.</summary>
    public IEnumerable<string> Models => (SourceModel is null ? [] : new[] { SourceModel })
        .Concat(Tokens.Select(t => t.Source).OfType<ModelRow>().Select(r => r.Model));
}

/// <summary>What a recipe says of one token: where its row comes from in models that lack it, or, forced, in all models.</summary>
/// <param name="Token">The token as the vocabulary writes it.</param>
/// <param name="Source">The row.</param>
/// <param name="Force">Replaces the rows of models that have the token, too.</param>
/// <param name="At">Where it stands in the recipe.</param>
public sealed record TokenRule(string Token, TokenRow Source, bool Force, ErrorAt At);

/// <summary>Where a token's row comes from.</summary>
public abstract record TokenRow;

/// <summary>Zeros.</summary>
public sealed record ZeroRow : TokenRow;

/// <summary>A row of a model.</summary>
/// <param name="Model">The model's path.</param>
/// <param name="Token">A token whose row it is; null means the token that the rule is about.</param>
/// <param name="Id">The row's number in that model; wins over a token.</param>
public sealed record ModelRow(string Model, string? Token = null, int? Id = null) : TokenRow;
