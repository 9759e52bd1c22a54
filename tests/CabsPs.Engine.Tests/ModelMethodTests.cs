using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.TaskVectors;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>Methods that look at the whole model, and steps after a method: identities, counts, order of equal weights, refusals.</summary>
public sealed class ModelMethodTests : IDisposable
{
    private readonly Workbench _bench = new();

    public ModelMethodTests()
    {
        Write("base", 1, 0);
        foreach ((int place, string name) in ((string[])["a", "b", "c"]).Index())
            Write(name, 1, place + 2);
    }

    [Theory]
    [InlineData("tall_mask", "tall_mask_lambda: 0.6, task: a")]
    [InlineData("emr", "")]
    [InlineData("emr", "task: a")]
    [InlineData("magmax", "scaling_factor: 1")]
    [InlineData("consensus_ta", "tall_mask_lambda: 0.4, prun_thre_k: 0")]
    [InlineData("ties", "weight: 1, density: 1, scope: model")]
    [InlineData("breadcrumbs", "weight: 1, density: 1, gamma: 0, scope: model")]
    [InlineData("widen", "above_average_value_ratio: -1")]
    public void Of_one_model_the_result_is_its_task_arithmetic(string method, string parameters) =>
        AssertSame(Text("task_arithmetic", "weight: 1", "a"), Text(method, parameters, "a"));

    [Fact]
    public void Consensus_of_no_task_is_task_arithmetic_and_of_more_than_there_are_the_base()
    {
        AssertSame(Text("task_arithmetic", "weight: 1", "a", "b", "c"), Text("consensus_ta", "tall_mask_lambda: 0.4, prun_thre_k: 0", "a", "b", "c"));
        AssertSame(Text("task_arithmetic", "weight: 0", "a"), Text("consensus_ta", "tall_mask_lambda: 0.4, prun_thre_k: 4", "a", "b", "c"));
    }

    [Theory]
    [InlineData("task_arithmetic", "weight: 0.7")]
    [InlineData("ties", "weight: 1, density: 0.4, scope: model")]
    [InlineData("pcb", "pcb_ratio: 0.2")]
    [InlineData("slerp", "t: 0.3")]
    public void Lines_with_alpha_one_and_beta_zero_changes_nothing(string method, string parameters)
    {
        string[] models = method == "slerp" ? ["a"] : ["a", "b", "c"];
        AssertSame(Text(method, parameters, models), Text(method, parameters, models) + Lines("1", "0"));
    }

    [Fact]
    public void Lines_scales_each_block_by_its_depth_and_the_rest_by_alpha()
    {
        Checkpoint plain = _bench.Merge(Text("task_arithmetic", "weight: 1", "a")), scaled = _bench.Merge(Text("task_arithmetic", "weight: 1", "a") + Lines("0.25", "0.5"));
        foreach ((string name, float factor) in new[] { ("layers.0.w", 0.25f), ("layers.2.w", 0.35f), ("layers.10.w", 0.75f), ("head", 0.25f) })
        {
            float[] origin = Floats(Checkpoint.Open(_bench.Path("base")), name), model = Floats(Checkpoint.Open(_bench.Path("a")), name);
            AssertSameBits([.. origin.Zip(model, (o, m) => ((m - o) * factor) + o)], Floats(scaled, name));
        }

        Assert.Equal(plain.Tensors.Count, scaled.Tensors.Count);
    }

    [Theory]
    [InlineData("exclude: ['layers.0.*', head]", 0.35f)]
    [InlineData("include: ['layers.?.*']", 0.25f + (0.5f * 2 / 9))]
    public void Lines_counts_blocks_up_to_the_last_that_is_merged(string some, float factor)
    {
        float[] origin = Floats(Checkpoint.Open(_bench.Path("base")), "layers.2.w"), model = Floats(Checkpoint.Open(_bench.Path("a")), "layers.2.w");
        AssertSameBits([.. origin.Zip(model, (o, m) => ((m - o) * factor) + o)], _bench.Merged(Text("task_arithmetic", "weight: 1", "a") + Lines("0.25", "0.5") + some + "\n", "layers.2.w"));
    }

    [Fact]
    public void Lines_with_alpha_and_beta_one_doubles_the_last_block()
    {
        float[] plain = _bench.Merged(Text("task_arithmetic", "weight: 2", "a"), "layers.10.w");
        AssertSameBits(plain, _bench.Merged(Text("task_arithmetic", "weight: 1", "a") + Lines("1", "1"), "layers.10.w"));
    }

