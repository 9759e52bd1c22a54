using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;
using static CabsPs.Engine.Tests.Recipes.Workshop;

namespace CabsPs.Engine.Tests.Recipes;

/// <summary>Files of several documents, and merges in which models do not all have the same.</summary>
public sealed class DocumentTests : IDisposable
{
    private const string Stages = """
        merge_method: linear
        models: [{model: half}, {model: a}]
        parameters: {weight: 1}
        dtype: bfloat16
        ---
        name: half
        merge_method: linear
        models: [{model: tripled}, {model: b}]
        parameters: {weight: 1}
        ---
        name: tripled
        merge_method: passthrough
        models: [{model: b, parameters: {scale: 3}}]
        """;

    private readonly Workshop _workshop = new Workshop().Model("a", 2, (_, _) => 1).Model("b", 2, (_, _) => 3);

    [Fact]
    public void Documents_run_in_the_order_of_their_needs_and_leave_only_the_result()
    {
        string side;
        using (RecipePlan plan = RecipePlan.Create(_workshop.Read(Stages), new MergeOptions(), _workshop.Path("merged")))
        {
            side = plan.SideFolder;
            Assert.True(Directory.Exists(side));
            foreach (RecipeStep step in plan.Steps)
                plan.Execute(step);
        }

        Checkpoint merged = Checkpoint.Open(_workshop.Path("merged"));
        Assert.Equal(3.5, First(merged, "model.norm.weight"));
        Assert.Equal(DType.BF16, merged.Tensors[0].Type);
        Assert.Equal(["a", "b", "merged", "recipe.yml"], Directory.GetFileSystemEntries(_workshop.Path()).Select(p => Path.GetFileName(p)).Order());
        Assert.False(Directory.Exists(side));
    }

    [Fact]
    public void Stages_are_kept_where_it_is_asked_for()
    {
        using (RecipePlan plan = RecipePlan.Create(_workshop.Read(Stages), new MergeOptions(), _workshop.Path("merged"), _workshop.Path("stages")))
        {
            Assert.Equal(["tripled", "half", null], plan.Steps.Select(s => s.Name));
            foreach (RecipeStep step in plan.Steps)
                plan.Execute(step);
        }

        Assert.Equal(9, First(Checkpoint.Open(_workshop.Path("stages", "tripled")), "model.norm.weight"));
        Assert.Equal(6, First(Checkpoint.Open(_workshop.Path("stages", "half")), "lm_head.weight"));
    }

    [Fact]
    public void A_later_document_that_cannot_run_stops_the_first()
    {
        CabsException error = Assert.Throws<CabsException>(() => _workshop.Merge("merge_method: passthrough\nslices: [{sources: [{model: s, layer_range: [0, 9]}]}]\n---\nname: s\nmerge_method: passthrough\nslices: [{sources: [{model: a, layer_range: [0, 2]}]}, {sources: [{model: b, layer_range: [0, 2]}]}]"));
        Assert.Contains("has 4 layers", error.Message, StringComparison.Ordinal);
        Assert.Equal(["a", "b", "recipe.yml"], Directory.GetFileSystemEntries(_workshop.Path()).Select(p => Path.GetFileName(p)).Order());
    }

    [Fact]
    public void A_base_alone_is_the_result()
    {
        AssertSame(Checkpoint.Open(_workshop.Path("a")), _workshop.Merge("merge_method: task_arithmetic\nbase_model: a\nmodels: [{model: a}]"));
    }

    [Fact]
    public void A_model_without_a_tensor_adds_nothing_where_that_is_allowed()
    {
        TensorData.Write(_workshop.Path("part", "model.safetensors"), DType.F32, [.. Checkpoint.Open(_workshop.Path("b")).Tensors.Where(t => t.Name != "model.norm.weight").Select(t => (t.Name, t.Shape.ToArray(), TensorData.Values(t).Select(v => (float)v).ToArray()))]);
        const string Recipe = "merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}, {model: part, parameters: {weight: 1}}]";
        CabsException error = Assert.Throws<CabsException>(() => _workshop.Merge(Recipe));
        Assert.Equal(CabsError.TensorMissing, error.Error);
        Checkpoint merged = _workshop.Merge($"{Recipe}\nmissing: skip");
        Assert.Equal((1, 2), (First(merged, "model.norm.weight"), First(merged, "lm_head.weight")));
    }

    [Fact]
    public void Embeddings_are_cut_where_that_is_asked_for()
    {
        _workshop.Model("tall", 2, (_, i) => i, rows: 8);
        RecipeFile recipe = _workshop.Read("merge_method: linear\nmodels: [{model: tall, parameters: {weight: 1}}, {model: a, parameters: {weight: 1}}]").With((d, _) => d with { TruncateEmbeddings = true });
        using RecipePlan plan = RecipePlan.Create(recipe, new MergeOptions(), _workshop.Path("merged"));
        plan.Execute(plan.Steps[0]);
        TensorInfo head = Checkpoint.Open(_workshop.Path("merged")).Find("lm_head.weight")!;
        Assert.Equal([6, 4], head.Shape);
        Assert.Equal(Enumerable.Range(0, 24).Select(i => (i + 1) / 2.0), TensorData.Values(head));
        Assert.Contains("\"vocab_size\": 6", File.ReadAllText(_workshop.Path("merged", "config.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void What_only_another_model_has_is_left_out_and_said()
    {
        TensorData.Write(_workshop.Path("extra", "model.safetensors"), DType.F32, [.. Checkpoint.Open(_workshop.Path("b")).Tensors.Select(t => (t.Name, t.Shape.ToArray(), TensorData.Values(t).Select(v => (float)v).ToArray())), ("score.weight", [2], [1, 2])]);
        using RecipePlan plan = RecipePlan.Create(_workshop.Read("merge_method: linear\nmodels: [{model: a}, {model: extra}]\nparameters: {weight: 1}"), new MergeOptions(), _workshop.Path("merged"));
        Assert.Equal(("extra", "score.weight"), plan.Steps[0].Plan.LeftOut.Select(l => (l.Model, l.Tensor)).Single());
    }

    public void Dispose() => _workshop.Dispose();
}
