using System.Security.Cryptography;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>The same inputs and options give the same bytes, however the work is cut. The largest tensor spans several units of
/// work, and both the joint assignment and weight auto measure it first.</summary>
public sealed class DeterminismTests : IClassFixture<DeterminismTests.Models>
{
    private readonly Models _models;

    public DeterminismTests(Models models) => _models = models;

    public static TheoryData<string> Recipes { get; } = new(
        Cabs("weight: auto, n: 3, m: 10, assignment: joint, overlap: ties", "a", "b"),
        Cabs("weight: auto, lambda: 0.6, n: 26, m: 256", "a", "b"),
        Cabs("weight: 0.7, assignment: none, tail: keep", "a {n: 3, m: 48}", "b {n: 9, m: 100}"),
        Text("task_arithmetic", "weight: 0.7", "a", "b"),
        Text("ties", "density: 0.3, weight: 0.7, assignment: sequential", "a", "b"),
        Text("dare_linear", "density: 0.3, weight: 0.7", "a", "b"),
        Text("dare_linear", "density: 0.3, weight: 0.7, rescale: density", "a", "b"),
        Text("dare_ties", "density: 0.3, weight: 0.7", "a", "b"),
        Text("della", "density: 0.4, weight: 0.7", "a", "b"),
        Text("breadcrumbs", "density: 0.4, gamma: 0.05, weight: 0.7", "a", "b"),
        Text("nuslerp", "weight: 0.7", "a", "b"),
        Text("nuslerp", "weight: 0.7, nuslerp_flatten: false", "a", "b"),
        Text("nuslerp", "weight: 0.7, nuslerp_flatten: false, nuslerp_row_wise: true", "a", "b"),
        Text("multislerp", "weight: 0.7", "a", "b"),
        Text("karcher", "max_iter: 4", "a", "b"),
        Text("model_stock", "", "a", "b"),
        Text("model_stock", "filter_wise: true", "a", "b"),
        Text("sce", "", "a", "b"),
        Text("sce", "select_topk: 0.3", "a", "b"),
        Text("ram", "epsilon: 0.1", "a", "b"),
        Text("ramplus_tl", "epsilon: 0.1, alpha: 9", "a", "b"),
        Text("nearswap", "t: 0.1", "b"),
        Text("arcee_fusion", "", "b"),
        Text("ties", "weight: 1, density: 0.3, scope: model", "a", "b"),
        Text("breadcrumbs", "weight: 0.7, density: 0.5, gamma: 0.1, scope: model", "a", "b"),
        Text("emr", "task: a", "a", "b"),
        Text("pcb", "pcb_ratio: 0.3", "a", "b"),
        Text("tatr", "threshold_quantile: 0.9", "a", "b"),
        Text("widen", "above_average_value_ratio: 1.1", "a", "b"),
        Text("consensus_ta", "tall_mask_lambda: 0.4, scaling_factor: 0.5", "a", "b") + "post: [{method: lines, parameters: {alpha: auto, beta: 0.5}}]\n",
        Text("ties", "weight: 1, density: 0.3", "a", "b") + "post: [{method: lines, parameters: {alpha: auto, beta: 0.5}}, {method: lines, parameters: {alpha: auto, beta: 0}}]\n");

    [Theory]
    [MemberData(nameof(Recipes))]
    public void Threads_pieces_memory_and_shards_of_the_inputs_never_show(string recipe)
    {
        string expected = Hash(recipe, new MergeOptions { Threads = 1 });
        foreach (int threads in (int[])[1, 2, 7])
        {
            Assert.Equal(expected, Hash(recipe, new MergeOptions { Threads = threads, PieceBytes = 4 << 10 }));
            Assert.Equal(expected, Hash(recipe, new MergeOptions { Threads = threads, PieceBytes = 64 << 20, MaxMemory = 4L << 30 }));
        }

        Assert.Equal(expected, Hash(recipe, new MergeOptions { Threads = 3, PieceBytes = 100_003, MaxMemory = 6 << 20 }));
        Assert.Equal(expected, Hash(recipe.Replace("- model: b", "- model: sharded/b", StringComparison.Ordinal), new MergeOptions { Threads = 2 }));
    }

