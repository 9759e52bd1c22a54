using System.Text;
using System.Text.Json;

namespace CabsPs.Engine.Tokenizers;

/// <summary>Reads the files in which a model folder keeps its tokenizer: tokenizer.json where there is one, else the files of
/// older tokenizers.</summary>
internal static class TokenizerReading
{
    // the largest vocabularies in use have a quarter of a million tokens; a number far beyond that is a mistake, not a vocabulary
    public const int MaxTokens = 1 << 24;

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
                    ReadMap(text, ids);
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
            if (id is < 0 or >= MaxTokens)
                throw Invalid(main, $"token {Text.Quote(token)} has number {id}");
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
            ReadMap(text, map);
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
                        ids.Add(token.Content, int.Parse(entry.Name, System.Globalization.CultureInfo.InvariantCulture));
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

    private static void ReadMap(byte[] text, Dictionary<string, int> ids)
    {
        using JsonDocument document = JsonDocument.Parse(TokenizerJsonReading.WithoutMark(text));
        foreach (JsonProperty entry in document.RootElement.EnumerateObject())
            ids[entry.Name] = entry.Value.GetInt32();
    }

    private static void ReadLines(byte[] text, Dictionary<string, int> ids)
    {
        string[] lines = Encoding.UTF8.GetString(TokenizerJsonReading.WithoutMark(text)).Split('\n');
        int count = lines[^1].Length == 0 ? lines.Length - 1 : lines.Length;
        for (int i = 0; i < count; i++)
            ids[lines[i].TrimEnd('\r')] = i;
    }

    private static void Parse(string file, Action<byte[]> read)
    {
        try
        {
            if (new FileInfo(file).Length > Checkpoints.SideFiles.MaxBytes)
                throw Invalid(file, $"is larger than {Text.Bytes(Checkpoints.SideFiles.MaxBytes)}, which no tokenizer file is");
            read(File.ReadAllBytes(file));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException or InvalidDataException)
        {
            throw Invalid(file, $"is not what a tokenizer's {Path.GetFileName(file)} must be: {e.Message.ReplaceLineEndings(" ")}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CabsException(CabsError.ReadFailed, $"{file}: cannot be read: {e.Message}", file, e);
        }
    }

    private static CabsException Invalid(string file, string reason, Exception? inner = null) =>
        new(CabsError.TokenizerInvalid, $"{file}: {reason}", file, inner);
}
