using System.Text;
using System.Text.Json;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Tokenizers;

/// <summary>Reads the files in which a model folder keeps its tokenizer: tokenizer.json where there is one, else the files of
/// older tokenizers.</summary>
internal static class TokenizerReading
{
    /// <summary>The most tokens. The largest vocabularies in use have a quarter of a million, one has 901,629.</summary>
    public const int MaxTokens = 1 << 21;

    /// <summary>The most bytes of a file; the largest tokenizer.json in use has some 35 million.</summary>
    public const int MaxBytes = 64 << 20;

    // numbers may have gaps, but a few tokens with a huge number would make huge tables
    private const int LargestGap = 1 << 12;
    private const int MaxConfigBytes = 8 << 20;

    public static Tokenizer? Read(string folder)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var added = new Dictionary<string, AddedToken>(StringComparer.Ordinal);
        Dictionary<string, double>? scores = null;
        TokenizerKind kind = TokenizerKind.Other;
        if (TokenizerFileNames.Main.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists) is not { } main)
        {
            return TokenizerFileNames.IsAny(folder)
                ? throw Invalid(folder, "holds tokenizer files but none that lists its tokens (tokenizer.json, vocab.json, vocab.txt or a sentencepiece model)")
                : null;
        }

        Parse(main, text =>
        {
            switch (Path.GetFileName(main))
            {
                case TokenizerFileNames.Json:
                    (kind, scores) = TokenizerJsonReading.Read(text, ids, added);
                    break;
                case TokenizerFileNames.VocabJson:
                    kind = File.Exists(Path.Combine(folder, TokenizerFileNames.Merges)) ? TokenizerKind.Bpe : TokenizerKind.Other;
                    TokenizerJsonReading.ReadMap(text, ids);
                    break;
                case TokenizerFileNames.VocabText:
                    kind = TokenizerKind.WordPiece;
                    ReadLines(text, ids);
                    break;
                default:
                    kind = TokenizerKind.Unigram;
                    SentencePieceReading.Read(text, ids);
                    break;
            }
        });
        ReadAddedTokens(folder, ids, added);
        string? template = ReadConfig(folder, ids, added);
        foreach ((string token, int id) in ids)
        {
            if (id < 0 || id >= (4L * ids.Count) + LargestGap)
                throw Invalid(main, $"token {Text.Quote(token)} has number {id}, and there are {ids.Count} tokens");
        }

        return new Tokenizer(folder, kind, ids, added, scores) { ChatTemplate = template };
    }

    // tokens of older tokenizers that are not in the vocabulary itself
    private static void ReadAddedTokens(string folder, Dictionary<string, int> ids, Dictionary<string, AddedToken> added)
    {
        string file = Path.Combine(folder, TokenizerFileNames.AddedTokens);
        if (!File.Exists(file))
            return;
        Parse(file, text =>
        {
            var map = new Dictionary<string, int>(StringComparer.Ordinal);
            TokenizerJsonReading.ReadMap(text, map);
            foreach ((string token, int id) in map)
            {
                if (ids.TryAdd(token, id))
                    added.TryAdd(token, new AddedToken(token));
            }
        });
    }

    private static string? ReadConfig(string folder, Dictionary<string, int> ids, Dictionary<string, AddedToken> added)
    {
        string? template = null;
        string file = Path.Combine(folder, TokenizerFileNames.Config);
        if (File.Exists(file))
        {
            Parse(file, text =>
            {
                using JsonDocument document = JsonDocument.Parse(TokenizerJsonReading.WithoutMark(text));
                JsonElement root = document.RootElement;
                if (root.TryGetProperty("chat_template", out JsonElement chat))
                    template = TemplateOf(chat);
                if (!root.TryGetProperty("added_tokens_decoder", out JsonElement decoder) || decoder.ValueKind != JsonValueKind.Object)
                    return;
                foreach (JsonProperty entry in decoder.EnumerateObject())
                {
                    AddedToken token = TokenizerJsonReading.Token(entry.Value);
                    if (!ids.ContainsKey(token.Content))
                        ids.Add(token.Content, int.Parse(entry.Name, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture));
                    added.TryAdd(token.Content, token);
                }
            });
        }

        string jinja = Path.Combine(folder, TokenizerFileNames.ChatTemplate);
        if (File.Exists(jinja))
            Parse(jinja, text => template = Encoding.UTF8.GetString(TokenizerJsonReading.WithoutMark(text)));
        return template;
    }

    // one template, or several with names, of which 'default' is the one that is used
    private static string? TemplateOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Array => value.EnumerateArray()
            .Where(t => t.TryGetProperty("name", out JsonElement name) && name.ValueEquals("default"))
            .Select(t => t.GetProperty("template").GetString())
            .FirstOrDefault(),
        _ => null,
    };

    /// <summary>Refuses a vocabulary that grows beyond all that are known.</summary>
    public static void CheckCount(int count)
    {
        if (count > MaxTokens)
            throw new InvalidDataException($"it lists more than {MaxTokens} tokens");
    }

    /// <summary>Reads a tokenizer's file whole.</summary>
    /// <exception cref="CabsException">It is too large or cannot be read.</exception>
    public static byte[] ReadFile(string file) =>
        InputFile.ReadAll(file, Path.GetFileName(file) == TokenizerFileNames.Config ? MaxConfigBytes : MaxBytes, CabsError.TokenizerInvalid);

    private static void ReadLines(byte[] text, Dictionary<string, int> ids)
    {
        ReadOnlySpan<byte> rest = TokenizerJsonReading.WithoutMark(text);
        for (int i = 0; rest.Length > 0; i++)
        {
            int end = rest.IndexOf((byte)'\n');
            ids[Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]).TrimEnd('\r')] = i;
            CheckCount(i);
            rest = end < 0 ? default : rest[(end + 1)..];
        }
    }

    private static void Parse(string file, Action<byte[]> read)
    {
        try
        {
            read(ReadFile(file));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException or InvalidDataException)
        {
            throw Invalid(file, $"is not what a tokenizer's {Path.GetFileName(file)} must be: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private static CabsException Invalid(string file, string reason, Exception? inner = null) =>
        new(CabsError.TokenizerInvalid, $"{file}: {reason}", file, inner);
}
