namespace CabsPs.Engine.Tokenizers;

/// <summary>A token that is found in a text before the tokenizer's model sees it: special tokens and those that somebody added.</summary>
/// <param name="Content">The token as it stands in a text.</param>
public sealed record AddedToken(string Content)
{
    /// <summary>Found as a whole word alone.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Swallows blanks on its left.</summary>
    public bool LStrip { get; init; }

    /// <summary>Swallows blanks on its right.</summary>
    public bool RStrip { get; init; }

    /// <summary>Looked for in the normalized text.</summary>
    public bool Normalized { get; init; }

    /// <summary>A control token, which decoding can leave out.</summary>
    public bool Special { get; init; }
}
