using System.Text;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Tests.Tokenizers;

/// <summary>Which tensors follow the vocabulary, how they are cut, and what a config.json says of them.</summary>
public sealed class VocabularyTensorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("lm_head.weight", true)]
    [InlineData("language_model.lm_head.weight", true)]
    [InlineData("model.embed_tokens.weight", true)]
    [InlineData("bert.embeddings.word_embeddings.weight", true)]
    [InlineData("cls.predictions.bias", true)]
    [InlineData("shared.weight", true)]
    [InlineData("model.layers.0.mlp.shared.weight", false)]
    [InlineData("bert.embeddings.position_embeddings.weight", false)]
    [InlineData("classifier.weight", false)]
    [InlineData("model.not_embed_tokens.weight", false)]
    public void Names_tell(string name, bool expected) => Assert.Equal(expected, VocabularyTensors.IsName(name));

    [Fact]
    public void Heights_that_follow_the_embeddings_tell_too()
    {
        Checkpoint a = Model("a", ("wte.weight", [4, 2]), ("odd", [4, 3]), ("even", [4, 3]), ("bias", [1, 4]));
        Checkpoint b = Model("b", ("wte.weight", [6, 2]), ("odd", [6, 3]), ("even", [4, 3]), ("bias", [1, 6]));
        bool Is(string name) => VocabularyTensors.Is(name, [a.Find(name)!, b.Find(name)!], [a, b]);
        Assert.True(Is("wte.weight"));
        Assert.True(Is("odd"));
        Assert.False(Is("even"));
        Assert.Equal(6, VocabularyTensors.RowCount(b.Find("bias")!));
        Assert.Equal([1, 9], VocabularyTensors.WithRows(b.Find("bias")!, 9));
        Assert.Equal([9, 3], VocabularyTensors.WithRows(b.Find("odd")!, 9));
    }

    [Fact]
    public void Cutting_keeps_the_first_rows_of_all()
    {
        Checkpoint a = Model("a", ("wte.weight", [4, 2]), ("lm_head.weight", [4, 2]), ("per_layer.embed_tokens.weight", [9, 1]), ("other", [5, 1]));
        Checkpoint b = Model("b", ("wte.weight", [6, 2]), ("lm_head.weight", [3, 2]), ("per_layer.embed_tokens.weight", [8, 1]), ("other", [7, 1]));
        var cuts = new EmbeddingCut([a, b]);
        Assert.Equal((3, 3, 8), (cuts.RowsOf("wte.weight"), cuts.RowsOf("lm_head.weight"), cuts.RowsOf("per_layer.embed_tokens.weight")));
        Assert.False(cuts.Covers("other", []));
        MappedTensor cut = EmbeddingCut.First(b.Find("wte.weight")!, 3)!;
        Assert.Equal([0, 1, 2, 3, 4, 5], GoldenTokenizerTests.Values(cut));
        Assert.Null(EmbeddingCut.First(b.Find("lm_head.weight")!, 3));
    }

    [Fact]
    public void Vocab_size_changes_where_a_text_model_has_it()
    {
        static string With(string config) => Encoding.UTF8.GetString(new ConfigEditor(ModelConfig.Parse(Encoding.UTF8.GetBytes(config), "config.json"), []).Edit(null, [], 77));
        Assert.Equal("""{"a": 1e-05, "vocab_size": 77, "b": {"vocab_size": 5}}""", With("""{"a": 1e-05, "vocab_size": 4, "b": {"vocab_size": 5}}"""));
        Assert.Equal("""{"text_config": {"vocab_size": 77}, "vision_config": {"vocab_size": 5}}""", With("""{"text_config": {"vocab_size": 4}, "vision_config": {"vocab_size": 5}}"""));
        Assert.Equal("{}", With("{}"));
    }

    [Fact]
    public void Tokens_that_config_names_by_number_and_that_moved_are_reported()
    {
        VocabularyModel[] models =
        [
            SmallTokenizer.Map(_folder, "old", "BPE", ["<unk>", "<s>", "</s>"]),
            SmallTokenizer.Map(_folder, "new", "BPE", ["<unk>", "</s>", "a"]),
        ];
        OutputVocabulary vocabulary = VocabularyBuilder.Build(new TokenizerSettings { Source = VocabularySource.Model, SourceModel = models[1].Path }, models, 0);
        string[] said = [.. VocabularyConfig.MovedTokens("""{"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}"""u8.ToArray(), models[0].Tokenizer!, vocabulary)];
        Assert.Equal(2, said.Length);
        Assert.Contains("bos_token_id 1, which was '<s>' there; the result has no such token", said[0], StringComparison.Ordinal);
        Assert.Contains("eos_token_id 2, which was '</s>' there; in the result that token is 1", said[1], StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private Checkpoint Model(string name, params (string Name, long[] Shape)[] tensors)
    {
        TensorData.Write(_folder.Path(name, "model.safetensors"), DType.F32, [.. tensors.Select(t => (t.Name, t.Shape, Enumerable.Range(0, (int)t.Shape.Aggregate(1L, (a, b) => a * b)).Select(i => (float)i).ToArray()))]);
        return Checkpoint.Open(_folder.Path(name));
    }
}
