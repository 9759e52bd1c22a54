using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Tests.Tokenizers;

/// <summary>Numbering of a result's vocabulary, and files that hold it.</summary>
public sealed class VocabularyTests : IDisposable
{
    private static readonly TokenizerSettings s_union = new() { Source = VocabularySource.Union };
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("BPE")]
    [InlineData("WordPiece")]
    [InlineData("WordLevel")]
    public void A_union_keeps_the_bases_numbers_and_adds_in_the_order_of_models_and_numbers(string type)
    {
        VocabularyModel[] models =
        [
            SmallTokenizer.Map(_folder, "base", type, ["[UNK]", "a", "b"], ("[UNK]", 0, true), ("<eos>", 3, true)),
            SmallTokenizer.Map(_folder, "one", type, ["z", "[UNK]", "y", "b"], ("[UNK]", 1, true), ("<two>", 5, false), ("<one>", 4, true)),
            SmallTokenizer.Map(_folder, "two", type, ["[UNK]", "x", "y"], ("<one>", 3, true)),
        ];
        OutputVocabulary vocabulary = VocabularyBuilder.Build(s_union with { PadToMultipleOf = 4 }, models, 0);
        Assert.Equal(["[UNK]", "a", "b", "<eos>", "z", "y", "x", "<one>", "<two>"], vocabulary.Ids.OrderBy(t => t.Value).Select(t => t.Key));
        Assert.Equal((9, 12), (vocabulary.Length, vocabulary.RowCount));
        Tokenizer written = SmallTokenizer.Save(_folder, "out", vocabulary, models);
        Assert.Equal(vocabulary.Ids.OrderBy(t => t.Value), written.Ids.OrderBy(t => t.Value));
        Assert.Equal(["<eos>", "<one>", "<two>", "[UNK]"], written.Added.Keys.Order(StringComparer.Ordinal));
        Assert.True(written.Added["<one>"].Special);
        Assert.False(written.Added["<two>"].Special);
    }

    [Fact]
    public void Pieces_of_a_unigram_model_keep_their_places_and_scores()
    {
        VocabularyModel[] models =
        [
            SmallTokenizer.Unigram(_folder, "base", [("<unk>", 0), ("▁a", -2.5), ("b", -3)], ("<unk>", 0, true), ("<extra>", 3, true)),
            SmallTokenizer.Unigram(_folder, "one", [("<unk>", 0), ("▁c", -4.25)], ("<unk>", 0, true)),
        ];
        OutputVocabulary vocabulary = VocabularyBuilder.Build(s_union, models, 0);
        Assert.Equal(4, vocabulary.Ids["▁c"]);
        Tokenizer written = SmallTokenizer.Save(_folder, "out", vocabulary, models);
        Assert.Equal(vocabulary.Ids.OrderBy(t => t.Value), written.Ids.OrderBy(t => t.Value));
        Assert.Equal(-4.25, written.Scores!["▁c"]);
        Assert.Equal(-103, written.Scores["<extra>"]);
    }

    [Fact]
    public void A_token_that_a_recipe_names_joins_any_source()
    {
        VocabularyModel[] models =
        [
            SmallTokenizer.Map(_folder, "base", "BPE", ["[UNK]", "a"]),
            SmallTokenizer.Map(_folder, "one", "BPE", ["[UNK]", "a", "b"], ("<x>", 3, true)),
        ];
        var settings = new TokenizerSettings
        {
            Source = VocabularySource.Base,
            Tokens = [new TokenRule("<x>", new ModelRow(models[1].Path), false, Failure), new TokenRule("<y>", new ZeroRow(), false, Failure)],
        };
        OutputVocabulary vocabulary = VocabularyBuilder.Build(settings, models, 0);
        Assert.Equal(["[UNK]", "a", "<x>", "<y>"], vocabulary.Ids.OrderBy(t => t.Value).Select(t => t.Key));
        Tokenizer written = SmallTokenizer.Save(_folder, "out", vocabulary, models);
        Assert.True(written.Added["<x>"].Special);
        Assert.Equal(new AddedToken("<y>") { Normalized = true }, written.Added["<y>"]);
    }

    [Fact]
    public void Gaps_in_the_numbers_stay_and_new_added_tokens_keep_theirs()
    {
        VocabularyModel[] models =
        [
            SmallTokenizer.Files(_folder, "base", ("tokenizer.json", """{"added_tokens":[],"model":{"type":"BPE","vocab":{"a":0,"b":4},"merges":[]}}""")),
            SmallTokenizer.Map(_folder, "one", "BPE", ["a"], ("<x>", 1, true)),
        ];
        OutputVocabulary vocabulary = VocabularyBuilder.Build(s_union, models, 0);
        Assert.Equal(5, vocabulary.Ids["<x>"]);
        SmallTokenizer.Save(_folder, "out", vocabulary, models);
        Assert.Equal(
            """{"added_tokens":[{"id": 5, "content": "<x>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],"model":{"type":"BPE","vocab":{"a":0,"b":4,"<x>": 5},"merges":[]}}""",
            File.ReadAllText(_folder.Path("out", "tokenizer.json")));
    }

    [Fact]
    public void Only_what_must_change_in_a_text_changes()
    {
        VocabularyModel[] models =
        [
            SmallTokenizer.Map(_folder, "base", "BPE", ["[UNK]", "a"], ("[UNK]", 0, true)),
            SmallTokenizer.Map(_folder, "one", "BPE", ["[UNK]", "é\"\n"], ("<x>", 2, true)),
        ];
        SmallTokenizer.Save(_folder, "out", VocabularyBuilder.Build(s_union, models, 0), models);
        string[] old = File.ReadAllLines(_folder.Path("base", "tokenizer.json")), changed = File.ReadAllLines(_folder.Path("out", "tokenizer.json"));
        Assert.Equal(10, changed.Length - old.Length);
        Assert.Contains("      \"a\": 1,", changed);
        Assert.Contains("      \"é\\\"\\n\": 2", changed);
        int place = changed.ToList().IndexOf("      \"id\": 3,");
        Assert.Equal(("    {", "      \"special\": true", "    }", "  ],"), (changed[place - 1], changed[place + 6], changed[place + 7], changed[place + 8]));
        Assert.Contains("    \"3\": {", File.ReadAllLines(_folder.Path("out", "tokenizer_config.json")));
    }

    [Fact]
    public void Files_of_older_tokenizers_are_read_and_changed()
    {
        VocabularyModel[] models =
        [
            SmallTokenizer.Files(_folder, "base", ("vocab.json", """{"a":0,"b":1}"""), ("merges.txt", "#version: 0.2\n"), ("added_tokens.json", """{"<end>": 2}""")),
            SmallTokenizer.Files(_folder, "one", ("vocab.txt", "a\nc\n"), ("tokenizer_config.json", """{"added_tokens_decoder": {"2": {"content": "<new>", "special": true}}}""")),
        ];
        Assert.Equal((TokenizerKind.Bpe, TokenizerKind.WordPiece), (models[0].Tokenizer!.Kind, models[1].Tokenizer!.Kind));
        OutputVocabulary vocabulary = VocabularyBuilder.Build(s_union, models, 0);
        Tokenizer written = SmallTokenizer.Save(_folder, "out", vocabulary, models);
        Assert.Equal(["a", "b", "<end>", "c", "<new>"], written.Ordered);
        Assert.Equal("""{"a":0,"b":1,"c": 3}""", File.ReadAllText(_folder.Path("out", "vocab.json")));
        Assert.Equal("""{"<end>": 2,"<new>": 4}""", File.ReadAllText(_folder.Path("out", "added_tokens.json")));
        Assert.Single(vocabulary.Warnings);
        OutputVocabulary other = VocabularyBuilder.Build(s_union, [models[1], models[0]], 0);
        Assert.Equal(["a", "c", "<new>", "b", "<end>"], SmallTokenizer.Save(_folder, "other", other, models).Ordered);
        Assert.Equal("a\nc\n<new>\nb\n", File.ReadAllText(_folder.Path("other", "vocab.txt")));
    }

    [Fact]
    public void A_sentencepiece_model_is_read_and_left_out_where_it_cannot_hold_new_tokens()
    {
        byte[] pieces = [0x0A, 0x0C, 0x0A, 0x05, .. "<unk>"u8, 0x15, 0, 0, 0, 0, 0x0A, 0x06, 0x0A, 0x04, .. "\u2581a"u8, 0x12, 0x02, 0x08, 0x01];
        VocabularyModel one = SmallTokenizer.Map(_folder, "one", "BPE", ["<unk>", "▁b"]);
        Directory.CreateDirectory(_folder.Path("base"));
        File.WriteAllBytes(_folder.Path("base", "tokenizer.model"), pieces);
        var sentences = new VocabularyModel("base", _folder.Path("base"), Tokenizer.Read(_folder.Path("base")));
        Assert.Equal(["<unk>", "▁a"], sentences.Tokenizer!.Ordered);
        VocabularyModel[] models = [sentences, one];
        OutputVocabulary vocabulary = VocabularyBuilder.Build(s_union, models, 0);
        Assert.Contains("save the tokenizer with tokenizer.json first", Assert.Throws<CabsException>(() => SmallTokenizer.Save(_folder, "out", vocabulary, models)).Message, StringComparison.Ordinal);
        File.WriteAllBytes(_folder.Path("one", "tokenizer.model"), pieces);
        models = [one, sentences];
        var warnings = new List<string>();
        SmallTokenizer.Save(_folder, "other", VocabularyBuilder.Build(s_union, models, 0), models, warnings);
        Assert.False(File.Exists(_folder.Path("other", "tokenizer.model")));
        Assert.Single(warnings);
    }

    [Fact]
    public void What_cannot_be_read_is_named()
    {
        string[] Message(params (string Name, string Text)[] files) => [Assert.Throws<CabsException>(() => SmallTokenizer.Files(_folder, Guid.NewGuid().ToString("N"), files)).Message];
        Assert.Contains("BPE, WordPiece, Unigram and WordLevel are known", Message(("tokenizer.json", """{"model":{"type":"Other","vocab":{}}}"""))[0], StringComparison.Ordinal);
        Assert.Contains("tokenizer.json", Message(("tokenizer.json", "{"))[0], StringComparison.Ordinal);
        Assert.Contains("has number -1", Message(("tokenizer.json", """{"model":{"type":"BPE","vocab":{"a":-1}}}"""))[0], StringComparison.Ordinal);
        Assert.Contains("none that lists its tokens", Message(("tokenizer_config.json", "{}"))[0], StringComparison.Ordinal);
        Assert.Null(Tokenizer.Read(_folder.Path()));
    }

    [Fact]
    public void A_source_without_files_is_refused_with_the_way_out()
    {
        VocabularyModel[] models = [new("base", _folder.Path("none"), null), SmallTokenizer.Map(_folder, "one", "BPE", ["a"])];
        foreach (TokenizerSettings settings in new[] { s_union, s_union with { Source = VocabularySource.Base }, s_union with { Source = VocabularySource.Model, SourceModel = models[0].Path } })
            Assert.Contains("has no tokenizer files; name a model that has them", Assert.Throws<CabsException>(() => VocabularyBuilder.Build(settings, models, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("no base_model", Assert.Throws<CabsException>(() => VocabularyBuilder.Build(s_union with { Source = VocabularySource.Base }, models, null)).Message, StringComparison.Ordinal);
        Assert.Equal(models[1].Tokenizer, VocabularyBuilder.Build(s_union, models, null).Source);
    }

    public void Dispose() => _folder.Dispose();

    private static CabsException Failure(string message, CabsError error) => new(error, message);
}
