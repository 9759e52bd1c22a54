using System.Text.Json;

namespace CabsPs.Engine.Tokenizers;

/// <summary>Reads a tokenizer.json without building a tree of it: large ones have tens of megabytes.</summary>
internal static class TokenizerJsonReading
{
    private static readonly string[] s_flags = ["single_word", "lstrip", "rstrip", "normalized", "special"];

    public static (TokenizerKind Kind, Dictionary<string, double>? Scores) Read(byte[] text, Dictionary<string, int> ids, Dictionary<string, AddedToken> added)
    {
        var reader = new Utf8JsonReader(WithoutMark(text));
        string? type = null;
        bool hasMerges = false;
        Dictionary<string, double>? scores = null;
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        Expect(ref reader, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("added_tokens"))
            {
                ReadAdded(ref reader, added, numbers);
            }
            else if (reader.ValueTextEquals("model"))
            {
                ReadModel(ref reader, ids, ref type, ref hasMerges, ref scores);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        foreach ((string token, int id) in numbers)
            ids[token] = id;
        TokenizerReading.CheckCount(ids.Count);
        return (KindOf(type, hasMerges, scores is not null), scores);
    }

    /// <summary>An added token as tokenizer_config.json describes it.</summary>
    public static AddedToken Token(JsonElement entry) => new(entry.GetProperty("content").GetString() ?? throw new JsonException("an added token has no content"))
    {
        SingleWord = IsTrue(entry, "single_word"),
        LStrip = IsTrue(entry, "lstrip"),
        RStrip = IsTrue(entry, "rstrip"),
        Normalized = IsTrue(entry, "normalized"),
        Special = IsTrue(entry, "special"),
    };

    public static byte[] WithoutMark(byte[] text) => text.AsSpan().StartsWith("\uFEFF"u8) ? text[3..] : text;

    private static void ReadModel(ref Utf8JsonReader reader, Dictionary<string, int> ids, ref string? type, ref bool hasMerges, ref Dictionary<string, double>? scores)
    {
        Expect(ref reader, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isVocabulary = reader.ValueTextEquals("vocab"), isType = reader.ValueTextEquals("type");
            hasMerges |= reader.ValueTextEquals("merges");
            reader.Read();
            if (isVocabulary && reader.TokenType == JsonTokenType.StartArray)
                scores = ReadPieces(ref reader, ids);
            else if (isVocabulary)
                ReadMap(ref reader, ids);
            else if (isType)
                type = reader.GetString();
            else
                reader.Skip();
        }
    }

    /// <summary>Reads a file that is one object of tokens and their numbers.</summary>
    public static void ReadMap(byte[] text, Dictionary<string, int> ids)
    {
        var reader = new Utf8JsonReader(WithoutMark(text));
        reader.Read();
        ReadMap(ref reader, ids);
        if (reader.Read())
            throw new JsonException("something follows its end");
    }

    private static void ReadMap(ref Utf8JsonReader reader, Dictionary<string, int> ids)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("its vocabulary is not an object of tokens and numbers");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string token = reader.GetString()!;
            reader.Read();
            ids[token] = reader.GetInt32();
            TokenizerReading.CheckCount(ids.Count);
        }
    }

    private static void ReadAdded(ref Utf8JsonReader reader, Dictionary<string, AddedToken> added, Dictionary<string, int> numbers)
    {
        Expect(ref reader, JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            string? content = null;
            int? id = null;
            var flags = new HashSet<string>(StringComparer.Ordinal);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isContent = reader.ValueTextEquals("content"), isId = reader.ValueTextEquals("id");
                string? flag = null;
                foreach (string known in s_flags)
                {
                    if (reader.ValueTextEquals(known))
                        flag = known;
                }

                reader.Read();
                if (isContent)
                    content = reader.GetString();
                else if (isId)
                    id = reader.GetInt32();
                else if (flag is not null && reader.TokenType == JsonTokenType.True)
                    flags.Add(flag);
                else
                    reader.Skip();
            }

            var token = new AddedToken(content ?? throw new JsonException("an added token has no content"))
            {
                SingleWord = flags.Contains("single_word"),
                LStrip = flags.Contains("lstrip"),
                RStrip = flags.Contains("rstrip"),
                Normalized = flags.Contains("normalized"),
                Special = flags.Contains("special"),
            };
            added[token.Content] = token;
            numbers[token.Content] = id ?? throw new JsonException("an added token has no id");
            TokenizerReading.CheckCount(numbers.Count);
        }

        if (reader.TokenType != JsonTokenType.EndArray)
            throw new JsonException("its added_tokens are not a list of objects");
    }

    // [["token", score], …]: a token's number is its place
    private static Dictionary<string, double> ReadPieces(ref Utf8JsonReader reader, Dictionary<string, int> ids)
    {
        var scores = new Dictionary<string, double>(StringComparer.Ordinal);
        int next = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.StartArray)
        {
            reader.Read();
            string token = reader.GetString() ?? throw new JsonException("a piece has no text");
            reader.Read();
            scores[token] = reader.GetDouble();
            ids[token] = next++;
            TokenizerReading.CheckCount(next);
            Expect(ref reader, JsonTokenType.EndArray);
        }

        return scores;
    }

    // files of old versions do not name the type
    private static TokenizerKind KindOf(string? type, bool hasMerges, bool hasScores) => type switch
    {
        "BPE" => TokenizerKind.Bpe,
        "WordPiece" => TokenizerKind.WordPiece,
        "Unigram" => TokenizerKind.Unigram,
        "WordLevel" => TokenizerKind.WordLevel,
        null when hasScores => TokenizerKind.Unigram,
        null when hasMerges => TokenizerKind.Bpe,
        null => TokenizerKind.WordPiece,
        _ => throw new JsonException($"its model is of type {Text.Quote(type)}; BPE, WordPiece, Unigram and WordLevel are known"),
    };

    private static bool IsTrue(JsonElement entry, string key) => entry.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (!reader.Read() || reader.TokenType != type)
            throw new JsonException("it is not laid out as the tokenizers library writes it");
    }
}
