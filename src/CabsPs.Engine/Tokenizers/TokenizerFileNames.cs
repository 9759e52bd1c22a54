namespace CabsPs.Engine.Tokenizers;

/// <summary>The names under which model folders keep their tokenizers.</summary>
internal static class TokenizerFileNames
{
    public const string Json = "tokenizer.json";
    public const string Config = "tokenizer_config.json";
    public const string AddedTokens = "added_tokens.json";
    public const string VocabJson = "vocab.json";
    public const string VocabText = "vocab.txt";
    public const string Merges = "merges.txt";
    public const string ChatTemplate = "chat_template.jinja";
    public const string ProcessorTemplate = "chat_template.json";

    /// <summary>Vocabularies in sentencepiece's own format.</summary>
    public static readonly string[] SentencePiece = ["tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "sentencepiece.model"];

    /// <summary>The files that list the tokens, the one that says most first.</summary>
    public static readonly string[] Main = [Json, VocabJson, VocabText, .. SentencePiece];

    private static readonly string[] s_others = [Config, AddedTokens, Merges, ChatTemplate, ProcessorTemplate, "special_tokens_map.json", "tekken.json"];

    /// <summary>Whether a file belongs to a tokenizer.</summary>
    public static bool Is(string name) =>
        Main.Contains(name, StringComparer.Ordinal) || s_others.Contains(name, StringComparer.Ordinal) || name.EndsWith(".tiktoken", StringComparison.Ordinal);

    /// <summary>Whether a folder holds files that only a tokenizer has; a template alone makes none.</summary>
    public static bool IsAny(string folder) =>
        List(folder).Select(f => Path.GetFileName(f)).Any(n => Is(n) && n is not (ChatTemplate or ProcessorTemplate));

    /// <summary>The files of a folder.</summary>
    /// <exception cref="CabsException">It cannot be listed.</exception>
    public static string[] List(string folder)
    {
        try
        {
            return Directory.GetFiles(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CabsException(CabsError.ReadFailed, $"{folder}: cannot be listed: {e.Message}", folder, e);
        }
    }
}