    [Fact]
    public void Lines_auto_of_task_arithmetic_is_one_over_the_number_of_models()
    {
        float[] expected = _bench.Merged(Text("task_arithmetic", "weight: 1", "a", "b") + Lines("0.5", "0"), "layers.2.w");
        AssertSameBits(expected, _bench.Merged(Text("task_arithmetic", "weight: 1", "a", "b") + Lines("auto", "0"), "layers.2.w"));
    }

    [Theory]
    [InlineData(0.2)]
    [InlineData(0.5)]
    [InlineData(0.93)]
    public void Trimming_over_the_model_keeps_its_count_and_of_equal_weights_the_first_by_sorted_name(double density)
    {
        // magnitudes of few steps: the cutoff always lies among equal ones, of several tensors
        string[] names = ["layers.2.w", "layers.10.w", "a.w"];
        var random = new Random(7);
        float[][] steps = [.. names.Select(_ => Enumerable.Range(0, 501).Select(_ => random.Next(-4, 5) / 8f).ToArray())];
        _bench.Model("zero", [.. names.Select(n => (n, new float[501]))]);
        _bench.Model("coarse", [.. names.Zip(steps)]);
        string recipe = Text("ties", Invariant($"weight: 1, density: {density}, scope: model"), "coarse").Replace("base_model: base", "base_model: zero", StringComparison.Ordinal);
        Checkpoint merged = _bench.Merge(recipe);

        (string Name, int Index)[] flat = [.. names.Order(StringComparer.Ordinal).SelectMany(n => Enumerable.Range(0, 501).Select(i => (n, i)))];
        HashSet<(string, int)> kept = [.. flat.Select((f, place) => (f.Name, f.Index, place, Size: Math.Abs(steps[Array.IndexOf(names, f.Name)][f.Index])))
            .OrderByDescending(f => f.Size).ThenBy(f => f.place).Take((int)(density * flat.Length) + 1).Select(f => (f.Name, f.Index))];
        for (int t = 0; t < names.Length; t++)
            Assert.Equal(steps[t].Select((v, i) => kept.Contains((names[t], i)) ? v : 0), Floats(merged, names[t]));
    }

    [Theory]
    [InlineData("magmax", "scaling_factor: 1")]
    [InlineData("consensus_ta", "tall_mask_lambda: 0.4")]
    [InlineData("tall_mask", "tall_mask_lambda: 0.4, task: short")]
    [InlineData("emr", "task: short")]
    [InlineData("emr", "task: a")]
    [InlineData("ties", "weight: 1, density: 0.999, scope: model")]
    [InlineData("widen", "")]
    public void A_tensor_that_a_model_lacks_is_one_it_left_alone(string method, string parameters)
    {
        (string, float[])[] layer = [("layers.0.w", Floats(Checkpoint.Open(_bench.Path("c")), "layers.0.w"))];
        _bench.Model("small", ("layers.0.w", Floats(Checkpoint.Open(_bench.Path("base")), "layers.0.w")), ("head", [1f, 2f, 3f]));
        _bench.Model("a", ("layers.0.w", Floats(Checkpoint.Open(_bench.Path("a")), "layers.0.w")), ("head", [1.5f, 2f, 2.5f]));
        _bench.Model("short", layer);
        string recipe = Text(method, parameters, "a", "short").Replace("base_model: base", "base_model: small", StringComparison.Ordinal);
        Checkpoint lacking = _bench.Merge(recipe + "missing: skip\n");
        _bench.Model("short", [.. layer, ("head", [1f, 2f, 3f])]);
        // a softmax over one model is not one over two
        foreach (TensorInfo tensor in _bench.Merge(recipe).Tensors.Where(t => method != "widen" || t.Name != "head"))
            AssertSameBits(Floats(_bench.Merge(recipe), tensor.Name), Floats(lacking, tensor.Name));
    }

