using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Tests;
using TorchSharp;

namespace CabsPs.Torch.Tests;

/// <summary>Every method on both engines, over tensors of several shapes with ties and zeros among their deltas, whole and in small pieces: the same bits, or a unit in
/// the last place where sums were added up in another order.</summary>
public sealed class EngineAgreementTests
{
    // per method, recipes' parameters; "|" separates those of the models
    private static readonly (string Method, string Parameters, string Models)[] s_cases =
    [
        ("cabs", "n: 3, m: 16", "weight: 0.7|weight: 1.1|weight: auto"),
        ("cabs", "n: 7, m: 16", "weight: 0.7|weight: 1.1|weight: 1"),
        ("cabs", "n: 5, m: 16, assignment: joint, tail: keep", "weight: 0.7|weight: 1.1|weight: auto"),
        ("cabs", "n: 9, m: 16, assignment: joint", "weight: 1|weight: 1|weight: 1"),
        ("cabs", "n: 9, m: 16, assignment: none, overlap: ties, tail: drop", "weight: 0.5|weight: 1.3|weight: 1"),
        ("task_arithmetic", "lambda: 0.7, normalize: true", "weight: 0.3|weight: -1.1|weight: 0.9"),
        ("ties", "density: 0.3", "weight: 1|weight: 0.4|weight: 0.8"),
        ("ties", "density: 0.3, scope: row, assignment: sequential", "weight: 1|weight: 0.4|weight: 0.8"),
        ("ties", "density: 0.3, scope: model", "weight: 1|weight: 0.4|weight: 0.8"),
        ("ties", "density: 0.4, assignment: sequential, rescale: l1", "weight: 1|weight: 0.4|weight: 0.8"),
        ("dare_linear", "density: 0.4", "weight: 1|weight: 0.4|weight: 0.8"),
        ("dare_ties", "density: 0.4, rescale: density", "weight: 1|weight: 0.4|weight: 0.8"),
        ("della", "density: 0.5, epsilon: 0.2", "weight: 1|weight: 0.4|weight: 0.8"),
        ("della_linear", "density: 0.5, epsilon: 0.2", "weight: 1|weight: 0.4|weight: 0.8"),
        ("breadcrumbs", "density: 0.5, gamma: 0.1", "weight: 1|weight: 0.4|weight: 0.8"),
        ("breadcrumbs", "density: 0.5, gamma: 0.1, scope: model", "weight: 1|weight: 0.4|weight: 0.8"),
        ("breadcrumbs_ties", "density: 0.5, gamma: 0.1, scope: row", "weight: 1|weight: 0.4|weight: 0.8"),
        ("tall_mask", "task: a, tall_mask_lambda: 0.4", "||"),
        ("consensus_ta", "tall_mask_lambda: 0.4, prun_thre_k: 2, scaling_factor: 0.9", "||"),
        ("emr", "", "||"),
        ("emr", "task: b", "||"),
        ("pcb", "pcb_ratio: 0.3, scaling_factor: 0.9", "||"),
        ("magmax", "scaling_factor: 0.6", "||"),
        ("tatr", "threshold_quantile: 0.7", "||"),
        ("widen", "above_average_value_ratio: 1.2, score_calibration_value: 0.9", "||"),
        ("linear", "", "weight: 0.2|weight: 0.3|weight: 0.5"),
        ("linear", "normalize: false", "weight: 0.2|weight: 0.3|weight: 0.5"),
        ("slerp", "t: 0.3", ""),
        ("nuslerp", "", "weight: 0.3|weight: 0.7"),
        ("nuslerp", "nuslerp_flatten: false", "weight: 0.3|weight: 0.7"),
        ("nuslerp", "nuslerp_flatten: false, nuslerp_row_wise: true", "weight: 0.3|weight: 0.7"),
        ("multislerp", "", "weight: 0.3|weight: 0.4|weight: 0.5"),
        ("karcher", "", "||"),
        ("model_stock", "", "||"),
        ("model_stock", "filter_wise: true", "||"),
        ("sce", "select_topk: 0.4", "||"),
        ("sce", "", "||"),
        ("ram", "epsilon: 1e-4", "||"),
        ("ramplus_tl", "epsilon: 1e-4", "||"),
        ("nearswap", "t: 0.0005", ""),
        ("arcee_fusion", "", ""),
        ("layer_swap", "bottom: 1, top: 0, transition: 1", "|"),
        ("passthrough", "", "scale: 0.7"),
        ("tsv_m", "", "||"),
        ("iso_c", "", "||"),
        ("opcm", "", "||"),
    ];

