using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using static CabsPs.Engine.Tests.Workbench;
using Dense = MathNet.Numerics.LinearAlgebra.Matrix<double>;

namespace CabsPs.Engine.Tests;

/// <summary>Methods of whole matrices against their formulas on matrices of several shapes, their identities, what they do with other tensors, and what they
/// warn of or refuse.</summary>
public sealed class SubspaceMethodTests : IDisposable
{
    private const double Near = 1e-10;
    private static readonly (string Name, long[] Shape)[] s_tensors =
        [("tall", [31, 9]), ("wide", [7, 40]), ("square", [12, 12]), ("model.embed_tokens.weight", [21, 8]), ("bias", [11]), ("kernel", [4, 3, 2])];

    private readonly Workbench _bench = new();

    public SubspaceMethodTests()
    {
        foreach ((int seed, string model) in ((string[])["base", "a", "b", "c"]).Index())
        {
            var random = new Random(100 + seed);
            // experts of different size, so that no two singular values are the same
            _bench.Model(model, DType.F64, [.. s_tensors.Select(t => (t.Name, t.Shape, Values(t.Shape, random, 0.01f * (1 + seed))))]);
        }

        // task vectors near the base, as fine-tuned models have them
        float[] Values(long[] shape, Random random, float scale) => [.. Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(_ => (float)(random.NextDouble() - 0.5) * scale)];
    }

    public static TheoryData<string, string> OfOne { get; } = new()
    {
        { "tsv_m", "" },
        { "wudi", "" },
        { "opcm", "" },
        { "knots_ties", "density: 0.9999999" },
        { "knots_ta", "merging_type: sum" },
    };

    [Fact]
    public void Methods_are_their_formulas()
    {
        AssertMerged(Text("tsv_m", "alpha: 0.8", "a", "b", "c"), d => 0.8 * SubspaceReference.TsvM(d), Names2D);
        AssertMerged(Text("tsv_m", "", "a {weight: 0.5}", "b {weight: -2}"), d => SubspaceReference.TsvM([0.5 * d[0], -2 * d[1]]), Names2D, 2);
        AssertMerged(Text("iso_c", "scaling_factor: 1.5", "a", "b", "c"), d => 1.5 * SubspaceReference.IsoC(d), Names2D);
        foreach (double fraction in (double[])[0.2, 0.3, 0.5, 0.8])
            AssertMerged(Text("iso_cts", $"common_space_fraction: {fraction.ToString(System.Globalization.CultureInfo.InvariantCulture)}", "a", "b"), d => SubspaceReference.IsoCts(d, fraction), Names2D, 2);
        AssertMerged(Text("wudi", "rcond: 0", "a", "b"), SubspaceReference.Wudi, ["tall"], 2);
        AssertMerged(Text("knots_ties", "density: 0.3, scope: tensor", "a", "b", "c"), d => SubspaceReference.KnotsTies(d, 0.3, mean: true), ["tall", "wide", "square"]);
        AssertMerged(Text("knots_ties", "density: 0.6, scope: tensor, merging_type: sum, scaling_factor: 0.5, concat_across_output: false", "a", "b", "c"),
            d => 0.5 * SubspaceReference.KnotsTies([.. d.Select(x => x.Transpose())], 0.6, mean: false).Transpose(), ["tall", "wide", "square"]);
        AssertMerged(Text("knots_ties", "density: 0.4", "a", "b", "c") + "include: [square]\n", d => SubspaceReference.KnotsTies(d, 0.4, mean: true), ["square"]);
        AssertMerged(Text("task_arithmetic", "weight: 0.6", "a", "b", "c") + "post: [{method: svc, parameters: {alpha: 0.3}}]\n", d => SubspaceReference.Svc(0.6 * (d[0] + d[1] + d[2]), d, 0.3), Names2D);
        AssertMerged(Text("task_arithmetic", "weight: 0.6", "a", "b", "c") + "post: [{method: isotropic}]\n", d => SubspaceReference.Flat(0.6 * (d[0] + d[1] + d[2])), Names2D);
    }

