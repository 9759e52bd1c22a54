using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.TaskVectors;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>Task vectors as a pipeline makes them.</summary>
public sealed class TaskVectorTests
{
    private static readonly MergeMethod s_sum = MethodCatalog.Find("task_arithmetic")!;

    private static Workbench Models(int count)
    {
        var bench = new Workbench();
        var random = new Random(7);
        float[] Values() => [.. Enumerable.Range(0, 1000).Select(_ => random.NextSingle() - 0.5f)];
        bench.Vectors(Values(), [.. Enumerable.Range(0, count).Select(_ => Values())]);
        return bench;
    }

    private static IReadOnlyList<TaskVector> Create(Workbench bench, params string[] models) =>
        TaskVector.Create(bench.Path("base"), [.. models.Select(m => bench.Path(m))]);

    private static IReadOnlyList<TaskVector> Sparsify(IReadOnlyList<TaskVector> vectors, params (string, object)[] parameters) =>
        TaskVector.Sparsify(vectors, CabsSparsifier.Instance, CabsSparsifier.Instance.ParametersOf(parameters));

    private static float[] Merge(Workbench bench, IEnumerable<TaskVector> vectors, params (string, object)[] parameters) =>
        Floats(Checkpoint.Open(bench.Run(TaskVector.Define([.. vectors], s_sum, ParameterSet.Of(parameters))).Path), "w");

    [Theory]
    [InlineData("sequential")]
    [InlineData("joint")]
    [InlineData("none")]
    public void A_pipeline_gives_the_bytes_of_the_recipe(string assignment)
    {
        using Workbench bench = Models(3);
        float[] recipe = bench.Merged(Cabs($"n: 26, m: 64, assignment: {assignment}, lambda: 0.6", "a {weight: 1.5}", "b {weight: auto}", "c {weight: -1}"));
        double?[] weights = [1.5, null, -1];
        IEnumerable<TaskVector> vectors = Sparsify(Create(bench, "a", "b", "c"), ("n", 26), ("m", 64), ("assignment", assignment)).Select((v, i) => v with { Weight = weights[i] });
        AssertSameBits(recipe, Merge(bench, vectors, ("lambda", 0.6)));
    }

    [Theory]
    [InlineData("sequential")]
    [InlineData("joint")]
    public void A_subset_keeps_the_masks_of_the_whole_group(string assignment)
    {
        using Workbench bench = Models(3);
        IReadOnlyList<TaskVector> group = Sparsify(Create(bench, "a", "b", "c"), ("n", 20), ("m", 64), ("assignment", assignment));
        float[] inBase = Floats(Checkpoint.Open(bench.Path("base")), "w");
        float[] c = Merge(bench, [group[2]]), all = Merge(bench, group), alone = Merge(bench, Sparsify(Create(bench, "c"), ("n", 20), ("m", 64)));
        // three times 20 of 64 fit without overlap, so where c changed the base the whole group did the same
        int changed = 0;
        for (int i = 0; i < c.Length; i++)
        {
            if (c[i] == inBase[i])
                continue;
            Assert.Equal(all[i], c[i]);
            changed++;
        }

        Assert.Equal((15 * 20) + 13, changed);
        Assert.NotEqual(alone, c);
    }

    [Fact]
    public void The_order_of_merging_does_not_change_the_masks_of_a_group()
    {
        using Workbench bench = Models(2);
        IReadOnlyList<TaskVector> group = Sparsify(Create(bench, "a", "b"), ("n", 40), ("m", 64));
        // two terms are summed the same either way round
        AssertSameBits(Merge(bench, group), Merge(bench, group.Reverse()));
        Assert.NotEqual(Merge(bench, group), Merge(bench, Sparsify(Create(bench, "b", "a"), ("n", 40), ("m", 64))));
    }

    [Fact]
    public void Members_left_out_are_read_for_their_masks_but_not_reported()
    {
        using Workbench bench = Models(3);
        MergeResult result = bench.Run(TaskVector.Define([Sparsify(Create(bench, "a", "b", "c"))[1]], s_sum, ParameterSet.Empty));
        Assert.Equal(["b"], result.Vectors.Select(v => v.Name));
        Assert.Empty(result.Overlaps);
        Assert.Equal(4 * 4000, result.BytesRead);
    }

