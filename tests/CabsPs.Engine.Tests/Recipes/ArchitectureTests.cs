using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;
using static CabsPs.Engine.Tests.Recipes.Workshop;

namespace CabsPs.Engine.Tests.Recipes;

/// <summary>Layers and modules are found from tensor names, whatever the architecture is called.</summary>
public sealed class ArchitectureTests : IDisposable
{
    private readonly Workshop _workshop = new();

    [Theory]
    [InlineData("model.layers.", "num_hidden_layers")]
    [InlineData("transformer.h.", "n_layer")]
    [InlineData("h.", "n_layer")]
    [InlineData("bert.encoder.layer.", "num_hidden_layers")]
    [InlineData("model.decoder.layers.", "num_hidden_layers")]
    [InlineData("backbone.layers.", "n_layers")]
    [InlineData("gpt_neox.layers.", "num_hidden_layers")]
    public void Layers_are_stacked_and_counted_under_any_name(string prefix, string key)
    {
        string config = $"{{\n  \"{key}\": 3,   \"num_attention_heads\": 3, \"torch_dtype\": \"float32\",\n  \"x\": [1,  2]\n}}\n";
        _workshop.Model("a", 3, Noise(1), config, prefix).Model("b", 3, Noise(2), config, prefix);
        Checkpoint merged = _workshop.Merge("merge_method: passthrough\nslices: [{sources: [{model: a, layer_range: [0, 3]}]}, {sources: [{model: b, layer_range: [1, 3]}]}]");
        Checkpoint a = Checkpoint.Open(_workshop.Path("a")), b = Checkpoint.Open(_workshop.Path("b"));
        Assert.Equal(3 + (4 * 5), merged.Tensors.Count);
        AssertTensor(a, "model.embed_tokens.weight", merged, "model.embed_tokens.weight");
        AssertTensor(a, $"{prefix}2.attn.q.weight", merged, $"{prefix}2.attn.q.weight");
        AssertTensor(b, $"{prefix}1.attn.q.weight", merged, $"{prefix}3.attn.q.weight");
        AssertTensor(b, $"{prefix}2.norm.weight", merged, $"{prefix}4.norm.weight");
        AssertTensor(b, "lm_head.weight", merged, "lm_head.weight");
        Assert.Equal(config.Replace($"\"{key}\": 3", $"\"{key}\": 5", StringComparison.Ordinal), File.ReadAllText(_workshop.Path("merged", "config.json")));
    }

    [Fact]
    public void Numbered_parts_of_a_classifier_are_no_layers()
    {
        var map = new LayerMap(["classifier.0.weight", "classifier.2.weight", "model.layers.0.a", "model.layers.1.a", "x.experts.0.w"]);
        Assert.Equal(["model.layers.", "x.experts."], map.Stacks.Select(s => s.Prefix).Order());
        Assert.Equal(0, map.PlaceOf("classifier.2.weight"));
        Assert.Equal(1, map.PlaceOf("model.layers.1.a"));
        Assert.Equal(1, map.PlaceOf("x.experts.0.w"));
    }

