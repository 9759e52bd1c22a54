using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;

namespace CabsPs.Engine.Tests;

/// <summary>What somebody probably meant, and where layers are.</summary>
public sealed class SuggestionTests
{
    private static readonly string[] s_keys = ["merge_method", "base_model", "models", "parameters", "dtype", "out_dtype", "include", "exclude", "missing", "n", "m"];

    [Theory]
    [InlineData("modles", "models")]
    [InlineData("model", "models")]
    [InlineData("Parameters", "parameters")]
    [InlineData("dytpe", "dtype")]
    [InlineData("outdtype", "out_dtype")]
    [InlineData("mergemethod", "merge_method")]
    [InlineData("k", "n")]
    [InlineData("zebra", null)]
    [InlineData("tokenizer_source", null)]
    public void The_nearest_key_is_found_where_one_is_near(string word, string? expected) => Assert.Equal(expected, Suggestion.Nearest(word, s_keys));

    [Theory]
    [InlineData("model.layers.0.w", 0)]
    [InlineData("model.layers.1.w", 0.5)]
    [InlineData("model.layers.2.w", 1)]
    [InlineData("vision.blocks.0.w", 1)]
    [InlineData("model.layers.2.experts.0.w", 1)]
    [InlineData("model.norm.weight", 0)]
    [InlineData("0.weight", 0)]
    public void A_layers_place_is_counted_per_prefix(string name, double place)
    {
        var layers = new LayerMap(["model.layers.0.w", "model.layers.1.w", "model.layers.2.w", "model.layers.2.experts.0.w", "model.layers.2.experts.7.w", "vision.blocks.0.w", "model.norm.weight", "0.weight"]);
        Assert.Equal(place, layers.PlaceOf(name));
    }
}
