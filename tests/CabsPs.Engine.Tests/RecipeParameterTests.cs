using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>Parameter values as recipes write them: gradients, filters, levels, spellings. Every expert is the base plus 1, so the
/// result shows the weight used.</summary>
public sealed class RecipeParameterTests
{
    private static readonly string[] s_names = ["embed", "layers.0.attn", "layers.0.mlp", "layers.1.attn", "layers.1.mlp", "layers.2.attn", "layers.2.mlp", "norm"];

    private static float[] Weights(string parameters, string model = "a")
    {
        using var bench = new Workbench();
        bench.Model("base", [.. s_names.Select(n => (n, new float[1]))]);
        bench.Model("a", [.. s_names.Select(n => (n, new float[] { 1 }))]);
        Checkpoint merged = bench.Merge(Text("task_arithmetic", parameters, model));
        return [.. s_names.Select(n => Floats(merged, n)[0])];
    }

    [Fact]
    public void A_list_runs_over_the_layers_and_other_tensors_take_its_first_value() =>
        Assert.Equal([1, 1, 1, 2, 2, 3, 3, 1], Weights("weight: [1, 3]"));

    [Fact]
    public void Between_two_entries_of_a_list_it_is_interpolated() =>
        Assert.Equal([0, 0, 0, 3, 3, 8, 8, 0], Weights("weight: [0, 2, 4, 8]"));

    [Fact]
    public void A_model_of_one_layer_takes_the_last_value()
    {
        using var bench = new Workbench();
        bench.Model("base", ("h.0.w", [0]), ("head", [0]));
        bench.Model("a", ("h.0.w", [1]), ("head", [1]));
        Checkpoint merged = bench.Merge(Text("task_arithmetic", "weight: [2, 5]", "a"));
        Assert.Equal([5], Floats(merged, "h.0.w"));
        Assert.Equal([2], Floats(merged, "head"));
    }

    [Fact]
    public void Words_and_booleans_in_a_list_step() =>
        Assert.Equal([2, 2, 2, 2, 2, 1, 1, 2], Weights("weight: 2, normalize: [no, yes]"));

    [Fact]
    public void The_first_filter_that_fits_counts() =>
        Assert.Equal([7, 5, 6, 5, 6, 5, 6, 7], Weights("weight: [{filter: attn, value: 5}, {filter: layers, value: 6}, {value: 7}]"));

    [Theory]
    [InlineData("{filter: '*', value: 4}")]
    [InlineData("{filter: '', value: 4}")]
    [InlineData("{filter: null, value: 4}")]
    [InlineData("{value: 4}")]
    [InlineData("[{value: 4}]")]
    [InlineData("[{filter: attn., value: 9}, {value: 4}]")]
    [InlineData("[{filter: Layers, value: 9}, {value: 4}]")]
    [InlineData("[{filter: 'layers*', value: 9}, {value: 4}]")]
    public void A_filter_is_part_of_a_name_and_a_star_or_none_is_any(string value) =>
        Assert.All(Weights($"weight: {value}"), w => Assert.Equal(4, w));

    [Fact]
    public void A_filter_may_hold_a_gradient() =>
        Assert.Equal([9, 0, 9, 1, 9, 2, 9, 9], Weights("weight: [{filter: attn, value: [0, 2]}, {value: 9}]"));

    [Fact]
    public void A_models_value_goes_before_the_one_for_all() => Assert.All(Weights("weight: 3", "a {weight: 5}"), w => Assert.Equal(5, w));

    [Fact]
    public void Where_no_filter_of_the_model_fits_the_one_for_all_counts() =>
        Assert.Equal([3, 5, 3, 5, 3, 5, 3, 3], Weights("weight: 3", "a {weight: [{filter: attn, value: 5}]}"));

    [Fact]
    public void An_empty_list_is_not_given() => Assert.All(Weights("weight: 3", "a {weight: []}"), w => Assert.Equal(3, w));

    [Theory]
    [InlineData("1e-5", 1e-5f)]
    [InlineData("1E5", 1e5f)]
    [InlineData("+0.5", 0.5f)]
    [InlineData("-.5", -0.5f)]
    [InlineData("'0.25'", 0.25f)]
    [InlineData("\" 2 \"", 2f)]
    [InlineData("1_000", 1000f)]
    [InlineData("true", 1f)]
    [InlineData("off", 0f)]
    [InlineData("AUTO", 1f)]
    public void Numbers_are_read_as_people_write_them(string text, float expected) =>
        Assert.All(Weights($"weight: {text}"), w => Assert.Equal(expected, w));

    [Theory]
    [InlineData("true", true)]
    [InlineData("Yes", true)]
    [InlineData("ON", true)]
    [InlineData("t", true)]
    [InlineData("y", true)]
    [InlineData("1", true)]
    [InlineData("'true'", true)]
    [InlineData("1.0", true)]
    [InlineData("false", false)]
    [InlineData("No", false)]
    [InlineData("off", false)]
    [InlineData("f", false)]
    [InlineData("n", false)]
    [InlineData("0", false)]
    public void Booleans_are_read_as_words(string text, bool expected) =>
        Assert.All(Weights($"weight: 4, normalize: {text}"), w => Assert.Equal(expected ? 1 : 4, w));

    [Theory]
    [InlineData("2", true)]
    [InlineData("2.0", true)]
    [InlineData("'2'", true)]
    [InlineData("2.5", false)]
    [InlineData("Infinity", false)]
    public void A_whole_number_may_be_written_with_a_point(string text, bool reads) =>
        Assert.Equal(reads, new MethodParameter("n", ParameterKind.Integer, ParameterScope.Model, "n").TryRead(text.Trim('\''), out _));
}