    [Fact]
    public void Opcm_is_its_formula_and_has_the_mean_norm()
    {
        Checkpoint merged = _bench.Merge(Text("opcm", "alpha: 0.6", "a", "b", "c"));
        double norm = Math.Sqrt(s_tensors.Sum(t => Energy(Delta(merged, t.Name)))), mean = "abc".Average(m => Math.Sqrt(s_tensors.Sum(t => Energy(Delta(Open(m.ToString()), t.Name)))));
        Assert.Equal(mean, norm, 1e-10 * mean);
        Dense[] sums = [.. s_tensors.Select(t => t.Name is "tall" or "wide" or "square" ? SubspaceReference.Opcm(Deltas(t.Name), 0.6) : Deltas(t.Name).Aggregate((a, b) => a + b))];
        double scale = mean / Math.Sqrt(sums.Sum(s => s.Enumerate().Sum(v => v * v)));
        for (int i = 0; i < sums.Length; i++)
            AssertNear(scale * sums[i], AsMatrix(Delta(merged, s_tensors[i].Name), s_tensors[i].Shape));
        Checkpoint reversed = _bench.Merge(Text("opcm", "alpha: 0.6", "c", "b", "a"));
        Assert.True(Delta(merged, "tall").Zip(Delta(reversed, "tall"), (x, y) => Math.Abs(x - y)).Max() > 1e-4);
    }

    [Theory]
    [MemberData(nameof(OfOne))]
    public void Of_one_model_the_result_is_that_model(string method, string parameters)
    {
        Checkpoint merged = _bench.Merge(Text(method, parameters, "b"));
        foreach ((string name, long[] shape) in s_tensors)
        {
            bool stays = method.StartsWith("knots", StringComparison.Ordinal) && (shape.Length != 2 || name.Contains("embed", StringComparison.Ordinal));
            AssertNear(AsMatrix(stays ? new double[Delta(merged, name).Length] : Delta(Open("b"), name), shape), AsMatrix(Delta(merged, name), shape));
        }
    }

    [Fact]
    public void Iso_c_makes_all_singular_values_equal()
    {
        Checkpoint merged = _bench.Merge(Text("iso_c", "", "a", "b", "c"));
        foreach ((string name, long[] shape) in s_tensors.Where(t => t.Shape.Length == 2))
        {
            double[] values = [.. AsMatrix(Delta(merged, name), shape).Svd().S];
            Assert.InRange((values.Max() - values.Min()) / values.Average(), 0, 1e-11);
        }
    }

    [Theory]
    [InlineData("tsv_m", "", "tsv_m", "rcond: 1e-5")]
    [InlineData("iso_c", "", "iso_c", "rcond: 1e-5")]
    [InlineData("iso_cts", "", "iso_cts", "rcond: 1e-5")]
    [InlineData("iso_c", "", "iso_cts", "common_space_fraction: 1")]
    public void Full_rank_matrices_have_no_noise_and_no_task_share_is_iso_c(string first, string parameters, string second, string others)
    {
        Checkpoint one = _bench.Merge(Text(first, parameters, "a", "b", "c")), two = _bench.Merge(Text(second, others, "a", "b", "c"));
        foreach ((string name, _) in s_tensors)
            Assert.Equal(Doubles(one, name), Doubles(two, name));
    }

    [Fact]
    public void Knots_ta_that_sums_is_task_arithmetic_on_what_it_covers()
    {
        Checkpoint knots = _bench.Merge(Text("knots_ta", "merging_type: sum, scaling_factor: 0.4", "a", "b", "c")), plain = _bench.Merge(Text("task_arithmetic", "weight: 0.4", "a", "b", "c"));
        foreach (string name in (string[])["tall", "wide", "square"])
            Assert.All(Delta(knots, name).Zip(Delta(plain, name)), d => Assert.Equal(d.Second, d.First, Near));
        foreach (string name in (string[])["model.embed_tokens.weight", "bias", "kernel"])
            Assert.Equal(Doubles(Open("base"), name), Doubles(knots, name));
    }

    [Fact]
    public void Svc_of_one_model_or_of_equal_ones_is_that_model()
    {
        Copy("a", "x");
        Copy("a", "y");
        Checkpoint one = _bench.Merge(Text("task_arithmetic", "weight: 1", "a") + "post: [{method: svc}]\n"), three = _bench.Merge(Text("task_arithmetic", "weight: 1", "a", "x", "y") + "post: [{method: svc}]\n");
        foreach ((string name, _) in s_tensors.Where(t => t.Shape.Length == 2))
        {
            Assert.All(Delta(Open("a"), name).Zip(Delta(one, name)), d => Assert.Equal(d.First, d.Second, Near));
            Assert.All(Delta(Open("a"), name).Zip(Delta(three, name)), d => Assert.Equal(d.First, d.Second, Near));
        }

        Assert.All(Delta(Open("a"), "bias").Zip(Delta(three, "bias")), d => Assert.Equal(3 * d.First, d.Second, Near));
    }

