using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;
using CabsPs.Engine.Search;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests.Search;

/// <summary>A trial is the merge of the recipe with the trial's weights, byte for byte, also with masks that were made once.</summary>
public sealed class TrialMergerTests
{
    private static readonly (string Name, long[] Shape)[] s_tensors = [("embed", [50, 33]), ("layers.0.w", [70, 90]), ("layers.1.w", [70, 90]), ("layers.2.w", [30, 301]), ("norm", [5])];

    [Theory]
    [InlineData("cabs", "n: 26, m: 256, weight: W")]
    [InlineData("cabs", "n: 3, m: 10, assignment: joint, weight: W, overlap: ties")]
    [InlineData("cabs", "n: 26, m: 100, weight: auto, lambda: W")]
    [InlineData("ties", "density: 0.3, weight: W, scope: model")]
    [InlineData("dare_ties", "density: 0.3, weight: W")]
    [InlineData("dare_linear", "density: 0.3, weight: W, rescale: l1, lambda: 0.9")]
    [InlineData("task_arithmetic", "weight: W")]
    [InlineData("slerp", "t: W")]
    public void Stored_masks_give_the_bytes_of_a_merge(string method, string parameters)
    {
        using Workbench bench = Models();
        string[] models = method == "slerp" ? ["a"] : ["a", "b"];
        string name = method == "slerp" ? "t" : parameters.Contains("auto", StringComparison.Ordinal) ? "lambda" : "weight";
        string recipe = bench.Write(Text(method, parameters.Replace("W", "1", StringComparison.Ordinal), models), "recipe.yml");
        using TrialMerger merger = TrialMerger.Create(Recipe.ReadFile(recipe, bench.Path()), new MergeOptions(), WeightScope.Shared, 0, name, bench.Path("work"));
        merger.PrepareMasks();
        Assert.Equal(method is "task_arithmetic" or "slerp", merger.MaskBytes == 0);
        foreach (double weight in new[] { 0.3, 0.85 })
        {
            Checkpoint expected = bench.Merge(Text(method, parameters.Replace("W", weight.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal), models));
            AssertSame(expected, Checkpoint.Open(merger.Merge([weight])));
        }
    }

    [Fact]
    public void Weights_of_vectors_and_layers_get_where_a_recipe_would_have_them()
    {
        using Workbench bench = Models();
        string recipe = bench.Write(Cabs("n: 26, m: 256, weight: 1, lambda: 0.5", "a", "b {weight: 3}"), "recipe.yml");
        using (TrialMerger vectors = TrialMerger.Create(Recipe.ReadFile(recipe, bench.Path()), new MergeOptions(), WeightScope.Vector, 0, null, bench.Path("work")))
        {
            Assert.Equal(["a", "b"], vectors.Space.Names);
            AssertSame(bench.Merge(Cabs("n: 26, m: 256", "a {weight: 0.4}", "b {weight: 0.9}")), Checkpoint.Open(vectors.Merge([0.4, 0.9])));
        }

        recipe = bench.Write(Cabs("n: 26, m: 256, weight: 1", "a", "b"), "recipe.yml");
        using TrialMerger layers = TrialMerger.Create(Recipe.ReadFile(recipe, bench.Path()), new MergeOptions(), WeightScope.Layer, 0, null, bench.Path("work"));
        Assert.Equal(["layers.0", "layers.1", "layers.2", "(outside the layers)"], layers.Space.Names);
        AssertSame(
            bench.Merge(Cabs("n: 26, m: 256, weight: 1, lambda: [{filter: layers.0., value: 0.1}, {filter: layers.1., value: 0.2}, {filter: layers.2., value: 0.3}, {value: 0.4}]", "a", "b")),
            Checkpoint.Open(layers.Merge([0.1, 0.2, 0.3, 0.4])));
        using TrialMerger bands = TrialMerger.Create(Recipe.ReadFile(recipe, bench.Path()), new MergeOptions(), WeightScope.Layer, 2, null, bench.Path("work2"));
        Assert.Equal(["layers.0-1", "layers.2", "(outside the layers)"], bands.Space.Names);
    }

    [Fact]
    public void Documents_before_the_last_are_merged_once_and_everything_goes_in_the_end()
    {
        using Workbench bench = Models();
        const string Text = "merge_method: task_arithmetic\nname: mix\nbase_model: base\nmodels: [{model: a}, {model: b}]\nparameters: {weight: 0.5}\n---\nmerge_method: task_arithmetic\nbase_model: base\nmodels: [{model: mix}]\nparameters: {weight: 1}\n";
        RecipeFile file = Recipe.ReadFile(bench.Write(Text, "two.yml"), bench.Path());
        string identity;
        using (TrialMerger merger = TrialMerger.Create(file, new MergeOptions(), WeightScope.Shared, 0, null, bench.Path("work")))
        {
            identity = merger.Identity;
            float[] whole = Floats(Checkpoint.Open(merger.Merge([1])), "embed"), half = Floats(Checkpoint.Open(merger.Merge([0.5])), "embed");
            float[] origin = Floats(Checkpoint.Open(bench.Path("base")), "embed");
            Assert.All(Enumerable.Range(0, whole.Length), i => Assert.Equal((whole[i] - origin[i]) / 2, half[i] - origin[i], 1e-6f));
        }

        Assert.Empty(Directory.Exists(bench.Path("work")) ? Directory.GetFileSystemEntries(bench.Path("work")) : []);
        using TrialMerger again = TrialMerger.Create(file, new MergeOptions(), WeightScope.Shared, 0, null, bench.Path("work"));
        Assert.Equal(identity, again.Identity);
        bench.Model("b", DType.F32, [.. s_tensors.Select((t, i) => (t.Name, t.Shape, Samples.Normal(77 + i, (int)t.Shape.Aggregate((x, y) => x * y))))]);
        using TrialMerger other = TrialMerger.Create(file, new MergeOptions(), WeightScope.Shared, 0, null, bench.Path("work3"));
        Assert.NotEqual(identity, other.Identity);
    }

    [Fact]
    public void A_method_without_such_a_number_is_refused()
    {
        using Workbench bench = Models();
        RecipeFile file = Recipe.ReadFile(bench.Write(Text("karcher", "", "a", "b"), "recipe.yml"), bench.Path());
        Assert.Contains("method karcher has no number called lambda or weight or t", Fails(CabsError.ParameterInvalid, () => TrialMerger.Create(file, new MergeOptions(), WeightScope.Shared, 0, null, bench.Path("work"))).Message, StringComparison.Ordinal);
    }

    private static Workbench Models()
    {
        var bench = new Workbench();
        for (int seed = 0; seed < 3; seed++)
            bench.Model(new[] { "base", "a", "b" }[seed], DType.F32, [.. s_tensors.Select((t, i) => (t.Name, t.Shape, Samples.Normal((10 * seed) + i, (int)t.Shape.Aggregate((x, y) => x * y))))]);
        return bench;
    }

    private static void AssertSame(Checkpoint expected, Checkpoint actual)
    {
        foreach (TensorInfo tensor in expected.Tensors)
            Assert.True(TensorData.Bytes(tensor).AsSpan().SequenceEqual(TensorData.Bytes(actual.Find(tensor.Name)!)), tensor.Name);
    }
}
