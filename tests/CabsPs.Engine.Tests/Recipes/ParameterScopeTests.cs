using CabsPs.Engine.Checkpoints;
using static CabsPs.Engine.Tests.Recipes.Workshop;

namespace CabsPs.Engine.Tests.Recipes;

/// <summary>Which of the values that a recipe gives a parameter counts for a tensor. The models are ones, so that the result of
/// passthrough is its scale and that of a plain sum its weight.</summary>
public sealed class ParameterScopeTests : IDisposable
{
    private readonly Workshop _workshop = new Workshop().Model("a", 5, (_, _) => 1).Model("b", 5, (_, _) => 1);

    [Fact]
    public void A_gradient_runs_over_the_layers_and_its_first_value_is_for_what_lies_outside()
    {
        Checkpoint merged = _workshop.Merge("merge_method: passthrough\nmodels: [{model: a, parameters: {scale: [1, 2, 4]}}]");
        AssertScales(merged, ("model.embed_tokens.weight", 1), ("model.layers.0.mlp.up.weight", 1), ("model.layers.1.norm.weight", 1.5), ("model.layers.2.attn.q.weight", 2), ("model.layers.3.mlp.up.weight", 3), ("model.layers.4.mlp.up.weight", 4), ("model.norm.weight", 1), ("lm_head.weight", 1));
    }

    [Fact]
    public void A_gradient_begins_anew_in_each_slice_and_ends_in_a_single_layer()
    {
        Checkpoint merged = _workshop.Merge("""
            merge_method: passthrough
            slices:
              - sources: [{model: a, layer_range: [0, 3], parameters: {scale: [1, 3]}}]
              - sources: [{model: b, layer_range: [2, 3], parameters: {scale: [5, 7]}}]
              - sources: [{model: a, layer_range: [3, 5], parameters: {scale: [9, 11, 13]}}]
            """);
        AssertScales(merged, ("model.embed_tokens.weight", 1), ("model.layers.0.mlp.up.weight", 1), ("model.layers.1.mlp.up.weight", 2), ("model.layers.2.mlp.up.weight", 3), ("model.layers.3.mlp.up.weight", 7), ("model.layers.4.mlp.up.weight", 9), ("model.layers.5.mlp.up.weight", 13), ("lm_head.weight", 9));
    }

    [Fact]
    public void The_nearest_level_with_a_fitting_filter_counts()
    {
        Checkpoint merged = _workshop.Merge("""
            merge_method: passthrough
            slices:
              - sources: [{model: a, layer_range: [0, 1], parameters: {scale: {filter: mlp, value: 2}}}]
                parameters: {scale: [{filter: attn.q, value: 3}]}
              - sources: [{model: a, layer_range: [1, 2]}]
            parameters:
              scale:
                - {filter: norm, value: 5}
                - {filter: "*", value: 7}
                - {value: 11}
            """);
        AssertScales(merged, ("model.layers.0.mlp.up.weight", 2), ("model.layers.0.attn.q.weight", 3), ("model.layers.0.norm.weight", 5), ("model.layers.0.attn.k.weight", 7), ("model.layers.1.mlp.up.weight", 7), ("lm_head.weight", 7));
    }

    [Fact]
    public void A_models_filter_sees_the_name_in_the_model_a_shared_ones_the_name_in_the_result()
    {
        Checkpoint merged = _workshop.Merge("""
            merge_method: linear
            slices:
              - sources:
                  - {model: a, layer_range: [3, 4], parameters: {weight: [{filter: layers.3., value: 2}, {value: 50}]}}
                  - {model: b, layer_range: [1, 2], parameters: {weight: [{filter: layers.1., value: 4}, {value: 50}]}}
            parameters:
              normalize: [{filter: layers.3., value: true}, {filter: layers.1., value: true}, {filter: layers.0., value: false}, {value: true}]
            """);
        AssertScales(merged, ("model.layers.0.mlp.up.weight", 6), ("model.norm.weight", 1));
    }

    [Fact]
    public void Booleans_step_and_an_empty_list_is_not_given()
    {
        Checkpoint merged = _workshop.Merge("""
            merge_method: linear
            models: [{model: a, parameters: {weight: 2}}, {model: b, parameters: {weight: 2}}]
            parameters: {normalize: [no, "yes"], weight: []}
            """);
        AssertScales(merged, ("model.layers.0.mlp.up.weight", 4), ("model.layers.3.mlp.up.weight", 4), ("model.layers.4.mlp.up.weight", 1));
    }

    [Fact]
    public void A_base_that_the_method_ignores_is_an_input_with_the_shared_values()
    {
        Checkpoint merged = _workshop.Merge("merge_method: linear\nbase_model: b\nmodels: [{model: a, parameters: {weight: 2}}]\nparameters: {weight: 3, normalize: false}");
        AssertScales(merged, ("model.norm.weight", 5));
    }

    [Theory]
    [InlineData("1e-5", 1e-5)]
    [InlineData("'1e5'", 1e5)]
    [InlineData("yes", 1.0)]
    [InlineData("Off", 0.0)]
    [InlineData("1_000", 1000.0)]
    [InlineData("010", 8.0)]
    [InlineData("'010'", 10.0)]
    [InlineData("0x10", 16.0)]
    [InlineData("0b11", 3.0)]
    [InlineData("1:30", 90.0)]
    [InlineData("-1:30.5", -90.5)]
    [InlineData("+.5", 0.5)]
    [InlineData("1.", 1.0)]
    [InlineData("\" 2.5 \"", 2.5)]
    public void Numbers_are_read_as_yaml_1_1_reads_them(string text, double value)
    {
        Checkpoint merged = _workshop.Merge($"merge_method: linear\nmodels: [{{model: a, parameters: {{weight: {text}}}}}]\nparameters: {{normalize: false}}");
        Assert.Equal((float)value, First(merged, "model.norm.weight"));
    }

    [Theory]
    [InlineData("0o10")]
    [InlineData("50%")]
    [InlineData("2020-01-01")]
    [InlineData(".inf")]
    [InlineData("~")]
    [InlineData("'yes'")]
    [InlineData("{value: {value: 1}}")]
    [InlineData("[1, {value: 2}]")]
    [InlineData("[{filter: [mlp], value: 1}]")]
    public void What_is_no_number_is_refused(string text)
    {
        CabsException error = Assert.Throws<CabsException>(() => _workshop.Read($"merge_method: linear\nmodels: [{{model: a, parameters: {{weight: {text}}}}}]"));
        Assert.Contains("recipe.yml line 2", error.Message, StringComparison.Ordinal);
        Assert.True(error.IsUsage);
    }

    public void Dispose() => _workshop.Dispose();

    private static void AssertScales(Checkpoint merged, params (string Tensor, double Scale)[] expected)
    {
        foreach ((string tensor, double scale) in expected)
            Assert.Equal((tensor, scale), (tensor, First(merged, tensor)));
    }
}