    [Fact]
    public void Wudi_in_closed_form_interferes_less_than_adam_and_adam_less_than_the_sum()
    {
        Checkpoint closed = _bench.Merge(Text("wudi", "", "a", "b", "c")), adam = _bench.Merge(Text("wudi", "solver: adam, iter_num: 200, lr: 1e-4", "a", "b", "c")), start = _bench.Merge(Text("wudi", "solver: adam, iter_num: 0", "a", "b", "c"));
        foreach ((string name, long[] shape) in s_tensors.Where(t => t.Shape.Length == 2))
        {
            double Of(Checkpoint model) => SubspaceReference.Interference(AsMatrix(Delta(model, name), shape), Deltas(name));
            Assert.True(Of(closed) < Of(adam) && Of(adam) < Of(start), name);
        }
    }

    [Fact]
    public void Doge_adds_the_weighted_deltas_where_no_step_is_made_and_its_delta_leaves_the_complement_of_the_shared_subspace()
    {
        string recipe = Text("doge_ta", "K: 100, iter_num: 0", "a", "b", "c") + "include: [tall]\n";
        Dense[] deltas = Deltas("tall");
        double[] lambdas = [.. deltas.Select(d => 0.07 / d.FrobeniusNorm())];
        Dense plain = deltas.Zip(lambdas, (d, l) => l * d).Aggregate((a, b) => a + b);
        AssertNear(plain, AsMatrix(Delta(_bench.Merge(recipe), "tall"), [31, 9]));
        Dense common = (AsMatrix(Delta(_bench.Merge(recipe.Replace("iter_num: 0", "iter_num: 50, subspace: 2", StringComparison.Ordinal)), "tall"), [31, 9]) - plain) / lambdas.Sum();
        Dense shared = SubspaceReference.First(Dense.Build.DenseOfColumns(deltas.SelectMany(d => SubspaceReference.First(d, 3).U.EnumerateColumns())), 4).U;
        double inside = (shared.Transpose() * common).FrobeniusNorm() / common.FrobeniusNorm();
        Assert.InRange(inside, 0.01, 0.9);
        Assert.Equal(Doubles(Open("base"), "wide"), Doubles(_bench.Merge(recipe), "wide"));
    }

    [Theory]
    [InlineData("tsv_m", "alpha: 0.5", 0.5)]
    [InlineData("iso_c", "scaling_factor: 0.5", 0.5)]
    [InlineData("iso_cts", "scaling_factor: 0.5", 0.5)]
    [InlineData("wudi", "", 1)]
    public void Other_tensors_and_excluded_matrices_are_averaged(string method, string parameters, double factor)
    {
        Checkpoint merged = _bench.Merge(Text(method, $"{parameters}{(parameters.Length > 0 ? ", " : "")}exclude_keys: ['model.embed*', wide]", "a", "b", "c"));
        foreach (string name in (string[])["bias", "kernel", "wide", "model.embed_tokens.weight"])
        {
            double[] mean = [.. Deltas(name).Aggregate((a, b) => a + b).Map(v => factor * v / 3).ToRowMajorArray()];
            Assert.All(mean.Zip(Delta(merged, name)), d => Assert.Equal(d.First, d.Second, 1e-15));
        }
    }

    [Theory]
    [InlineData("tsv_m", "")]
    [InlineData("iso_c", "")]
    [InlineData("iso_cts", "")]
    [InlineData("wudi", "")]
    [InlineData("opcm", "")]
    [InlineData("doge_ta", "")]
    [InlineData("knots_ties", "")]
    [InlineData("knots_ta", "")]
    public void A_matrix_that_nobody_or_not_everybody_changed_merges(string method, string parameters)
    {
        Copy("base", "same");
        Checkpoint none = _bench.Merge(Text(method, parameters, "same")), some = _bench.Merge(Text(method, parameters, "a", "same", "b"));
        foreach ((string name, _) in s_tensors)
        {
            Assert.Equal(Doubles(Open("base"), name), Doubles(none, name));
            Assert.All(Doubles(some, name), v => Assert.True(double.IsFinite(v)));
        }

        Assert.Contains(s_tensors, t => Delta(some, t.Name).Any(v => v != 0));
    }

