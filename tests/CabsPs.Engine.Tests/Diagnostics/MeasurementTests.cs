using System.Text.Json;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Diagnostics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.TaskVectors;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests.Diagnostics;

/// <summary>What a measurement says, against figures made elsewhere and against plain loops over whole arrays.</summary>
public sealed class MeasurementTests
{
    private static readonly (string Name, long[] Shape)[] s_tensors =
        [("embed.weight", [7, 50]), ("model.layers.0.w", [40, 33]), ("model.layers.0.b", [301]), ("model.layers.1.w", [3, 5, 64]), ("model.layers.1.b", [70])];

    public static TheoryData<string, int, int> GoldenBlocks { get; } = new() { { "cabs_64_256", 64, 256 }, { "cabs_16_64", 16, 64 } };

    [Theory]
    [MemberData(nameof(GoldenBlocks))]
    public void Norm_kept_and_counts_of_CABS_are_the_golden_ones(string entry, int n, int m)
    {
        using JsonDocument golden = Golden(out string folder);
        JsonElement expected = golden.RootElement.GetProperty(entry);
        string[] order = [.. expected.GetProperty("order").EnumerateArray().Select(e => e.GetString()!)];
        MeasureResult found = Measure(TaskVector.Sparsify(Vectors(folder, order), CabsSparsifier.Instance, CabsSparsifier.Instance.ParametersOf(("n", n), ("m", m))));
        Assert.Equal(order, found.Vectors);
        for (int v = 0; v < order.Length; v++)
        {
            Assert.Equal(expected.GetProperty("kept")[v].GetInt64(), found.Total.Vectors[v].Kept);
            Assert.Equal(expected.GetProperty("norm_kept")[v].GetDouble(), found.Total.Vectors[v].NormKept, 1e-12);
            // four times 64 of 256 fill every block; a tail's share is rounded, so only complete blocks are equal
            Assert.Equal(0.0, found.Total.Vectors[v].Balance.Blocks);
        }

        Assert.All(found.Total.Pairs, p => Assert.Equal((0L, 0.0), (p.Shared, p.CosineKept)));
    }

    [Fact]
    public void Overlaps_of_magnitude_masks_are_the_golden_ones()
    {
        using JsonDocument golden = Golden(out string folder);
        JsonElement expected = golden.RootElement.GetProperty("magnitude_0.25");
        string[] names = [.. expected.GetProperty("kept").EnumerateObject().Select(p => p.Name)];
        Sparsifier magnitude = SparsifierCatalog.Get("magnitude");
        MeasureResult found = Measure(TaskVector.Sparsify(Vectors(folder, names), magnitude, magnitude.ParametersOf(("density", 0.25))));
        Assert.All(found.Total.Vectors, v => Assert.Equal(expected.GetProperty("kept").GetProperty(v.Name).GetInt64(), v.Kept));
        Assert.Equal(6, found.Total.Pairs.Count);
        foreach (MeasuredPair pair in found.Total.Pairs)
        {
            JsonElement overlap = expected.GetProperty("overlap").GetProperty($"{pair.First}/{pair.Second}");
            Assert.Equal(overlap.GetProperty("jaccard").GetDouble(), pair.Jaccard, 1e-12);
            Assert.Equal(overlap.GetProperty("share").GetDouble(), pair.ShareOfSmaller, 1e-12);
        }
    }

    [Theory]
    [InlineData("sequential", 40, 48)]
    [InlineData("sequential", 10, 64)]
    [InlineData("none", 20, 100)]
    [InlineData("joint", 30, 64)]
    public void Every_figure_of_CABS_is_that_of_plain_loops(string assignment, int n, int m)
    {
        using Workbench bench = Models(DType.F32);
        MeasureResult found = Measure(bench, Cabs($"n: {n}, m: {m}, assignment: {assignment}", "a", "b", "c"));
        PlainMeasure.Check(found, Deltas(bench, "a", "b", "c"), s_tensors, t => BruteForce.Masks(t, [n, n, n], [m, m, m], assignment, "proportional"), m);
        Assert.Equal($"cabs {n}:{m} {assignment}", found.Sparsifications[0]);
    }

