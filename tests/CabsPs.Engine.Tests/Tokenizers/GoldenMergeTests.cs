using System.Text.Json;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;
using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Tests.Tokenizers;

/// <summary>The golden cases of tokenizers as whole merges: tensors, config.json and tokenizer files.</summary>
public sealed class GoldenMergeTests
{
    public static TheoryData<string> Cases { get; } = new(TokenizerCase.Names("tokenizer_", "tied_").Where(IsSupported));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Merge_gives_the_expected_model(string name)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TokenizerCase.Golden, "cases.json")));
        JsonElement golden = document.RootElement.EnumerateArray().First(e => e.GetProperty("case").GetString() == name);
        string In(string key) => Path.Combine(TokenizerCase.Golden, golden.GetProperty(key).GetString()!);
        using var folder = new TemporaryFolder();
        string merged = folder.Path("merged");
        MergePlan plan = MergePlanner.Plan(Recipe.Read(In("recipe"), TokenizerCase.Golden), new MergeOptions { Threads = 3 });
        MergeResult result = new MergeRun(plan).Execute(merged);
        GoldenCases.AssertMatches(new GoldenCase(TokenizerCase.Golden, name, In("recipe"), In("expected"), golden.GetProperty("max_abs_error").GetDouble()), merged);
        Assert.Equal(Checkpoint.Open(In("expected")).Tensors.Select(t => t.Name), Checkpoint.Open(merged).Tensors.Select(t => t.Name));
        Assert.Equal(plan.OutputFiles.Where(f => f.Name != "cabs.json").Select(f => (f.Name, f.ByteLength)).Order(), result.Files.Select(f => (Name: Path.GetFileName(f.Path), f.ByteLength)).Where(f => f.Name != "cabs.json").Order());
        using JsonDocument config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(merged, "config.json")));
        Assert.Equal(golden.GetProperty("expected_config").GetProperty("vocab_size").GetInt32(), config.RootElement.GetProperty("vocab_size").GetInt32());
        if (golden.TryGetProperty("expected_vocab", out _))
            Assert.Equal(JsonSerializer.Deserialize<Dictionary<string, int>>(File.ReadAllBytes(In("expected_vocab")))!.OrderBy(t => t.Value), Tokenizer.Read(merged)!.Ids.OrderBy(t => t.Value));
        if (golden.TryGetProperty("expected_chat_template", out JsonElement template))
            Assert.Equal(template.GetString(), Tokenizer.Read(merged)!.ChatTemplate);
    }

    [CaseTheory("tokenizer_average_without_base", "tokenizer_base_row_for_the_one_without")]
    [InlineData("tokenizer_average_without_base")]
    [InlineData("tokenizer_base_row_for_the_one_without")]
    public void A_merged_model_is_a_model_for_the_next_merge(string name)
    {
        using var folder = new TemporaryFolder();
        string[] documents = File.ReadAllText(Path.Combine(TokenizerCase.Golden, "recipes", name + ".yml")).Split("---\n");
        foreach ((string text, string output) in new[] { (documents[1].Replace("name: mid\n", string.Empty, StringComparison.Ordinal), "mid"), (documents[0], "merged") })
        {
            File.WriteAllText(folder.Path("recipe.yml"), text);
            MergeDefinition definition = Recipe.Read(folder.Path("recipe.yml"), TokenizerCase.Golden);
            new MergeRun(MergePlanner.Plan(definition, new MergeOptions())).Execute(folder.Path(output));
        }

        string expected = Path.Combine(TokenizerCase.Golden, "expected", name + ".safetensors");
        GoldenCases.AssertMatches(new GoldenCase(TokenizerCase.Golden, name, string.Empty, expected, 5e-7), folder.Path("merged"));
        Assert.Equal(107, Tokenizer.Read(folder.Path("merged"))!.Length);
    }

    [CaseTheory("refused_vocabularies_differ", "refused_token_source_lacks_token", "refused_two_tokenizer_keys", "refused_chat_template_name")]
    [InlineData("refused_vocabularies_differ", "'lm_head.weight' is [104, 32]", "tokenizer: {source: union}", "--unsafe-truncate-embeddings")]
    [InlineData("refused_token_source_lacks_token", "line 11: the row of token '<|turn|>'", "name a model that has it", "")]
    [InlineData("refused_two_tokenizer_keys", "line 5", "keep one", "")]
    [InlineData("refused_chat_template_name", "line 10", "'nonsense'", "")]
    public void Refusals_name_the_way_out(string name, params string[] parts)
    {
        CabsException e = Assert.Throws<CabsException>(() => MergePlanner.Plan(Recipe.Read(Path.Combine(TokenizerCase.Golden, "recipes", name + ".yml"), TokenizerCase.Golden), new MergeOptions()));
        Assert.All(parts, part => Assert.Contains(part, e.Message, StringComparison.Ordinal));
        Assert.DoesNotContain("\n", e.Message, StringComparison.Ordinal);
    }

    [CaseFact("refused_vocabularies_differ_expert_larger")]
    public void Cut_embeddings_have_the_shortest_models_height()
    {
        using var folder = new TemporaryFolder();
        MergeDefinition definition = Recipe.Read(Path.Combine(TokenizerCase.Golden, "recipes", "refused_vocabularies_differ_expert_larger.yml"), TokenizerCase.Golden) with { TruncateEmbeddings = true };
        new MergeRun(MergePlanner.Plan(definition, new MergeOptions())).Execute(folder.Path("merged"));
        Checkpoint merged = Checkpoint.Open(folder.Path("merged"));
        double[] inBase = Values("base"), inModel = Values("bravo"), result = TensorData.Values(merged.Find("lm_head.weight")!);
        Assert.Equal([104, 32], merged.Find("model.embed_tokens.weight")!.Shape);
        Assert.Equal(104 * 32, result.Length);
        for (int i = 0; i < result.Length; i++)
            Assert.True(Math.Abs(inBase[i] + (1.01 * (inModel[i] - inBase[i])) - result[i]) < 1e-6);
        definition = definition with { BasePath = Model("bravo"), Inputs = [definition.Inputs[0] with { Path = Model("base") }] };
        MergePlan plan = MergePlanner.Plan(definition, new MergeOptions());
        Assert.Contains("\"vocab_size\": 104,", System.Text.Encoding.UTF8.GetString(plan.ConfigText!), StringComparison.Ordinal);

        static string Model(string name) => Path.Combine(TokenizerCase.Golden, "models", name);
        static double[] Values(string name) => TensorData.Values(Checkpoint.Open(Model(name)).Find("lm_head.weight")!);
    }

    [CaseFact("tokenizer_tokens")]
    public void Small_pieces_and_threads_change_no_byte()
    {
        using var folder = new TemporaryFolder();
        MergeDefinition definition = Recipe.Read(Path.Combine(TokenizerCase.Golden, "recipes", "tokenizer_tokens.yml"), TokenizerCase.Golden);
        definition = definition with { Tokenizer = definition.Tokenizer! with { PadToMultipleOf = 32 } };
        new MergeRun(MergePlanner.Plan(definition, new MergeOptions { Threads = 1 })).Execute(folder.Path("one"));
        new MergeRun(MergePlanner.Plan(definition, new MergeOptions { Threads = 7, PieceBytes = 4096 })).Execute(folder.Path("seven"));
        Assert.Equal(File.ReadAllBytes(folder.Path("one", "model.safetensors")), File.ReadAllBytes(folder.Path("seven", "model.safetensors")));
    }

    [CaseFact("tokenizer_union_three")]
    public void Models_that_number_tokens_differently_are_noticed_without_a_tokenizer_key()
    {
        string folder = Path.Combine(TokenizerCase.Golden, "models");
        Checkpoint[] models = [Checkpoint.Open(Path.Combine(folder, "echo")), Checkpoint.Open(Path.Combine(folder, "base")), Checkpoint.Open(Path.Combine(folder, "alfa")), Checkpoint.Open(Path.Combine(folder, "bravo")), Checkpoint.Open(Path.Combine(folder, "charlie"))];
        Assert.Contains("charlie numbers tokens in another way", Assert.Single(TokenizerAgreement.Check(models)), StringComparison.Ordinal);
    }

    private static bool IsSupported(string name)
    {
        string recipe = File.ReadAllText(Path.Combine(TokenizerCase.Golden, "recipes", name + ".yml"));
        return MethodCatalog.All.Any(m => recipe.Contains($"merge_method: {m.Name}\n", StringComparison.Ordinal));
    }
}
