using System.Text.Encodings.Web;
using System.Text.Json;
using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Tests.Tokenizers;

/// <summary>Writes small tokenizers as the tokenizers library writes them.</summary>
internal static class SmallTokenizer
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" };

    /// <summary>A tokenizer of whole words, one of byte pairs without merges, or one of word pieces.</summary>
    public static VocabularyModel Map(TemporaryFolder folder, string name, string type, string[] tokens, params (string Token, int Id, bool Special)[] added) =>
        Write(folder, name, type switch
        {
            "BPE" => new { type, dropout = (double?)null, unk_token = tokens[0], continuing_subword_prefix = (string?)null, end_of_word_suffix = (string?)null, fuse_unk = false, byte_fallback = false, vocab = Ids(tokens), merges = Array.Empty<string>() },
            "WordPiece" => new { type, unk_token = tokens[0], continuing_subword_prefix = "##", max_input_chars_per_word = 100, vocab = Ids(tokens) },
            _ => new { type, vocab = Ids(tokens), unk_token = tokens[0] },
        }, added);

    /// <summary>A unigram tokenizer.</summary>
    public static VocabularyModel Unigram(TemporaryFolder folder, string name, (string Token, double Score)[] tokens, params (string Token, int Id, bool Special)[] added) =>
        Write(folder, name, new { type = "Unigram", unk_id = 0, vocab = tokens.Select(t => new object[] { t.Token, t.Score }), byte_fallback = false }, added);

    /// <summary>What the files of a result say.</summary>
    public static Tokenizer Save(TemporaryFolder folder, string name, OutputVocabulary vocabulary, IReadOnlyList<VocabularyModel> models, ICollection<string>? warnings = null, string? template = null)
    {
        Directory.CreateDirectory(folder.Path(name));
        foreach (TokenizerFile file in TokenizerOutput.Create(vocabulary.Source, vocabulary, models, template, warnings ?? []))
            File.WriteAllBytes(folder.Path(name, file.Name), file.Content ?? File.ReadAllBytes(file.Source!));
        return Tokenizer.Read(folder.Path(name))!;
    }

    public static VocabularyModel Files(TemporaryFolder folder, string name, params (string Name, string Text)[] files)
    {
        Directory.CreateDirectory(folder.Path(name));
        foreach ((string file, string text) in files)
            File.WriteAllText(folder.Path(name, file), text);
        return new VocabularyModel(name, folder.Path(name), Tokenizer.Read(folder.Path(name)));
    }

    private static VocabularyModel Write(TemporaryFolder folder, string name, object model, (string Token, int Id, bool Special)[] added)
    {
        var list = added.Select(a => new { id = a.Id, content = a.Token, single_word = false, lstrip = false, rstrip = false, normalized = !a.Special, special = a.Special });
        string json = JsonSerializer.Serialize(new { version = "1.0", truncation = (object?)null, padding = (object?)null, added_tokens = list, normalizer = (object?)null, pre_tokenizer = new { type = "WhitespaceSplit" }, post_processor = (object?)null, decoder = (object?)null, model }, s_indented);
        string config = JsonSerializer.Serialize(new { tokenizer_class = "PreTrainedTokenizerFast", added_tokens_decoder = added.ToDictionary(a => a.Id.ToString(System.Globalization.CultureInfo.InvariantCulture), a => new { content = a.Token, lstrip = false, normalized = !a.Special, rstrip = false, single_word = false, special = a.Special }) }, s_indented);
        return Files(folder, name, ("tokenizer.json", json), ("tokenizer_config.json", config));
    }

    private static Dictionary<string, int> Ids(string[] tokens) => tokens.Select((t, i) => (t, i)).ToDictionary(t => t.t, t => t.i);
}