    [Theory]
    [InlineData(DType.F32)]
    [InlineData(DType.BF16)]
    [InlineData(DType.F64)]
    public void Every_figure_of_dense_vectors_is_that_of_plain_loops(DType type)
    {
        using Workbench bench = Models(type);
        MeasureResult found = Measure(bench, Text("slerp", "t: 0.5", "a", "b"));
        PlainMeasure.Check(found, Deltas(bench, "a", "b"), s_tensors, t => [.. t.Select(d => d.Select(_ => true).ToArray())], 256);
        Assert.All(found.Sparsifications, Assert.Null);
        Assert.Equal("slerp", found.Method);
    }

    [Fact]
    public void Magnitude_masks_are_those_of_a_sort()
    {
        using Workbench bench = Models(DType.F32);
        MeasureResult found = Measure(bench, Text("ties", "density: 0.3, weight: 1", "a", "b", "c"));
        PlainMeasure.Check(found, Deltas(bench, "a", "b", "c"), s_tensors, t => [.. t.Select(d =>
        {
            int[] largest = [.. Enumerable.Range(0, d.Length).Where(i => d[i] != 0).OrderByDescending(i => Math.Abs(d[i])).ThenBy(i => i).Take((int)(0.3 * d.Length))];
            return Enumerable.Range(0, d.Length).Select(largest.Contains).ToArray();
        })], 256);
    }

    [Theory]
    [InlineData("cabs", "n: 26, m: 256, weight: 1")]
    [InlineData("cabs", "n: 30, m: 100, weight: 1, assignment: joint")]
    [InlineData("dare_ties", "density: 0.3, weight: 1")]
    [InlineData("ties", "density: 0.3, weight: 1, scope: model")]
    public void Threads_and_pieces_never_show(string method, string parameters)
    {
        using var bench = new Workbench();
        (string, long[])[] tensors = [("layers.0.w", [700, 1000]), ("layers.1.w", [1003, 301]), ("head", [65, 4099])];
        for (int seed = 0; seed < 3; seed++)
            bench.Model(new[] { "base", "a", "b" }[seed], DType.F32, [.. tensors.Select((t, i) => (t.Item1, t.Item2, Samples.Normal((10 * seed) + i, (int)t.Item2.Aggregate((x, y) => x * y))))]);
        string recipe = Text(method, parameters, "a", "b");
        string expected = Figures(Measure(bench, recipe, new MergeOptions { Threads = 1 }));
        Assert.Equal(expected, Figures(Measure(bench, recipe, new MergeOptions { Threads = 5, PieceBytes = 4 << 10 })));
        Assert.Equal(expected, Figures(Measure(bench, recipe, new MergeOptions { Threads = 2, PieceBytes = 64 << 20, MaxMemory = 4L << 30 })));
    }

    [Fact]
    public void A_measurement_and_a_merge_say_the_same()
    {
        using Workbench bench = Models(DType.F32);
        string recipe = Cabs("n: 40, m: 64, assignment: none, weight: 1", "a", "b");
        MergeResult merged = bench.Run(recipe);
        MeasureResult found = Measure(bench, recipe);
        Assert.Equal(merged.Vectors.Select(v => (v.Name, v.Kept)), found.Total.Vectors.Select(v => (v.Name, v.Kept)));
        // a merge's own report adds up in float32
        Assert.All(merged.Vectors.Zip(found.Total.Vectors), v => Assert.Equal(v.Second.NormKept, v.First.NormKept, 1e-5));
        Assert.Equal(merged.Overlaps.Select(p => (p.Shared, p.Jaccard, p.ShareOfSmaller)), found.Total.Pairs.Select(p => (p.Shared, p.Jaccard, p.ShareOfSmaller)));
    }

    [Fact]
    public void One_pass_reads_every_merged_weight_once()
    {
        using Workbench bench = Models(DType.F32);
        long weights = s_tensors.Sum(t => t.Shape.Aggregate((x, y) => x * y));
        Assert.Equal(3 * 4 * weights, Measure(bench, Cabs("n: 8, m: 32, weight: 1", "a", "b")).BytesRead);
        Assert.Equal(2 * 3 * 4 * weights, Measure(bench, Cabs("n: 8, m: 32, weight: auto, assignment: joint", "a", "b")).BytesRead);
    }