    public static TheoryData<string, string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string, string>();
            foreach ((string method, string parameters, string models) in s_cases)
                cases.Add(method, parameters, models);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Both_engines_give_the_same(string method, string parameters, string models)
    {
        foreach (DType type in new[] { DType.F32, DType.BF16, DType.F16, DType.F64 })
        {
            using Workbench bench = Models(type);
            string recipe = Recipe(method, parameters, models.Split('|'));
            Checkpoint expected = bench.Merge(recipe);
            // matrices are decomposed by other routines
            double tolerance = method is "tsv_m" or "iso_c" or "opcm" ? 1e-5 : 0;
            AssertAgree(expected, bench.Merge(recipe, new MergeOptions { Engine = new TorchEngine(torch.CPU, "cpu") }), tolerance);
            AssertAgree(expected, bench.Merge(recipe, new MergeOptions { Engine = new TorchEngine(torch.CPU, "cpu") { LongestPiece = 200 } }), tolerance);
        }
    }

    [Fact]
    public void No_method_is_left_out()
    {
        IEnumerable<string> golden = ((IEnumerable<object[]>)TorchGoldenTests.Cases).Select(row => (GoldenCase)row[0]).Select(c => Engine.Recipes.Recipe.Read(c.Recipe, c.Folder).Method.Name);
        Assert.Empty(MethodCatalog.All.Select(m => m.Name).Except(s_cases.Select(c => c.Method)).Except(golden));
    }

    /// <summary>Base and experts of a type: matrices in two layers, an embedding, vectors and a tensor of three dimensions.</summary>
    internal static Workbench Models(DType type)
    {
        var bench = new Workbench();
        (string Name, long[] Shape)[] tensors =
        [
            ("model.embed_tokens.weight", [31, 20]), ("model.layers.0.a.weight", [37, 53]), ("model.layers.1.a.weight", [24, 36]),
            ("model.layers.0.b", [1000]), ("model.layers.1.b", [3]), ("model.layers.1.c", [4, 5, 6]),
        ];
        var origins = tensors.Select((t, i) => Samples.Normal(10 + i, (int)t.Shape.Aggregate((a, b) => a * b))).ToArray();
        bench.Model("base", type, [.. tensors.Select((t, i) => (t.Name, t.Shape, origins[i]))]);
        foreach ((int e, string name) in new[] { "a", "b", "c" }.Index())
        {
            bench.Model(name, type, [.. tensors.Select((t, i) =>
            {
                // half of the tensors with deltas of few magnitudes, so that many are equal
                float[] delta = i % 2 == 0 ? Samples.Normal(100 + (10 * e) + i, origins[i].Length) : Samples.FewUlps(100 + (10 * e) + i, origins[i].Length);
                return (t.Name, t.Shape, origins[i].Zip(delta, (o, d) => o + (0.1f * d)).ToArray());
            })]);
        }

        return bench;
    }

    private static string Recipe(string method, string parameters, string[] models) =>
        $"merge_method: {method}\n{(MethodCatalog.Get(method).BaseRule == BaseRule.Ignored ? string.Empty : "base_model: base\n")}models:\n"
        + string.Concat(models.Select((m, i) => $"  - model: {(char)('a' + i)}\n{(m.Length > 0 ? $"    parameters: {{{m}}}\n" : string.Empty)}"))
        + $"parameters: {{{parameters}}}\n";

    /// <summary>The same weights, or a unit in the last place apart.</summary>
    internal static void AssertAgree(Checkpoint expected, Checkpoint actual, double tolerance)
    {
        foreach (TensorInfo tensor in expected.Tensors)
        {
            TensorInfo found = actual.Find(tensor.Name)!;
            Assert.Equal(tensor.Type, found.Type);
            double[] want = TensorData.Values(tensor), have = TensorData.Values(found);
            for (int i = 0; i < want.Length; i++)
            {
                double unit = Math.ScaleB(1, Math.Max(Math.ILogB(want[i]), tensor.Type == DType.F16 ? -14 : -126) - tensor.Type switch { DType.BF16 => 7, DType.F16 => 10, DType.F32 => 23, _ => 52 });
                // float64 sums in another order are a few units apart
                double allowed = tensor.Type == DType.F64 ? Math.Max(64 * unit, 1e-15) : unit;
                Assert.True(Math.Abs(want[i] - have[i]) <= Math.Max(allowed, tolerance), $"{tensor.Name}[{i}] is {have[i]:R}, the managed engine gives {want[i]:R}");
            }
        }
    }
}
