using System.Text.Json;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Numerics;
using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Tests.Tokenizers;

/// <summary>The golden cases of tokenizers: files, numbering, what a text becomes, and the rows of embedding and head.</summary>
public sealed class GoldenTokenizerTests
{
    public static TheoryData<string> Cases { get; } = new(TokenizerCase.Names("tokenizer_", "tied_expert"));

    public static TheoryData<string> RowCases { get; } = new(TokenizerCase.Names("tokenizer_", "tied_expert").Where(n => TokenizerCase.Load(n) is { Settings: not null, Method: "linear" or "task_arithmetic" }));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Files_hold_the_expected_vocabulary_and_template(string name)
    {
        TokenizerCase golden = TokenizerCase.Load(name);
        using var folder = new TemporaryFolder();
        Write(golden, folder.Path());
        Tokenizer written = Tokenizer.Read(folder.Path())!;
        var expected = JsonSerializer.Deserialize<Dictionary<string, int>>(File.ReadAllBytes(Path.Combine(golden.Folder, golden.Text("expected_vocab")!)))!;
        Assert.Equal(expected.OrderBy(t => t.Value), written.Ids.OrderBy(t => t.Value));
        if (golden.Text("expected_chat_template") is { } template)
            Assert.Equal(template, written.ChatTemplate);
        else if (golden.Template is null)
            Assert.Equal(golden.BaseIndex is { } index ? golden.VocabularyModels[index].Tokenizer!.ChatTemplate : null, written.ChatTemplate);
        JsonElement encodes = golden.Entry.GetProperty("encodes");
        Assert.Equal(encodes.GetProperty("ids").EnumerateArray().Select(i => i.GetInt32()), new BytePairEncoder(folder.Path()).Encode(encodes.GetProperty("text").GetString()!));
    }

    [Theory]
    [MemberData(nameof(RowCases))]
    public void Rows_give_the_expected_embedding_and_head(string name)
    {
        TokenizerCase golden = TokenizerCase.Load(name);
        Checkpoint[] models = [.. golden.Paths.Select(Checkpoint.Open)];
        OutputVocabulary vocabulary = VocabularyBuilder.Build(golden.Settings!, golden.VocabularyModels, golden.BaseIndex);
        Assert.Equal(golden.Entry.GetProperty("expected_config").GetProperty("vocab_size").GetInt32(), vocabulary.RowCount);
        foreach (TensorInfo expected in Checkpoint.Open(Path.Combine(golden.Folder, golden.Text("expected")!)).Tensors.Where(t => t.Shape[0] == vocabulary.RowCount))
        {
            TensorInfo TensorOf(int model) => models[model].Find(expected.Name) ?? TiedWeights.FindEmbedding(models[model])!;
            IReadOnlyList<RowMap> maps = new RowMapBuilder(golden.Settings!, vocabulary, golden.VocabularyModels, golden.BaseIndex)
                .Build([.. Enumerable.Range(0, models.Length)], m => TensorOf(m).Shape[0], []);
            double[][] inputs = [.. maps.Select((m, i) => Values(new MappedTensor(TensorOf(i), m, m.Donors.ToDictionary(d => d, TensorOf))))];
            double[] weights = [.. golden.Paths.Select(golden.Weight)];
            double[] want = TensorData.Values(expected);
            bool average = golden.Method == "linear";
            for (int i = 0; i < want.Length; i++)
            {
                double have = average ? weights.Select((w, m) => w * inputs[m][i]).Sum() / weights.Sum()
                    : inputs[golden.BaseIndex!.Value][i] + weights.Select((w, m) => w * (inputs[m][i] - inputs[golden.BaseIndex.Value][i])).Sum();
                Assert.True(Math.Abs(have - want[i]) <= 5e-7, $"{expected.Name} row {i / expected.Shape[1]}: {have} instead of {want[i]}");
            }
        }
    }