    [Fact]
    public void Tensors_that_are_left_out_or_missing_are_not_counted()
    {
        using Workbench bench = Models(DType.F32);
        MeasureResult found = Measure(bench, Text("task_arithmetic", "weight: 1", "a", "b") + "exclude: ['model.layers.1.*', embed*]\n");
        Assert.Equal(["model.layers.0.b", "model.layers.0.w"], found.Tensors.Select(t => t.Name));
        Assert.Equal(["model.layers.0"], found.Layers.Select(l => l.Name));
        Assert.Equal(0, found.Layers[0].Layer);
        Assert.Null(found.Total.Vectors[0].Balance.Layers);
        bench.Model("b", DType.F32, ("model.layers.0.b", [301], new float[301]), ("model.layers.1.b", [70], new float[70]));
        found = Measure(bench, Text("task_arithmetic", "weight: 1", "a", "b") + "missing: skip\n");
        Assert.Equal(371, found.Total.Vectors[1].Count);
        Assert.Equal(371, found.Total.Pairs.Single().KeptByFirst);
    }

    [Fact]
    public void Without_a_base_there_is_no_task_vector()
    {
        using Workbench bench = Models(DType.F32);
        CabsException failure = Fails(CabsError.RecipeInvalid, () => Measure(bench, "merge_method: linear\nmodels: [{model: a}, {model: b}]\nparameters: {weight: 1}\n"));
        Assert.Contains("recipe.yml line 1: a task vector is a model less its base, and there is no base model; give 'base_model'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_NaN_is_named()
    {
        using Workbench bench = Models(DType.F32);
        bench.Vectors([1, 2], [1, float.NaN]);
        Assert.Contains("tensor 'w' holds NaN at index 1", Fails(CabsError.NonFiniteInput, () => Measure(bench, Cabs("weight: 1", "a"))).Message, StringComparison.Ordinal);
    }

    private static Workbench Models(DType type)
    {
        var bench = new Workbench();
        float[][] origin = [.. s_tensors.Select((t, i) => Samples.Normal(i, (int)t.Shape.Aggregate((x, y) => x * y)))];
        bench.Model("base", type, [.. s_tensors.Select((t, i) => (t.Name, t.Shape, origin[i]))]);
        for (int v = 0; v < 3; v++)
        {
            // a quarter of the weights is left as it was, so that zeros are among the deltas
            bench.Model(((char)('a' + v)).ToString(), type, [.. s_tensors.Select((t, i) =>
            {
                float[] step = Samples.FewUlps(100 + (10 * v) + i, origin[i].Length);
                return (t.Name, t.Shape, origin[i].Select((x, k) => (k * 7) % (4 + v) == 0 ? x : x + step[k]).ToArray());
            })]);
        }

        return bench;
    }

    // as the engine computes them: in float32 unless a model is float64
    private static double[][][] Deltas(Workbench bench, params string[] experts)
    {
        Checkpoint origin = Checkpoint.Open(bench.Path("base"));
        return [.. s_tensors.Select(t => experts.Select(e =>
        {
            TensorInfo own = origin.Find(t.Name)!;
            double[] low = TensorData.Values(own), high = TensorData.Values(Checkpoint.Open(bench.Path(e)).Find(t.Name)!);
            return high.Select((h, i) => own.Type == DType.F64 ? h - low[i] : (double)((float)h - (float)low[i])).ToArray();
        }).ToArray())];
    }

    private static MeasureResult Measure(Workbench bench, string recipe, MergeOptions? options = null) =>
        TaskVectorMeasurement.Create(bench.Read(recipe), options ?? new MergeOptions()).Execute();

    private static MeasureResult Measure(IReadOnlyList<TaskVector> vectors) =>
        TaskVectorMeasurement.Create(TaskVector.Define(vectors, MethodCatalog.Get("task_arithmetic"), ParameterSet.Empty), new MergeOptions()).Execute();

    private static IReadOnlyList<TaskVector> Vectors(string folder, string[] names) =>
        TaskVector.Create(Path.Combine(folder, "models", "base"), [.. names.Select(n => Path.Combine(folder, "models", n))]);

    private static JsonDocument Golden(out string folder) =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder = GoldenCases.FolderOf("golden"), "diagnostics.json")));

    // every bit of every figure
    private static string Figures(MeasureResult result) => JsonSerializer.Serialize(new object[] { result.Total, result.Layers, result.Tensors });
}