    [Fact]
    public void Two_groups_and_a_dense_vector_merge_together()
    {
        using var bench = new Workbench();
        bench.Vectors(new float[4], [8, 7, 1, 1], [1, 1, 6, 1], [100, 100, 100, 100]);
        IEnumerable<TaskVector> vectors = [.. Sparsify(Create(bench, "a"), ("n", 1), ("m", 2)), .. Sparsify(Create(bench, "b"), ("n", 1), ("m", 3)), .. Create(bench, "c")];
        // a keeps 8 and the first 1; b keeps 6 and, of the last one's third of a place, none
        Assert.Equal([108, 100, 107, 100], Merge(bench, vectors));
    }

    [Fact]
    public void Names_are_the_last_part_of_the_path_or_more_of_it_where_that_is_not_enough()
    {
        IReadOnlyList<TaskVector> vectors = TaskVector.Create("/m/base", ["/m/x/one/", "/m/y/one", "/m/two"]);
        Assert.Equal(["x/one", "y/one", "two"], vectors.Select(v => v.Name));
        Assert.All(vectors, v => Assert.Equal((1.0, null), (v.Weight, v.Group)));
    }

    [Fact]
    public void An_expert_that_is_the_base_is_refused_by_any_name()
    {
        using Workbench bench = Models(1);
        Directory.CreateSymbolicLink(bench.Path("link"), bench.Path("base"));
        foreach (string path in (string[])["base", "link", "a/../base", "base/"])
            Assert.EndsWith(": is the base itself; its task vector is zero", Fails(CabsError.ExpertIsBase, () => Create(bench, "a", path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_model_twice_is_refused()
    {
        using Workbench bench = Models(1);
        Fails(CabsError.DuplicateModel, () => Sparsify(Create(bench, "a", "./a")));
        Fails(CabsError.DuplicateModel, () => Merge(bench, Create(bench, "a", "a")));
        Fails(CabsError.DuplicateModel, () => Merge(bench, [.. Sparsify(Create(bench, "a")), .. Create(bench, "a")]));
    }

    [Fact]
    public void Different_bases_are_refused()
    {
        using Workbench bench = Models(2);
        IReadOnlyList<TaskVector> mixed = [.. Create(bench, "a"), .. TaskVector.Create(bench.Path("a"), [bench.Path("b")])];
        Assert.Contains("different bases", Fails(CabsError.BasesDiffer, () => Merge(bench, mixed)).Message, StringComparison.Ordinal);
        Fails(CabsError.BasesDiffer, () => Sparsify(mixed));
    }

    [Fact]
    public void No_vector_at_all_is_refused()
    {
        using Workbench bench = Models(0);
        Fails(CabsError.NothingToMerge, () => Merge(bench, []));
        Fails(CabsError.NothingToMerge, () => Sparsify([]));
    }

    [Fact]
    public void What_is_sparsified_is_not_sparsified_again()
    {
        using Workbench bench = Models(1);
        IReadOnlyList<TaskVector> sparse = Sparsify(Create(bench, "a"));
        Fails(CabsError.AlreadySparsified, () => Sparsify(sparse));
        Assert.Contains("sparsifies by itself", Fails(CabsError.AlreadySparsified, () => TaskVector.Define(sparse, MethodCatalog.Find("cabs")!, ParameterSet.Empty)).Message, StringComparison.Ordinal);
        Assert.Contains("leave out density", Fails(CabsError.AlreadySparsified, () => TaskVector.Define(sparse, MethodCatalog.Get("ties"), MethodCatalog.Get("ties").ParametersOf(("density", 0.5)))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("n", 0)]
    [InlineData("n", -1)]
    [InlineData("n", 2.5)]
    [InlineData("n", 257)]
    [InlineData("m", 63)]
    [InlineData("m", 0)]
    [InlineData("m", 16777217)]
    [InlineData("n", "many")]
    [InlineData("tail", "long")]
    public void Wrong_parameters_are_refused_before_anything_is_read(string name, object value) =>
        Fails(CabsError.ParameterInvalid, () => Sparsify(TaskVector.Create("/no/base", ["/no/model"]), (name, value)));

    [Fact]
    public void An_unknown_parameter_is_refused_before_anything_is_read() =>
        Fails(CabsError.ParameterUnknown, () => Sparsify(TaskVector.Create("/no/base", ["/no/model"]), ("k", 1)));

    [Fact]
    public void A_parameter_set_made_by_hand_is_checked_at_planning()
    {
        using Workbench bench = Models(1);
        IReadOnlyList<TaskVector> vectors = TaskVector.Sparsify(Create(bench, "a"), CabsSparsifier.Instance, ParameterSet.Of(("n", 5), ("m", 4)));
        Assert.Equal("n is 5 and m is 4 for model a at tensor 'w'; n of m weights are kept, so n must not exceed m", Fails(CabsError.ParameterInvalid, () => Merge(bench, vectors)).Message);
    }
}