    [Theory]
    [InlineData("model.language_model.layers.", "model.visual.blocks.", "text_decoder", "vision_tower")]
    [InlineData("language_model.model.layers.", "vision_tower.transformer.layers.", "text_decoder", "vision_tower")]
    [InlineData("model.layers.", "visual.blocks.", "text_decoder", "visual")]
    [InlineData("model.decoder.layers.", "model.encoder.layers.", "decoder", "encoder")]
    public void Modules_go_by_their_names_and_by_the_usual_ones(string first, string second, string firstName, string secondName)
    {
        Write("a", 2, 2, first, second, 1);
        Write("b", 2, 2, first, second, 2);
        Checkpoint merged = _workshop.Merge($$"""
            merge_method: passthrough
            modules:
              {{secondName}}: {slices: [{sources: [{model: b, layer_range: [1, 2]}]}]}
              {{firstName}}: {slices: [{sources: [{model: a, layer_range: [0, 2]}]}, {sources: [{model: b, layer_range: [0, 1]}]}]}
            """);
        Checkpoint b = Checkpoint.Open(_workshop.Path("b"));
        AssertTensor(b, $"{first}0.q", merged, $"{first}2.q");
        AssertTensor(b, $"{second}1.q", merged, $"{second}0.q");
        Assert.Equal(1 + (4 * 4), merged.Tensors.Count);
        CabsException error = Assert.Throws<CabsException>(() => _workshop.Merge("merge_method: passthrough\nslices: [{sources: [{model: a, layer_range: [0, 1]}]}]", "other"));
        Assert.Contains("'modules'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Counts_of_parts_change_in_their_own_configs()
    {
        const string Config = """{"text_config": {"num_hidden_layers": 2}, "vision_config": {"num_hidden_layers": 2, "depth": 7}, "num_hidden_layers": 2, "torch_dtype": "float32"}""";
        Write("a", 2, 2, "language_model.layers.", "vision_tower.layers.", 1, Config);
        _workshop.Merge("""
            merge_method: passthrough
            modules:
              text_decoder: {slices: [{sources: [{model: a, layer_range: [0, 2]}]}, {sources: [{model: a, layer_range: [0, 2]}]}]}
              vision_tower: {slices: [{sources: [{model: a, layer_range: [0, 1]}]}]}
            """);
        string text = File.ReadAllText(_workshop.Path("merged", "config.json"));
        Assert.Contains("\"vision_config\": {\"num_hidden_layers\": 1, \"depth\": 7}", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_module_is_named()
    {
        Write("a", 2, 2, "language_model.layers.", "vision_tower.layers.", 1);
        CabsException error = Assert.Throws<CabsException>(() => _workshop.Merge("merge_method: passthrough\nmodules:\n  text_decoder: {models: [{model: a}]}"));
        Assert.Contains("vision_tower", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<CabsException>(() => _workshop.Merge("merge_method: passthrough\nmodules:\n  vision_tover: {models: [{model: a}]}"));
        Assert.Contains("recipe.yml line 3", error.Message, StringComparison.Ordinal);
        Assert.Contains("did you mean 'vision_tower'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_of_the_first_layer_stays_in_front()
    {
        Write("a", 3, 2, "encoder.block.", "decoder.block.", 1, table: true);
        Checkpoint merged = _workshop.Merge("""
            merge_method: passthrough
            modules:
              encoder: {slices: [{sources: [{model: a, layer_range: [1, 3]}]}, {sources: [{model: a, layer_range: [0, 1]}]}]}
              decoder: {models: [{model: a}]}
            """);
        Checkpoint a = Checkpoint.Open(_workshop.Path("a"));
        AssertTensor(a, "encoder.block.0.table", merged, "encoder.block.0.table");
        AssertTensor(a, "encoder.block.0.q", merged, "encoder.block.2.q");
        Assert.Null(merged.Find("encoder.block.2.table"));
    }

    [Fact]
    public void A_recipe_without_an_entry_for_layers_in_config_warns()
    {
        _workshop.Model("a", 2, Noise(1), """{"torch_dtype": "float32", "layer_types": ["x", "y"]}""");
        using RecipePlan plan = RecipePlan.Create(_workshop.Read("merge_method: passthrough\nslices: [{sources: [{model: a, layer_range: [0, 1]}]}]"), new MergeOptions(), _workshop.Path("merged"));
        Assert.Contains(plan.Steps[0].Plan.Warnings, w => w.Contains("2 layers", StringComparison.Ordinal));
        Assert.Contains(plan.Steps[0].Plan.Warnings, w => w.Contains("layer_types", StringComparison.Ordinal));
    }

    public void Dispose() => _workshop.Dispose();

    private static void AssertTensor(Checkpoint expected, string name, Checkpoint actual, string found) =>
        Assert.Equal(TensorData.Values(expected.Find(name)!), TensorData.Values(actual.Find(found)!));

    // two stacks and a head that belongs to none of them
    private void Write(string name, int firstLayers, int secondLayers, string first, string second, int seed, string? config = null, bool table = false)
    {
        Func<string, int, float> noise = Noise(seed);
        string[] names =
        [
            .. Enumerable.Range(0, firstLayers).SelectMany(l => new[] { "q", "k", "v", "o" }.Select(s => $"{first}{l}.{s}")),
            .. Enumerable.Range(0, secondLayers).SelectMany(l => new[] { "q", "k", "v", "o" }.Select(s => $"{second}{l}.{s}")),
            "lm_head.weight",
        ];
        if (table)
            names = [.. names, $"{first}0.table"];
        TensorData.Write(_workshop.Path(name, "model.safetensors"), DType.F32, [.. names.Select(n => (n, new long[] { 3 }, new[] { noise(n, 0), noise(n, 1), noise(n, 2) }))]);
        if (config is not null)
            File.WriteAllText(_workshop.Path(name, "config.json"), config);
    }
}
