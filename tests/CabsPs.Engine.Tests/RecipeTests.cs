using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>What a recipe says besides parameter values: paths, the base among the models, anchors, keys without effect.</summary>
public sealed class RecipeTests
{
    private const string Good = "merge_method: task_arithmetic\nbase_model: base\nmodels:\n  - model: a\n    parameters: {weight: 1}\n";

    private static Workbench Models()
    {
        var bench = new Workbench();
        bench.Vectors([1], [3], [6]);
        return bench;
    }

    [Fact]
    public void A_base_among_the_models_adds_no_task_vector()
    {
        using Workbench bench = Models();
        MergeDefinition definition = bench.Read(Text("task_arithmetic", "weight: 0.5, normalize: true", "base {weight: 9}", "a"));
        Assert.Equal(["a"], definition.Inputs.Select(i => i.Name));
        Assert.Equal([3], Floats(Checkpoint.Open(bench.Run(definition).Path), "w"));
    }

    [Fact]
    public void A_base_that_stands_twice_among_the_models_is_refused_as_any_other()
    {
        using Workbench bench = Models();
        Fails(CabsError.DuplicateModel, () => bench.Read(Text("task_arithmetic", "weight: 0.5", "base", "a", "./base")));
    }

    [Fact]
    public void The_base_alone_gives_the_base_in_the_type_asked_for()
    {
        using Workbench bench = Models();
        Checkpoint merged = bench.Merge(Cabs("n: 1", "base") + "dtype: float64\n");
        Assert.Equal(DType.F64, merged.Find("w")!.Type);
        Assert.Equal([1.0], TensorData.Values(merged.Find("w")!));
    }

    [Fact]
    public void Paths_are_relative_to_the_current_folder_and_then_to_the_recipes()
    {
        using Workbench bench = Models();
        TensorData.Write(bench.Path("recipes", "a", "model.safetensors"), DType.F32, ("w", [1], [100]));
        TensorData.Write(bench.Path("recipes", "only", "model.safetensors"), DType.F32, ("w", [1], [7]));
        string recipe = bench.Write(Good + "  - model: only\n    parameters: {weight: 1}\n", "recipes", "r.yml");
        Assert.Equal([bench.Path("a"), bench.Path("recipes", "only")], Recipe.Read(recipe, bench.Path()).Inputs.Select(i => i.Path));
        Directory.CreateDirectory(bench.Path("elsewhere"));
        bench.Model("recipes/base", ("w", [1]));
        Assert.Equal([bench.Path("recipes", "a"), bench.Path("recipes", "only")], Recipe.Read(recipe, bench.Path("elsewhere")).Inputs.Select(i => i.Path));
    }

    [Fact]
    public void Models_may_be_absolute_lone_files_or_mappings()
    {
        using Workbench bench = Models();
        string text = $"merge_method: task_arithmetic\nbase_model: {{model: {{path: {bench.Path("base")}}}}}\nmodels:\n  - model: a/model.safetensors\n  - model: {{model: {{path: b, revision: main}}}}\n";
        MergeDefinition definition = bench.Read(text);
        Assert.Equal([bench.Path("a", "model.safetensors"), bench.Path("b")], definition.Inputs.Select(i => i.Path));
        Assert.Equal(["model", "b"], definition.Inputs.Select(i => i.Name));
        Assert.Equal([$"{bench.Path("recipe.yml")} line 5: 'revision' has no effect; models are read from disk as they are"], definition.Warnings);
    }

    [Fact]
    public void A_path_with_a_plus_is_a_path_when_it_exists()
    {
        using Workbench bench = Models();
        bench.Model("a+b", ("w", [2]));
        Assert.Equal(["a+b"], bench.Read(Text("task_arithmetic", "weight: 1", "a+b")).Inputs.Select(i => i.Name));
    }

    [Fact]
    public void A_quoted_null_is_a_name()
    {
        using Workbench bench = Models();
        bench.Model("null", ("w", [2]));
        Assert.Equal(["null"], bench.Read(Text("task_arithmetic", "weight: 1", "'null'")).Inputs.Select(i => i.Name));
    }

    [Fact]
    public void Anchors_and_merge_keys_are_followed_and_own_entries_win()
    {
        using Workbench bench = Models();
        MergeDefinition definition = bench.Read(
            """
            x-shared: &shared { weight: 0.5, n: 1 }
            x-more: &more { n: 7, m: 9 }
            merge_method: cabs
            base_model: base
            models:
              - model: a
                parameters: { <<: [*shared, *more], weight: 2 }
              - model: b
                parameters: *shared
            """);
        Assert.Equal((2.0, 1.0, 9.0), Values(definition.Inputs[0]));
        Assert.Equal((0.5, 1.0, null), Values(definition.Inputs[1]));
        Assert.Equal([$"{bench.Path("recipe.yml")} line 1: 'x-shared' has no effect of its own", $"{bench.Path("recipe.yml")} line 2: 'x-more' has no effect of its own"], definition.Warnings);

        static (object?, object?, object?) Values(ModelInput input) => (input.Parameters.Find("weight", "t", 0), input.Parameters.Find("n", "t", 0), input.Parameters.Find("m", "t", 0));
    }

    [Theory]
    [InlineData("parameters: {int8_mask: true}\n", "line 6: 'int8_mask' has no effect with method task_arithmetic")]
    [InlineData("parameters: {n: 0, density: x}\n", "line 6: 'n' has no effect with method task_arithmetic", "line 6: 'density' has no effect with method task_arithmetic")]
    [InlineData("  - model: b\n    parameters:\n      weight: 1\n      lambda: 3\n", "line 9: 'lambda' has no effect under a model; it applies to the whole merge and belongs under the top-level 'parameters'")]
    public void Known_keys_without_effect_are_warnings_with_their_line(string lines, params string[] warnings)
    {
        using Workbench bench = Models();
        MergePlan plan = bench.Plan(Good + lines);
        Assert.Equal(warnings.Select(w => $"{bench.Path("recipe.yml")} {w}"), plan.Warnings);
    }

    [Theory]
    [InlineData("dtype: float16\n", DType.F16)]
    [InlineData("dtype: torch.bfloat16\n", DType.BF16)]
    [InlineData("dtype: float16\nout_dtype: float64\n", DType.F64)]
    [InlineData("out_dtype: bfloat16\n", DType.BF16)]
    [InlineData("dtype: null\n", null)]
    [InlineData("dtype:\n", null)]
    [InlineData("", null)]
    public void The_stored_type_is_out_dtype_then_dtype(string lines, DType? expected)
    {
        using Workbench bench = Models();
        Assert.Equal(expected, bench.Read(Good + lines).OutputType);
    }

    [Fact]
    public void Optional_keys_may_be_null()
    {
        using Workbench bench = Models();
        MergeDefinition definition = bench.Read(Good + "parameters:\ninclude: ~\nexclude: null\nout_dtype:\n");
        Assert.Empty(definition.Include);
        Assert.Empty(definition.Exclude);
        Assert.Empty(definition.Warnings);
    }

    [Fact]
    public void Two_models_of_one_name_are_called_by_more_of_their_paths()
    {
        using Workbench bench = Models();
        bench.Model("x/a", ("w", [2]));
        Assert.Equal([$"{Path.GetFileName(bench.Path())}/a", "x/a", "b"], bench.Read(Text("task_arithmetic", "weight: 1", "a", "x/a", "b")).Inputs.Select(i => i.Name));
    }
}