    [Fact]
    public void Vectors_sparsified_over_the_model_merge_as_a_recipe_does_and_only_where_masks_count()
    {
        var magnitude = SparsifierCatalog.Get("magnitude");
        IReadOnlyList<TaskVector> vectors = TaskVector.Sparsify(TaskVector.Create(_bench.Path("base"), [_bench.Path("a")]), magnitude, magnitude.ParametersOf(("density", 0.3), ("scope", "model")));
        Checkpoint piped = Checkpoint.Open(_bench.Run(TaskVector.Define(vectors, MethodCatalog.Get("task_arithmetic"), ParameterSet.Empty)).Path);
        Checkpoint written = _bench.Merge(Text("ties", "weight: 1, density: 0.3, scope: model", "a"));
        foreach (TensorInfo tensor in piped.Tensors)
            AssertSameBits(Floats(written, tensor.Name), Floats(piped, tensor.Name));
        Assert.Contains("dense", Fails(CabsError.AlreadySparsified, () => TaskVector.Define(vectors, MethodCatalog.Get("magmax"), ParameterSet.Empty)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Layers_are_swapped_with_a_transition()
    {
        string recipe = Text("layer_swap", "bottom: 1, top: 2, transition: 1", "a", "b");
        Checkpoint merged = _bench.Merge(recipe), a = Checkpoint.Open(_bench.Path("a")), b = Checkpoint.Open(_bench.Path("b"));
        foreach (TensorInfo tensor in merged.Tensors)
        {
            float[] first = Floats(a, tensor.Name), second = Floats(b, tensor.Name);
            string layer = tensor.Name.StartsWith("layers.", StringComparison.Ordinal) ? tensor.Name.Split('.')[1] : "none";
            AssertSameBits(layer switch
            {
                "none" or "0" or "9" or "10" => first,
                "1" or "8" => [.. first.Zip(second, (x, y) => (x + y) * 0.5f)],
                _ => second,
            }, Floats(merged, tensor.Name));
        }
    }

    [Theory]
    [InlineData("emr", "task: d", "no model has this name")]
    [InlineData("tall_mask", "tall_mask_lambda: 0.4", "'task' has no value")]
    [InlineData("tall_mask", "task: a", "'tall_mask_lambda' has no value")]
    [InlineData("ties", "density: [0.2, 0.4], weight: 1, scope: model", "differs between tensors")]
    [InlineData("ties", "density: 0.2, weight: 1, scope: [{filter: head, value: model}, {value: row}]", "differs between tensors")]
    [InlineData("layer_swap", "bottom: 8, top: 5", "must not exceed")]
    public void What_cannot_be_is_refused_while_planning(string method, string parameters, string part) =>
        Assert.Contains(part, Fails(CabsError.ParameterInvalid, () => _bench.Plan(Text(method, parameters, "a", "b"))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("post: {method: lines}", "must be a list")]
    [InlineData("post: [{method: line}]", "did you mean 'lines'")]
    [InlineData("post: [{parameters: {alpha: 1}}]", "has no 'method'")]
    [InlineData("post: [{method: lines, with: 1}]", "unknown key 'with'")]
    [InlineData("post: [{method: lines, parameters: {alpha: 1, gamma: 2}}]", "unknown parameter 'gamma'")]
    [InlineData("post: [{method: lines, parameters: {alpha: 1}}]", "has no 'beta'")]
    [InlineData("post: [{method: lines, parameters: {alpha: some, beta: 1}}]", "a number, or auto")]
    public void A_wrong_step_is_told_with_its_line(string post, string part)
    {
        var failure = Assert.Throws<CabsException>(() => _bench.Plan(Text("task_arithmetic", "weight: 1", "a") + post + "\n"));
        Assert.Contains("recipe.yml line ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(part, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_needs_a_base()
    {
        string recipe = "merge_method: linear\nmodels:\n- {model: a, parameters: {weight: 1}}\n- {model: b, parameters: {weight: 1}}\n" + Lines("1", "0.5");
        Assert.Contains("base_model", Fails(CabsError.RecipeInvalid, () => _bench.Plan(recipe)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _bench.Dispose();

    private static string Lines(string alpha, string beta) => $"post: [{{method: lines, parameters: {{alpha: {alpha}, beta: {beta}}}}}]\n";

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    // eleven layers and two tensors outside them; fine-tunes leave a fifth of the weights alone
    private void Write(string model, int seed, int tune)
    {
        var tensors = new List<(string, long[], float[])>();
        foreach (string name in Enumerable.Range(0, 11).Select(l => $"layers.{l}.w").Append("embed").Append("head"))
        {
            float[] values = Samples.Normal(seed++, 120);
            if (tune > 0)
            {
                float[] deltas = Samples.Normal((100 * tune) + seed, 120);
                values = [.. values.Select((v, i) => i % 5 == tune ? v : v + (0.125f * deltas[i]))];
            }

            tensors.Add((name, [10, 12], values));
        }

        _bench.Model(model, DType.F32, [.. tensors]);
    }

    private void AssertSame(string expected, string actual)
    {
        Checkpoint a = _bench.Merge(expected), b = _bench.Merge(actual);
        foreach (TensorInfo tensor in a.Tensors)
            AssertSameBits(Floats(a, tensor.Name), Floats(b, tensor.Name));
    }
}