    [Fact]
    public void Masks_that_are_kept_where_there_is_room_are_those_made_again()
    {
        string recipe = Text("della_linear", "density: 0.4, weight: 0.7", "rows/a", "rows/b").Replace("base_model: base", "base_model: rows/base", StringComparison.Ordinal);
        foreach ((string model, int seed) in ((string[])["base", "a", "b"]).Index().Select(m => (m.Item, m.Index)))
            _models.Bench.Model($"rows/{model}", DType.BF16, ("w", [500, 192], Samples.Normal(seed, 500 * 192)));
        var options = new MergeOptions { Threads = 2, PieceBytes = 4096 };
        MemoryBudget roomy = _models.Bench.Plan(recipe, options).Memory;
        Assert.Equal(2 * 500 * 192 / 8, roomy.WholeBytes);
        var tight = new MergeOptions { Threads = 2, PieceBytes = 4096, MaxMemory = roomy.BufferBytes - 1 };
        MemoryBudget left = _models.Bench.Plan(recipe, tight).Memory;
        Assert.Equal((tight.MaxMemory, roomy.PieceBytes, roomy.Threads), (left.BufferBytes, left.PieceBytes, left.Threads));
        Assert.Equal(Hash(recipe, tight), Hash(recipe, options));
    }

    [Fact]
    public void Shards_of_the_output_hold_the_same_weights()
    {
        string recipe = Cabs("weight: 1, n: 3, m: 10", "a", "b");
        Checkpoint one = _models.Bench.Merge(recipe), many = _models.Bench.Merge(recipe, new MergeOptions { ShardBytes = 1000 });
        Assert.True(many.Files.Count > 3);
        Assert.Equal(one.Tensors.Select(t => t.Name), many.Tensors.Select(t => t.Name));
        foreach (TensorInfo tensor in one.Tensors)
            Assert.True(TensorData.Bytes(tensor).AsSpan().SequenceEqual(TensorData.Bytes(many.Find(tensor.Name)!)), tensor.Name);
    }

    [Fact]
    public void Nearly_the_same_recipe_gives_other_bytes() => Assert.NotEqual(
        Hash(Cabs("weight: 0.7, n: 26, m: 256", "a", "b"), new MergeOptions()),
        Hash(Cabs("weight: 0.7, n: 26, m: 255", "a", "b"), new MergeOptions()));

    private string Hash(string recipe, MergeOptions options) =>
        Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Path.Combine(_models.Bench.Run(recipe, options).Path, "model.safetensors"))));

    /// <summary>A base and two experts of mixed types: large, small, scalar and empty tensors.</summary>
    public sealed class Models : IDisposable
    {
        private static readonly (string Name, DType InBase, DType InExpert, long[] Shape)[] s_tensors =
        [
            ("large", DType.F32, DType.F32, [600, 1001]),
            ("half.bf16", DType.BF16, DType.BF16, [37, 211]),
            ("half.f16", DType.F16, DType.F16, [5003]),
            ("mixed", DType.BF16, DType.F16, [777]),
            ("double", DType.F64, DType.F64, [33, 301]),
            ("widened", DType.F32, DType.F64, [301]),
            ("scalar", DType.F32, DType.F32, []),
            ("empty", DType.F32, DType.F32, [4, 0, 3]),
            ("ids", DType.I64, DType.I64, [9]),
        ];

        public Models()
        {
            Write("base", new Random(1), inBase: true);
            Write("a", new Random(2), inBase: false);
            Write("b", new Random(3), inBase: false);
            Shard("b", "sharded/b");
        }

        public Workbench Bench { get; } = new();

        public void Dispose() => Bench.Dispose();

        private void Write(string model, Random random, bool inBase) => Bench.Raw(model, [.. s_tensors.Select(t =>
        {
            DType type = inBase ? t.InBase : t.InExpert;
            int count = (int)t.Shape.Aggregate(1L, (a, b) => a * b);
            byte[] bytes = new byte[count * type.Size()];
            if (type.IsMergeable())
            {
                double[] values = [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() - 0.5)];
                Numerics.ReferenceKernels<double>.Instance.Narrow(values, type, bytes);
            }

            return (t.Name, type, t.Shape, bytes);
        })]);

        private void Shard(string from, string to)
        {
            Checkpoint model = Checkpoint.Open(Bench.Path(from));
            TensorInfo[] reversed = [.. model.Tensors.Reverse()];
            for (int i = 0; i < 2; i++)
            {
                TensorData.WriteRaw(Bench.Path(to, $"part-{i}.safetensors"), [.. reversed.Where((_, place) => place % 2 == i).Select(t => (t.Name, t.Type, t.Shape.ToArray(), TensorData.Bytes(t)))]);
            }

            string map = string.Join(", ", reversed.Select((t, place) => $"\"{t.Name}\": \"part-{place % 2}.safetensors\""));
            Bench.Write($"{{\"weight_map\": {{{map}}}}}", to, "model.safetensors.index.json");
        }
    }
}
