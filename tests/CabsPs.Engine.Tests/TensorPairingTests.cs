using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>Which tensors take part: missing ones, other shapes, heads, wildcards.</summary>
public sealed class TensorPairingTests
{
    private const string Sum = "weight: 1";
    private static readonly string s_recipe = Text("task_arithmetic", Sum, "a");

    [Fact]
    public void A_tensor_that_an_expert_lacks_is_an_error_naming_both()
    {
        using var bench = new Workbench();
        bench.Model("base", ("w", [1]), ("v", [1]));
        bench.Model("a", ("w", [1]));
        CabsException failure = Fails(CabsError.TensorMissing, () => bench.Plan(s_recipe));
        Assert.Equal($"{bench.Path("a")}: lacks tensor 'v' of {bench.Path("base")}; use 'missing: skip' to let it add nothing there, or exclude the tensor", failure.Message);
    }

    [Fact]
    public void Missing_skip_lets_it_add_nothing_there()
    {
        using var bench = new Workbench();
        bench.Model("base", ("w", [1]), ("v", [1]), ("u", [1]));
        bench.Model("a", ("w", [2]));
        bench.Model("b", ("w", [3]), ("v", [5]));
        MergeResult result = bench.Run(Text("task_arithmetic", Sum, "a", "b") + "missing: skip\n");
        Checkpoint merged = Checkpoint.Open(result.Path);
        Assert.Equal([4], Floats(merged, "w"));
        Assert.Equal([5], Floats(merged, "v"));
        Assert.Equal([1], Floats(merged, "u"));
        Assert.Equal(["a lacks tensor 'u' and adds nothing there", "a lacks tensor 'v' and adds nothing there", "b lacks tensor 'u' and adds nothing there"], result.Warnings.Order(StringComparer.Ordinal));
        Assert.Equal(TensorAction.Copy, result.Tensors.Single(t => t.Output.Name == "u").Action);
    }

    [Fact]
    public void A_vector_that_lacks_a_tensor_claims_nothing_there()
    {
        using var bench = new Workbench();
        bench.Model("base", ("v", [0, 0]), ("w", [0, 0]));
        bench.Model("a", ("w", [9, 1]));
        bench.Model("b", ("v", [5, 4]), ("w", [5, 4]));
        Checkpoint merged = bench.Merge(Cabs("weight: 1, n: 1, m: 2", "a", "b") + "missing: skip\n");
        Assert.Equal([5, 0], Floats(merged, "v"));
        Assert.Equal([9, 4], Floats(merged, "w"));
    }

    [Fact]
    public void Other_shapes_are_an_error_with_both_shapes_and_files()
    {
        using var bench = new Workbench();
        bench.Model("base", DType.F32, ("w", [2, 3], new float[6]));
        bench.Model("a", DType.F32, ("w", [3, 2], new float[6]));
        CabsException failure = Fails(CabsError.TensorShapeMismatch, () => bench.Plan(s_recipe));
        Assert.StartsWith($"tensor 'w' is [2, 3] in {bench.Path("base", "model.safetensors")} but [3, 2] in {bench.Path("a", "model.safetensors")}; ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_vocabularies_are_told_as_such()
    {
        using var bench = new Workbench();
        bench.Model("base", DType.F32, ("model.embed_tokens.weight", [3, 2], new float[6]));
        bench.Model("a", DType.F32, ("model.embed_tokens.weight", [4, 2], new float[8]));
        Assert.Contains("the vocabularies differ", Fails(CabsError.TensorShapeMismatch, () => bench.Plan(s_recipe)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_that_only_an_expert_has_is_left_out_and_reported()
    {
        using var bench = new Workbench();
        bench.Model("base", ("w", [1]));
        bench.Model("a", ("w", [1]), ("classifier.weight", [1, 2]));
        MergeResult result = bench.Run(s_recipe);
        Assert.Equal([new LeftOutTensor("a", "classifier.weight", "the base has no such tensor")], result.LeftOut);
        Assert.Equal(["w"], Checkpoint.Open(result.Path).Tensors.Select(t => t.Name));
    }

    [Theory]
    [InlineData("include: [layers.*]", "layers.0.w layers.1.w layers.10.w")]
    [InlineData("include: layers.?.w", "layers.0.w layers.1.w")]
    [InlineData("include: ['layers.*', norm]\nexclude: ['*.1.*']", "layers.0.w layers.10.w norm")]
    [InlineData("exclude: ['layers*', NORM]", "embed norm")]
    public void Wildcards_choose_what_is_merged_and_the_rest_is_the_base(string lines, string merged)
    {
        using var bench = new Workbench();
        string[] names = ["embed", "layers.0.w", "layers.1.w", "layers.10.w", "norm"];
        bench.Model("base", [.. names.Select(n => (n, new float[] { 1 }))]);
        bench.Model("a", [.. names.Select(n => (n, new float[] { 2 }))]);
        Checkpoint result = bench.Merge(s_recipe + lines + "\n");
        foreach (string name in names)
            Assert.Equal([merged.Split(' ').Contains(name) ? 2 : 1], Floats(result, name));
    }

    [Fact]
    public void A_tensor_outside_need_not_be_in_the_expert()
    {
        using var bench = new Workbench();
        bench.Model("base", ("w", [1]), ("v", [7]));
        bench.Model("a", ("w", [2]));
        Assert.Equal([7], Floats(bench.Merge(s_recipe + "exclude: v\n"), "v"));
    }

    [Fact]
    public void A_pattern_that_fits_nothing_and_a_merge_of_nothing_are_warned_of()
    {
        using var bench = new Workbench();
        bench.Vectors([1], [2]);
        Assert.Equal(
            [$"include and exclude leave no tensor to merge; the result is a copy of {bench.Path("base")}", "include 'layers.*' fits no tensor"],
            bench.Plan(s_recipe + "include: layers.*\n").Warnings);
    }

    [Fact]
    public void A_base_without_tensors_is_an_error()
    {
        using var bench = new Workbench();
        bench.Model("base");
        bench.Model("a");
        Fails(CabsError.NothingToMerge, () => bench.Plan(s_recipe));
    }
}