    [Theory]
    [InlineData("tsv_m", "", "rcond: 1e-5")]
    [InlineData("iso_c", "", "rcond: 1e-5")]
    [InlineData("iso_cts", "common_space_fraction: 0.4", "rcond: 1e-5")]
    [InlineData("opcm", "", "exclude_keys: [w]")]
    public void Noise_of_merged_adapters_is_warned_of_and_the_remedy_silences_it(string method, string parameters, string remedy)
    {
        WriteAdapters();
        string recipe = Text(method, parameters, "p", "q").Replace("base_model: base", "base_model: origin", StringComparison.Ordinal);
        MergeResult result = _bench.Run(recipe);
        string warning = Assert.Single(result.LateWarnings);
        Assert.Contains("rounding noise", warning, StringComparison.Ordinal);
        Assert.Contains(remedy[..remedy.IndexOf(':', StringComparison.Ordinal)], warning, StringComparison.Ordinal);
        Assert.Contains("'w'", warning, StringComparison.Ordinal);
        Assert.Equal(result.LateWarnings, result.Warnings);
        Assert.Empty(_bench.Run(recipe.Replace("parameters: {", $"parameters: {{{remedy}, ", StringComparison.Ordinal)).LateWarnings);
        Assert.Empty(_bench.Run(Text(method, parameters, "a", "b")).LateWarnings);
    }

