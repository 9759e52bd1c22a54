using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Tests.Tokenizers;

/// <summary>The rows that each model gets in the result's numbering.</summary>
public sealed class RowMapTests : IDisposable
{
    private static readonly TokenizerSettings s_union = new() { Source = VocabularySource.Union };
    private readonly TemporaryFolder _folder = new();
    private readonly List<VocabularyModel> _models = [];
    private readonly List<TensorInfo> _tensors = [];

    [Fact]
    public void A_row_comes_from_the_base_the_only_owner_or_the_average_of_the_owners()
    {
        Add("base", ["?", "a", "b"], 3);
        Add("one", ["?", "c", "d"], 3);
        Add("two", ["d", "?", "a"], 4);
        double[][] rows = Rows(s_union, 0, 1, 2);
        Assert.Equal(["?", "a", "b", "c", "d"], Vocabulary(s_union, 0).Ids.OrderBy(t => t.Value).Select(t => t.Key));
        Assert.Equal([0, 1, 2, 101, (102 + 200) / 2.0], rows[0]);
        Assert.Equal([100, 1, 2, 101, 102], rows[1]);
        Assert.Equal([201, 202, 2, 101, 200], rows[2]);
    }

    [Fact]
    public void Only_models_merged_in_a_tensor_and_the_base_give_rows()
    {
        Add("base", ["?", "a"], 2);
        Add("one", ["?", "c"], 2);
        Add("two", ["?", "d"], 2);
        var warnings = new List<string>();
        Assert.Equal([200, 1, 0, 201], Rows(s_union, warnings, 0, 2)[1]);
        Assert.Contains("knows 1 of the vocabulary's tokens ('c')", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_behind_the_vocabulary_are_the_mean_of_the_others()
    {
        Add("base", ["?", "a", "b"], 5);
        Add("one", ["?", "c"], 2);
        double[][] rows = Rows(s_union with { PadToMultipleOf = 8 }, 0, 1);
        Assert.Equal([0, 1, 2, 101, 26, 26, 26, 26], rows[0]);
        Assert.Equal([100, 1, 2, 101, 51, 51, 51, 51], rows[1]);
    }

    [Fact]
    public void A_recipe_names_rows_for_those_without_a_token_or_forces_them_on_all()
    {
        Add("base", ["?", "a", "b"], 3);
        Add("one", ["?", "c", "b", "x"], 6);
        var settings = s_union with
        {
            Tokens =
            [
                Rule("c", new ModelRow(_models[0].Path, "a")),
                Rule("b", new ModelRow(_models[1].Path, Id: 5), force: true),
                Rule("a", new ZeroRow(), force: true),
                Rule("x", new ZeroRow()),
                Rule("new", new ModelRow(_models[1].Path, "x")),
            ],
        };
        double[][] rows = Rows(settings, 0, 1);
        Assert.Equal([0, 0, 105, 1, 0, 103], rows[0]);
        Assert.Equal([100, 0, 105, 101, 103, 103], rows[1]);
    }

    [Fact]
    public void A_model_without_files_has_the_bases_numbering()
    {
        Add("base", ["?", "a"], 2);
        Add("one", ["a", "?", "c"], 3);
        Add("two", null, 2);
        double[][] rows = Rows(s_union, 0, 1, 2);
        Assert.Equal([200, 201, 102], rows[2]);
        _models[0] = _models[0] with { Tokenizer = null };
        Assert.Contains("two has no tokenizer files, nor has the base", Refused(s_union with { Source = VocabularySource.Model, SourceModel = _models[1].Path }, 1, 2), StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_beyond_the_weights_is_refused_where_its_row_is_needed()
    {
        Add("base", ["?", "a"], 2);
        Add("one", ["?", "a", "c"], 2);
        Assert.Contains("token 'c' at number 2, its weights have 2 rows", Refused(s_union, 0, 1), StringComparison.Ordinal);
        Assert.Equal([100, 101], Rows(s_union with { Source = VocabularySource.Base }, 0, 1)[1]);
        _models[1] = _models[1] with { Tokenizer = null };
        _models[0] = _models[0] with { Tokenizer = SmallTokenizer.Map(_folder, "other", "WordLevel", ["?", "a", "b", "c"]).Tokenizer };
        _tensors[0] = _tensors[0] with { Shape = [4, 3] };
        Assert.Contains("one: it has no tokenizer files, and the base's has token 'b' at number 2, its weights have 2 rows", Refused(s_union, 0, 1), StringComparison.Ordinal);
        Assert.Contains("is to be row 2 of one, which has 2", Refused(s_union with { Source = VocabularySource.Base, Tokens = [Rule("a", new ModelRow(_models[1].Path, Id: 2))] }, 0, 1), StringComparison.Ordinal);
    }

    [Fact]
    public void Equal_vocabularies_change_nothing()
    {
        Add("base", ["?", "a"], 2);
        Add("one", ["?", "a"], 2);
        Assert.All(Maps(s_union, [], 0, 1), m => Assert.True(m.IsIdentity));
        Assert.False(Maps(s_union with { PadToMultipleOf = 4 }, [], 0)[0].IsIdentity);
    }

    [Fact]
    public void Half_types_are_averaged_without_rounding()
    {
        Add("base", ["?"], 1);
        Add("one", ["?", "c"], 2, DType.BF16);
        Add("two", ["?", "c"], 2, DType.BF16);
        // neighbours in bfloat16, whose mean is none
        Assert.Equal(150.5, Rows(s_union, 0, 1, 2)[0][1]);
    }

    public void Dispose() => _folder.Dispose();

    // every element of a model's row is a hundred times the model's place plus the row's
    private void Add(string name, string[]? tokens, int rows, DType type = DType.F32)
    {
        int place = _models.Count;
        _models.Add(tokens is null ? new VocabularyModel(name, _folder.Path(name), null) : SmallTokenizer.Map(_folder, name, "WordLevel", tokens));
        string file = _folder.Path(name, "model.safetensors");
        TensorData.Write(file, type, ("embed_tokens.weight", [rows, 3], [.. Enumerable.Range(0, rows * 3).Select(i => type == DType.BF16 ? place + 149f - (i / 3 == 1 ? 0 : 1) : (100f * place) + (i / 3))]));
        _tensors.Add(Checkpoint.Open(file).Tensors[0]);
    }

    private static TokenRule Rule(string token, TokenRow source, bool force = false) =>
        new(token, source, force, static (message, error) => new CabsException(error, message));

    private OutputVocabulary Vocabulary(TokenizerSettings settings, int? baseIndex) => VocabularyBuilder.Build(settings, _models, baseIndex);

    private IReadOnlyList<RowMap> Maps(TokenizerSettings settings, ICollection<string> warnings, params int[] merged) =>
        new RowMapBuilder(settings, Vocabulary(settings, 0), _models, 0).Build(merged, m => _tensors[m].Shape[0], warnings);

    private double[][] Rows(TokenizerSettings settings, params int[] merged)
    {
        var warnings = new List<string>();
        double[][] rows = Rows(settings, warnings, merged);
        Assert.Empty(warnings);
        return rows;
    }

    private double[][] Rows(TokenizerSettings settings, List<string> warnings, params int[] merged) =>
        [.. Maps(settings, warnings, merged).Select((map, i) =>
        {
            double[] values = GoldenTokenizerTests.Values(new MappedTensor(_tensors[merged[i]], map, map.Donors.ToDictionary(d => d, d => _tensors[d])), 4);
            Assert.Equal(map.Count * 3, values.Length);
            Assert.All(values.Chunk(3), row => Assert.True(row.All(v => v == row[0])));
            return values.Chunk(3).Select(row => row[0]).ToArray();
        })];

    private string Refused(TokenizerSettings settings, params int[] merged) => Assert.Throws<CabsException>(() => Maps(settings, [], merged)).Message;
}
