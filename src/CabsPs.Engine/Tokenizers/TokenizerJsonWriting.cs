using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CabsPs.Engine.Tokenizers;

/// <summary>Puts new tokens into the text of a tokenizer.json.</summary>
internal static class TokenizerJsonWriting
{
    /// <summary>The changed text.</summary>
    /// <param name="old">The source's tokenizer.json.</param>
    /// <param name="source">The source.</param>
    /// <param name="vocabulary">The result's vocabulary.</param>
    /// <param name="scores">Scores of new tokens, for a unigram model.</param>
    public static byte[] Write(byte[] old, Tokenizer source, OutputVocabulary vocabulary, IReadOnlyDictionary<string, double> scores)
    {
        var text = new JsonText(old);
        if (vocabulary.NewTokens.Count > 0 || HasGaps(source))
            AppendTokens(text, source, vocabulary, scores);
        if (vocabulary.NewAdded.Count > 0)
        {
            if (text.Find("added_tokens") is { Kind: JsonTokenType.StartArray } list)
                text.Append(list, vocabulary.NewAdded.Select(t => (Func<JsonIndent, string>)(indent => Describe(t, vocabulary.Ids[t.Content], indent))), 2);
            else
                text.Set("added_tokens", $"[{string.Join(", ", vocabulary.NewAdded.Select(t => Describe(t, vocabulary.Ids[t.Content], JsonIndent.None)))}]");
        }

        return text.ToArray();
    }

    /// <summary>An added token as an object.</summary>
    /// <param name="token">The token.</param>
    /// <param name="id">Its number, where the object holds it.</param>
    /// <param name="indent">Its indentation.</param>
    public static string Describe(AddedToken token, int? id, JsonIndent indent)
    {
        var text = new StringBuilder("{");
        if (id is { } number)
            Add("id", number.ToString(CultureInfo.InvariantCulture));
        Add("content", JsonText.Quote(token.Content));
        Add("single_word", Word(token.SingleWord));
        Add("lstrip", Word(token.LStrip));
        Add("rstrip", Word(token.RStrip));
        Add("normalized", Word(token.Normalized));
        Add("special", Word(token.Special));
        return text.Append(indent.Inner.Length > 0 ? indent.Outer : string.Empty).Append('}').ToString();

        void Add(string key, string value) =>
            text.Append(text.Length == 1 ? string.Empty : indent.Inner.Length == 0 ? ", " : ",").Append(indent.Inner).Append($"\"{key}\": {value}");
    }

    /// <summary>The tokens from a number to the last new ordinary one, null where a number has none. Lists in which a token's place
    /// is its number need the added tokens between, too.</summary>
    public static IReadOnlyList<string?> From(OutputVocabulary vocabulary, int first)
    {
        string?[] tokens = new string?[Math.Max(0, vocabulary.Ids[vocabulary.NewTokens[^1]] + 1 - first)];
        foreach ((string token, int id) in vocabulary.Ids)
        {
            if (id >= first && id - first < tokens.Length)
                tokens[id - first] = token;
        }

        return tokens;
    }

    // The library numbers an added token that its model does not know by the size of the model's vocabulary. So the vocabulary has to
    // hold those with numbers below a new ordinary token's, and all of them where its numbers have gaps.
    private static void AppendTokens(JsonText text, Tokenizer source, OutputVocabulary vocabulary, IReadOnlyDictionary<string, double> scores)
    {
        JsonPlace place = text.Find("model", "vocab") ?? throw new JsonException("its model has no vocabulary");
        if (place.Kind == JsonTokenType.StartArray)
        {
            // far below any real one, so that what stands there for its number alone is never chosen
            double lowest = source.Scores!.Values.DefaultIfEmpty(0).Min() - 100;
            IReadOnlyList<string?> pieces = vocabulary.NewTokens.Count == 0 ? [] : From(vocabulary, source.Scores.Count);
            text.Append(place, pieces.Select((t, i) => (Func<JsonIndent, string>)(_ => Piece(t ?? $"<unused_{i}>", scores, lowest))), 3);
            return;
        }

        int first = vocabulary.NewTokens.Count == 0 ? int.MaxValue : vocabulary.Ids[vocabulary.NewTokens[0]];
        IEnumerable<string> missing = Absent(text, place, source).Where(t => source.Ids[t] < first).OrderBy(t => source.Ids[t]);
        IEnumerable<string> behind = HasGaps(source) ? vocabulary.NewAdded.Select(t => t.Content).Where(t => !source.Ids.ContainsKey(t)) : [];
        text.Append(place, missing.Concat(vocabulary.NewTokens).Concat(behind).Select(t => Entry(t, vocabulary)), 3);
    }

    private static bool HasGaps(Tokenizer source) => source.Ids.Count != source.Length;

    private static Func<JsonIndent, string> Entry(string token, OutputVocabulary vocabulary) => _ => $"{JsonText.Quote(token)}: {vocabulary.Ids[token]}";

    // added tokens that the model's vocabulary does not hold
    private static HashSet<string> Absent(JsonText text, JsonPlace place, Tokenizer source)
    {
        var absent = new HashSet<string>(source.Added.Keys, StringComparer.Ordinal);
        var reader = new Utf8JsonReader(text.Slice(place));
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            absent.Remove(reader.GetString()!);
            reader.Read();
        }

        return absent;
    }

    private static string Piece(string token, IReadOnlyDictionary<string, double> scores, double lowest) =>
        $"[{JsonText.Quote(token)}, {scores.GetValueOrDefault(token, lowest).ToString("R", CultureInfo.InvariantCulture)}]";

    private static string Word(bool value) => value ? "true" : "false";
}