    [Fact]
    public void Noise_is_warned_of_once_however_many_tensors_have_it()
    {
        WriteAdapters("w", "v", "u");
        string recipe = Text("iso_c", "", "p", "q").Replace("base_model: base", "base_model: origin", StringComparison.Ordinal);
        Assert.EndsWith("(tensor 'u' and 2 more)", Assert.Single(_bench.Run(recipe).LateWarnings), StringComparison.Ordinal);
        Assert.EndsWith("(tensor 'u' and 2 more)", Assert.Single(_bench.Run(recipe.Replace("iso_c", "task_arithmetic", StringComparison.Ordinal).Replace("parameters: {", "parameters: {weight: 1", StringComparison.Ordinal) + "post: [{method: isotropic}]\n").LateWarnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("iso_c", "", "post: [{method: svc}]", "iso_c")]
    [InlineData("iso_cts", "", "post: [{method: lines, parameters: {alpha: 1, beta: 1}}, {method: svc}]", "iso_cts")]
    [InlineData("task_arithmetic", "weight: 1", "post: [{method: isotropic}, {method: svc}]", "isotropic")]
    public void Svc_where_all_singular_values_are_equal_is_refused(string method, string parameters, string post, string named)
    {
        string message = Fails(CabsError.RecipeInvalid, () => _bench.Plan(Text(method, parameters, "a", "b") + post + "\n")).Message;
        Assert.Contains(named, message, StringComparison.Ordinal);
        Assert.Contains("arbitrary", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Svc_warns_where_many_singular_values_are_equal()
    {
        float[] identity = [.. Enumerable.Range(0, 64).Select(i => i % 9 == 0 ? 1f : 0)];
        _bench.Model("origin", DType.F32, ("w", [8, 8], new float[64]));
        _bench.Model("p", DType.F32, ("w", [8, 8], identity));
        MergeResult result = _bench.Run(Text("task_arithmetic", "weight: 1", "p").Replace("base_model: base", "base_model: origin", StringComparison.Ordinal) + "post: [{method: svc}]\n");
        Assert.Contains("equal within rounding", Assert.Single(result.LateWarnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Values_that_cannot_be_are_refused_before_anything_is_computed()
    {
        Assert.Contains("below 1", Fails(CabsError.ParameterInvalid, () => _bench.Plan(Text("opcm", "alpha: 1", "a", "b"))).Message, StringComparison.Ordinal);
        Assert.Contains("above 0", Fails(CabsError.ParameterInvalid, () => _bench.Plan(Text("tsv_m", "", "a") + "post: [{method: svc, parameters: {alpha: 0}}]\n")).Message, StringComparison.Ordinal);
        Fails(CabsError.ParameterInvalid, () => _bench.Plan(Text("iso_cts", "common_space_fraction: 1.5", "a", "b")));
        Fails(CabsError.ParameterInvalid, () => _bench.Plan(Text("knots_ties", "scope: row", "a", "b")));
        Fails(CabsError.ParameterInvalid, () => _bench.Plan(Text("wudi", "solver: newton", "a", "b")));
        Assert.Contains("'auto'", Fails(CabsError.ParameterInvalid, () => TaskVectorPlan("tsv_m")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_matrix_that_does_not_fit_the_memory_limit_is_named_with_what_it_needs()
    {
        string recipe = Text("iso_c", "", "a", "b", "c");
        MergePlan plan = _bench.Plan(recipe, new MergeOptions { Threads = 4 });
        Assert.True(plan.Memory.WholeBytes > 3 * 31 * 9 * sizeof(double));
        long needed = _bench.Plan(recipe, new MergeOptions { Threads = 1, PieceBytes = 4096 }).Memory.BufferBytes;
        CabsException failure = Fails(CabsError.MemoryLimit, () => _bench.Plan(recipe, new MergeOptions { Threads = 1, PieceBytes = 4096, MaxMemory = needed - 1 }));
        Assert.Contains("'tall'", failure.Message, StringComparison.Ordinal);
        Assert.Contains("raise it", failure.Message, StringComparison.Ordinal);
        // room for one at a time gives the same bytes as room for all
        long least = Enumerable.Range(1, 400).Select(i => i * 2000L).First(m => Fits(recipe, m));
        AssertSameBytes(recipe, new MergeOptions { Threads = 3, PieceBytes = 4096, MaxMemory = least }, new MergeOptions { Threads = 1 });
    }

    [Theory]
    [InlineData("tsv_m", "", "")]
    [InlineData("iso_cts", "", "post: [{method: lines, parameters: {alpha: auto, beta: 0.5}}]")]
    [InlineData("knots_ties", "", "")]
    [InlineData("opcm", "", "post: [{method: svc}]")]
    [InlineData("doge_ta", "iter_num: 5", "")]
    [InlineData("wudi", "", "post: [{method: isotropic}, {method: lines, parameters: {alpha: auto, beta: 0}}]")]
    public void Threads_and_pieces_never_show(string method, string parameters, string post)
    {
        string recipe = Text(method, parameters, "a", "b", "c") + post + "\n";
        foreach (int threads in (int[])[2, 7])
            AssertSameBytes(recipe, new MergeOptions { Threads = threads, PieceBytes = 4096 }, new MergeOptions { Threads = 1 });
    }

    [Fact]
    public void A_weight_that_is_not_finite_is_named_also_where_it_is_allowed()
    {
        _bench.Model("nan", DType.F64, [.. s_tensors.Select(t => (t.Name, t.Shape, Enumerable.Repeat(t.Name == "wide" ? float.NaN : 1f, (int)t.Shape.Aggregate((a, b) => a * b)).ToArray()))]);
        MergeDefinition allowed = _bench.Read(Text("iso_c", "", "a", "nan")) with { AllowNonFinite = true };
        Assert.Contains("'wide'", Fails(CabsError.NonFiniteInput, () => _bench.Run(allowed)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_matrix_that_a_model_lacks_is_one_it_left_alone()
    {
        _bench.Model("short", DType.F64, ("tall", [31, 9], [.. Doubles(Open("b"), "tall").Select(v => (float)v)]));
        (string, long[], float[])[] whole = [.. s_tensors.Select(t => (t.Name, t.Shape, Doubles(Open(t.Name == "tall" ? "b" : "base"), t.Name).Select(v => (float)v).ToArray()))];
        _bench.Model("whole", DType.F64, whole);
        foreach (string method in (string[])["tsv_m", "iso_c", "iso_cts", "wudi", "opcm", "doge_ta", "knots_ties"])
        {
            Checkpoint lacking = _bench.Merge(Text(method, "", "a", "short", "c") + "missing: skip\n"), alone = _bench.Merge(Text(method, "", "a", "whole", "c"));
            foreach ((string name, _) in s_tensors)
                Assert.All(Doubles(lacking, name).Zip(Doubles(alone, name)), v => Assert.Equal(v.First, v.Second, 1e-12));
        }
    }

    public void Dispose() => _bench.Dispose();

    private static IEnumerable<string> Names2D => s_tensors.Where(t => t.Shape.Length == 2).Select(t => t.Name);

    private Checkpoint Open(string model) => Checkpoint.Open(_bench.Path(model));

    private static double[] Doubles(Checkpoint model, string tensor) => TensorData.Values(model.Find(tensor)!);

    private double[] Delta(Checkpoint model, string tensor) => [.. Doubles(model, tensor).Zip(Doubles(Open("base"), tensor), (x, y) => x - y)];

    private Dense[] Deltas(string tensor, int models = 3) => [.. "abc"[..models].Select(m => AsMatrix(Delta(Open(m.ToString()), tensor), s_tensors.First(t => t.Name == tensor).Shape))];

    private static Dense AsMatrix(double[] values, long[] shape) => shape.Length == 2
        ? Dense.Build.DenseOfRowMajor((int)shape[0], (int)shape[1], values)
        : Dense.Build.DenseOfRowMajor(1, values.Length, values);

    private static double Energy(double[] values) => values.Sum(v => v * v);

    private void AssertMerged(string recipe, Func<Dense[], Dense> formula, IEnumerable<string> tensors, int models = 3)
    {
        Checkpoint merged = _bench.Merge(recipe);
        foreach (string name in tensors)
            AssertNear(formula(Deltas(name, models)), AsMatrix(Delta(merged, name), s_tensors.First(t => t.Name == name).Shape), $"{recipe}: {name}");
    }

    private static void AssertNear(Dense expected, Dense actual, string what = "")
    {
        double difference = (expected - actual).Enumerate().Select(Math.Abs).Max();
        Assert.True(difference <= Near, $"{what} differs by {difference:E1}");
    }

    private void AssertSameBytes(string recipe, MergeOptions one, MergeOptions other) =>
        Assert.Equal(File.ReadAllBytes(Path.Combine(_bench.Run(recipe, other).Path, "model.safetensors")), File.ReadAllBytes(Path.Combine(_bench.Run(recipe, one).Path, "model.safetensors")));

    private bool Fits(string recipe, long limit)
    {
        try
        {
            return _bench.Plan(recipe, new MergeOptions { Threads = 3, PieceBytes = 4096, MaxMemory = limit }).Memory.BufferBytes <= limit;
        }
        catch (CabsException e) when (e.Error == CabsError.MemoryLimit)
        {
            return false;
        }
    }

    private void Copy(string from, string to) =>
        TensorData.WriteRaw(_bench.Path(to, "model.safetensors"), [.. Open(from).Tensors.Select(t => (t.Name, t.Type, t.Shape.ToArray(), TensorData.Bytes(t)))]);

    private MergePlan TaskVectorPlan(string method)
    {
        var vectors = Engine.TaskVectors.TaskVector.Create(_bench.Path("base"), [_bench.Path("a")]).Select(v => v with { Weight = null }).ToList();
        return MergePlanner.Plan(Engine.TaskVectors.TaskVector.Define(vectors, MethodCatalog.Get(method), ParameterSet.Empty), new MergeOptions());
    }

    // products of thin matrices, rounded to float32 with the base
    private void WriteAdapters(params string[] names)
    {
        var random = new Random(3);
        string[] tensors = names.Length == 0 ? ["w"] : names;
        float[][] origin = [.. tensors.Select(_ => Enumerable.Range(0, 20 * 16).Select(_ => (float)random.NextDouble() - 0.5f).ToArray())];
        _bench.Model("origin", DType.F32, [.. tensors.Zip(origin, (n, o) => (n, new long[] { 20, 16 }, o))]);
        foreach (string model in (string[])["p", "q"])
        {
            _bench.Model(model, DType.F32, [.. tensors.Zip(origin, (n, o) =>
            {
                double[] left = [.. Enumerable.Range(0, 20).Select(_ => random.NextDouble())], right = [.. Enumerable.Range(0, 16).Select(_ => 0.01 * random.NextDouble())];
                return (n, new long[] { 20, 16 }, o.Select((v, i) => (float)(v + (left[i / 16] * right[i % 16]))).ToArray());
            })]);
        }
    }
}