    [CaseTheory("tokenizer_slices", "tokenizer_slices_base_elsewhere")]
    [InlineData("tokenizer_slices")]
    [InlineData("tokenizer_slices_base_elsewhere")]
    public void Slices_take_embedding_and_head_from_different_models(string name)
    {
        TokenizerCase golden = TokenizerCase.Load(name);
        OutputVocabulary vocabulary = VocabularyBuilder.Build(golden.Settings!, golden.VocabularyModels, golden.BaseIndex);
        var builder = new RowMapBuilder(golden.Settings!, vocabulary, golden.VocabularyModels, golden.BaseIndex);
        foreach ((string tensor, string model) in new[] { ("model.embed_tokens.weight", "charlie"), ("lm_head.weight", "bravo") })
        {
            int place = golden.Paths.ToList().FindIndex(p => Path.GetFileName(p) == model);
            TensorInfo own = Checkpoint.Open(golden.Paths[place]).Find(tensor)!;
            RowMap map = builder.Build([place], _ => own.Shape[0], [])[0];
            Assert.Empty(map.Donors);
            Assert.Equal(TensorData.Values(Checkpoint.Open(Path.Combine(golden.Folder, golden.Text("expected")!)).Find(tensor)!), Values(new MappedTensor(own, map, new Dictionary<int, TensorInfo>())));
        }
    }

    [CaseFact("refused_token_source_lacks_token")]
    public void The_source_of_a_token_must_have_it()
    {
        TokenizerCase golden = TokenizerCase.Load("refused_token_source_lacks_token");
        OutputVocabulary vocabulary = VocabularyBuilder.Build(golden.Settings!, golden.VocabularyModels, golden.BaseIndex);
        var builder = new RowMapBuilder(golden.Settings!, vocabulary, golden.VocabularyModels, golden.BaseIndex);
        CabsException e = Assert.Throws<CabsException>(() => builder.Build([0, 1], _ => 1000, []));
        Assert.Contains("line 11: the row of token '<|turn|>' is to come from base, which has no token '<|turn|>'", e.Message, StringComparison.Ordinal);
    }

    [CaseTheory("refused_two_tokenizer_keys", "refused_chat_template_name")]
    [InlineData("refused_two_tokenizer_keys", "line 5: 'tokenizer_source' and 'tokenizer' stand together")]
    [InlineData("refused_chat_template_name", "line 10: 'chat_template' is 'nonsense'; it takes auto, alpaca, chatml")]
    public void Wrong_keys_are_refused(string name, string message)
    {
        Assert.Contains(message, Assert.Throws<CabsException>(() => TokenizerCase.Load(name)).Message, StringComparison.Ordinal);
    }

    internal static void Write(TokenizerCase golden, string folder)
    {
        var warnings = new List<string>();
        OutputVocabulary? vocabulary = golden.Settings is { } settings ? VocabularyBuilder.Build(settings, golden.VocabularyModels, golden.BaseIndex) : null;
        string? template = golden.Template is { } value ? ChatTemplates.Resolve(value, golden.VocabularyModels) : null;
        foreach (TokenizerFile file in TokenizerOutput.Create(vocabulary?.Source ?? golden.VocabularyModels[golden.BaseIndex ?? 0].Tokenizer!, vocabulary, golden.VocabularyModels, template, warnings))
            File.WriteAllBytes(Path.Combine(folder, file.Name), file.Content ?? File.ReadAllBytes(file.Source!));
        Assert.Empty(warnings);
    }

    internal static double[] Values(MappedTensor tensor, int piece = 37)
    {
        using var reader = new CheckpointReader();
        double[] values = new double[tensor.Count];
        // pieces that begin and end inside rows
        for (int at = 0; at < values.Length; at += piece)
        {
            Span<double> part = values.AsSpan(at, Math.Min(piece, values.Length - at));
            byte[] bytes = new byte[part.Length * tensor.Own.Type.Size()];
            tensor.ReadBytes(reader, at, bytes);
            ReferenceKernels<double>.Instance.Widen(bytes, tensor.Own.Type, part);
            Assert.True(tensor.Fill(reader, ReferenceKernels<double>.Instance, at, part));
        }

        return values;
    }
}
