using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>Methods that read statistics beside the models: identities, their rules element by element, where files are looked for, and what is wrong with
/// them.</summary>
public sealed class StatisticMethodTests : IDisposable
{
    private static readonly (string Name, long[] Shape)[] s_tensors = [("layer.weight", [9, 6]), ("other.weight", [4, 6]), ("bias", [9]), ("large", [300, 1001])];
    private readonly Workbench _bench = new();

    public StatisticMethodTests()
    {
        foreach ((int seed, string model) in ((string[])["base", "a", "b"]).Index())
        {
            _bench.Model(model, DType.F32, [.. s_tensors.Select(t => (t.Name, t.Shape, Random(t.Shape, seed, -0.5)))]);
            Statistics($"{model}-stat", t => Random(t.Shape, 10 + seed, 0));
            _bench.Model($"{model}-gram", DType.F32, ("layer.weight", [6, 6], Gram(seed)), ("other.weight", [6, 6], Gram(seed + 5)));
        }

        Statistics("equal", t => Random(t.Shape, 77, 0.1));
    }

    [Theory]
    [InlineData("fisher", "fisher_path")]
    [InlineData("ota", "preconditioner_path")]
    public void Equal_statistics_give_the_average(string method, string key)
    {
        Checkpoint merged = _bench.Merge(Recipe(method, key, "", "equal", "equal"));
        foreach ((string name, _) in s_tensors)
            Each(Zip("a", "b", merged, name), v => Assert.Equal((v.A + v.B) / 2, v.Merged, 1e-7));
    }

    [Fact]
    public void Fisher_averages_by_information()
    {
        Checkpoint merged = _bench.Merge(Recipe("fisher", "fisher_path", "minimal_fisher_weight: 0.01", "a-stat", "b-stat", "weight: 0.25"));
        double[] norms = [.. ((string[])["a-stat", "b-stat"]).Select(s => Math.Sqrt(s_tensors.Sum(t => Values(s, t.Name).Sum(v => v * v))))];
        foreach ((string name, _) in s_tensors)
        {
            double[] f = Values("a-stat", name), g = Values("b-stat", name);
            Each(Zip("a", "b", merged, name).Index(), v =>
            {
                // without a weight of its own, a model has 1/T
                double w = 0.25 / (norms[0] + 0.01) * (f[v.Index] + 0.01), u = 0.5 / (norms[1] + 0.01) * (g[v.Index] + 0.01);
                Assert.Equal(((w * v.Item.A) + (u * v.Item.B)) / (w + u), v.Item.Merged, 1e-7);
            });
        }
    }

    [Theory]
    [InlineData(0.5, "none")]
    [InlineData(0.3, "none")]
    [InlineData(0.25, "global")]
    public void Ota_averages_by_curvature(double power, string normalise)
    {
        Checkpoint merged = _bench.Merge(Recipe("ota", "preconditioner_path", $"power: {Number(power)}, normalise: {normalise}, epsilon: 0.001", "a-stat", "b-stat", "scaling_factor: 2"));
        foreach ((string name, _) in s_tensors)
        {
            double[][] c = [[.. Values("a-stat", name).Select(v => 2 * Math.Pow(v, power))], [.. Values("b-stat", name).Select(v => Math.Pow(v, power))]];
            if (normalise == "global")
                c = [.. c.Select(x => (Values: x, Mean: x.Average())).Select(x => x.Values.Select(v => v / (x.Mean + 0.001)).ToArray())];
            Each(Zip("a", "b", merged, name).Index(), v =>
                Assert.Equal((((c[0][v.Index] + 0.001) * v.Item.A) + ((c[1][v.Index] + 0.001) * v.Item.B)) / (c[0][v.Index] + c[1][v.Index] + 0.002), v.Item.Merged, 1e-7));
        }
    }

    [Fact]
    public void Moments_of_rank_one_are_their_own_approximation()
    {
        float[] rows = Random([300], 5, 0), columns = Random([1001], 6, 0);
        Statistics("outer", t => t.Name == "large" ? [.. rows.SelectMany(r => columns.Select(c => r * c))] : Random(t.Shape, 4, 0));
        Checkpoint plain = _bench.Merge(Recipe("ota", "preconditioner_path", "", "outer", "equal")), approximated = _bench.Merge(Recipe("ota", "preconditioner_path", "", "outer", "equal", "rank1_approx: true"));
        Each(Values(plain, "large").Zip(Values(approximated, "large")), v => Assert.Equal(v.First, v.Second, 1e-6));
        Assert.Equal(Values(plain, "bias"), Values(approximated, "bias"));
        Assert.NotEqual(Values(plain, "layer.weight"), Values(approximated, "layer.weight"));
    }

    [Fact]
    public void Ota_leaves_out_who_is_below_the_threshold()
    {
        Checkpoint high = _bench.Merge("base_model: base\n" + Recipe("ota", "preconditioner_path", "precond_threshold: 1e9", "a-stat", "b-stat"));
        Checkpoint kept = _bench.Merge("base_model: base\n" + Recipe("ota", "preconditioner_path", "precond_threshold: 1e9, fallback_to_base: true", "a-stat", "b-stat"));
        foreach ((string name, _) in s_tensors)
        {
            Each(Zip("a", "b", high, name), v => Assert.Equal((v.A + v.B) / 2, v.Merged, 1e-7));
            Assert.Equal(Values("base", name), Values(kept, name));
        }

        Assert.Contains("base_model", Fails(CabsError.RecipeInvalid, () => _bench.Plan(Recipe("ota", "preconditioner_path", "precond_threshold: 0.1", "a-stat", "b-stat"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0)]
    public void Ffg_keeps_the_largest_changes_by_curvature(double density)
    {
        Checkpoint merged = _bench.Merge("base_model: base\n" + Recipe("ffg", "preconditioner_path", $"density: {Number(density)}", "a-stat"));
        foreach ((string name, _) in s_tensors)
        {
            double[] origin = Values("base", name), model = Values("a", name), second = Values("a-stat", name);
            HashSet<int> kept = [.. Enumerable.Range(0, origin.Length).OrderByDescending(i => Math.Pow((float)(model[i] - origin[i]), 2) * second[i]).ThenBy(i => i).Take(Math.Max(1, (int)Math.Round(density * origin.Length)))];
            Each(Values(merged, name).Index(), v => Assert.Equal(kept.Contains(v.Index) ? model[v.Index] : origin[v.Index], v.Item, 1e-7));
        }
    }

    [Fact]
    public void Ffg_takes_one_model() =>
        Assert.Contains("1 model", Fails(CabsError.RecipeInvalid, () => _bench.Plan("base_model: base\n" + Recipe("ffg", "preconditioner_path", "", "a-stat", "b-stat"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Regmean_with_equal_grams_is_the_average_and_otherwise_solves_the_least_squares()
    {
        Checkpoint equal = _bench.Merge(Recipe("regmean", "gram_path", "reduce_non_diagonal_ratio: 1", "a-gram", "a-gram"));
        foreach ((string name, _) in s_tensors)
            Each(Zip("a", "b", equal, name), v => Assert.Equal((v.A + v.B) / 2, v.Merged, 1e-6));
        // at the minimum, Σ (W − Wᵢ)·Gᵢ is zero
        Checkpoint merged = _bench.Merge(Recipe("regmean", "gram_path", "reduce_non_diagonal_ratio: 0.7", "a-gram", "b-gram"));
        double[] w = Values(merged, "layer.weight");
        for (int row = 0; row < 9; row++)
        {
            for (int column = 0; column < 6; column++)
            {
                double slope = 0;
                foreach (string model in (string[])["a", "b"])
                {
                    double[] own = Values(model, "layer.weight"), gram = Values($"{model}-gram", "layer.weight");
                    for (int k = 0; k < 6; k++)
                        slope += (w[(row * 6) + k] - own[(row * 6) + k]) * gram[(k * 6) + column] * (k == column ? 1 : 0.7);
                }

                Assert.Equal(0, slope, 1e-5);
            }
        }
    }

    [Fact]
    public void Regmean_with_identities_is_the_average()
    {
        float[] identity = [.. Enumerable.Range(0, 36).Select(i => i % 7 == 0 ? 1f : 0)];
        _bench.Model("one", DType.F32, ("layer.weight", [6, 6], identity), ("other.weight", [6, 6], identity));
        Checkpoint merged = _bench.Merge(Recipe("regmean", "gram_path", "reduce_non_diagonal_ratio: 1", "one", "one"));
        Each(Zip("a", "b", merged, "layer.weight"), v => Assert.Equal((v.A + v.B) / 2, v.Merged, 1e-7));
    }

    [Fact]
    public void Weights_that_all_models_share_stay_as_they_are()
    {
        foreach (string recipe in (string[])[Recipe("fisher", "fisher_path", "", "a-stat", "b-stat"), Recipe("ota", "preconditioner_path", "", "a-stat", "b-stat")])
        {
            Checkpoint merged = _bench.Merge(recipe.Replace("model: a", "model: base", StringComparison.Ordinal).Replace("model: b\n", "model: base/model.safetensors\n", StringComparison.Ordinal));
            foreach ((string name, _) in s_tensors)
                Assert.Equal(Values("base", name), Values(merged, name));
        }
    }

    [Theory]
    [InlineData("fisher", "fisher_path", "", "a-stat")]
    [InlineData("ota", "preconditioner_path", "normalise: global", "a-stat")]
    [InlineData("ota", "preconditioner_path", "", "a-stat", "rank1_approx: true")]
    [InlineData("regmean", "gram_path", "reduce_non_diagonal_ratio: 0.9", "a-gram")]
    public void Threads_and_pieces_never_show(string method, string key, string parameters, string statistic, string own = "")
    {
        string recipe = Recipe(method, key, parameters, statistic, statistic.Replace("a-", "b-", StringComparison.Ordinal), own);
        byte[] expected = File.ReadAllBytes(Path.Combine(_bench.Run(recipe, new MergeOptions { Threads = 1 }).Path, "model.safetensors"));
        foreach (int threads in (int[])[2, 7])
            Assert.Equal(expected, File.ReadAllBytes(Path.Combine(_bench.Run(recipe, new MergeOptions { Threads = threads, PieceBytes = 4096, MaxMemory = 64 << 20 }).Path, "model.safetensors")));
    }

    [Fact]
    public void Files_are_found_from_the_current_folder_and_then_from_the_recipes()
    {
        string recipe = _bench.Write(Recipe("fisher", "fisher_path", "", "a-stat", "b-stat").Replace("model: a", $"model: {_bench.Path("a")}", StringComparison.Ordinal).Replace("model: b\n", $"model: {_bench.Path("b")}\n", StringComparison.Ordinal), "recipe.yml");
        using var elsewhere = new TemporaryFolder();
        double[] expected = Values(Checkpoint.Open(_bench.Run(CabsPs.Engine.Recipes.Recipe.Read(recipe, elsewhere.Path())).Path), "bias");
        Assert.Equal(Values(_bench.Merge(Recipe("fisher", "fisher_path", "", "a-stat", "b-stat")), "bias"), expected);
        CabsException failure = Fails(CabsError.CheckpointNotFound, () => CabsPs.Engine.Recipes.Recipe.Read(_bench.Write(Recipe("fisher", "fisher_path", "", "nowhere.safetensors", "b-stat"), "recipe.yml"), _bench.Path()));
        Assert.Contains("nowhere.safetensors", failure.Message, StringComparison.Ordinal);
        Assert.Contains("line 4", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fisher", "fisher_path")]
    [InlineData("ota", "preconditioner_path")]
    public void A_statistic_that_is_missing_misshapen_negative_or_not_finite_is_named(string method, string key)
    {
        void Refuses(string what, Func<(string Name, long[] Shape), (string, long[], float[])?> write, bool whileMerging)
        {
            _bench.Model("bad", DType.F32, [.. s_tensors.Select(write).OfType<(string, long[], float[])>()]);
            string recipe = Recipe(method, key, "", "a-stat", "bad");
            string message = Fails(CabsError.StatisticInvalid, () => whileMerging ? _bench.Run(recipe) : _bench.Plan(recipe)).Message;
            Assert.Contains("bad", message, StringComparison.Ordinal);
            Assert.Contains("'other.weight'", message, StringComparison.Ordinal);
            Assert.Contains(what, message, StringComparison.Ordinal);
        }

        float[] Good((string Name, long[] Shape) t) => Random(t.Shape, 3, 0);
        Refuses("lacks", t => t.Name == "other.weight" ? null : (t.Name, t.Shape, Good(t)), whileMerging: false);
        Refuses("[6, 4]", t => t.Name == "other.weight" ? (t.Name, [6, 4], Good(t)) : (t.Name, t.Shape, Good(t)), whileMerging: false);
        Refuses("-0.5 at index 7", t => (t.Name, t.Shape, [.. Good(t).Select((v, i) => i == 7 && t.Name == "other.weight" ? -0.5f : v)]), whileMerging: true);
        Refuses("NaN at index 23", t => (t.Name, t.Shape, [.. Good(t).Select((v, i) => i == 23 && t.Name == "other.weight" ? float.NaN : v)]), whileMerging: true);
        Refuses("Infinity at index 0", t => (t.Name, t.Shape, [.. Good(t).Select((v, i) => i == 0 && t.Name == "other.weight" ? float.PositiveInfinity : v)]), whileMerging: true);
        MergeDefinition allowed = _bench.Read(Recipe(method, key, "", "a-stat", "bad")) with { AllowNonFinite = true };
        Fails(CabsError.StatisticInvalid, () => _bench.Run(allowed));
    }

    [Fact]
    public void A_gram_that_is_missing_misshapen_or_none_is_named()
    {
        CabsException With(params (string, long[], float[])[] grams)
        {
            _bench.Model("bad", DType.F32, grams);
            return Fails(CabsError.StatisticInvalid, () => _bench.Run(Recipe("regmean", "gram_path", "reduce_non_diagonal_ratio: 1", "a-gram", "bad")));
        }

        Assert.Contains("lacks tensor 'layer.weight'", With(("other.weight", [6, 6], Gram(1))).Message, StringComparison.Ordinal);
        Assert.Contains("[9, 9]", With(("layer.weight", [9, 9], new float[81]), ("other.weight", [6, 6], Gram(1))).Message, StringComparison.Ordinal);
        Assert.Contains("-1.00 at index 14", With(("layer.weight", [6, 6], [.. Gram(1).Select((v, i) => i == 14 ? -1f : v)]), ("other.weight", [6, 6], Gram(1))).Message, StringComparison.Ordinal);
        Assert.Contains("no Gram", With(("layer.weight", [6, 6], [.. Gram(1).Select((v, i) => i == 1 ? v + 3 : v)]), ("other.weight", [6, 6], Gram(1))).Message, StringComparison.Ordinal);
        _bench.Model("flat", DType.F32, ("layer.weight", [6, 6], [.. Enumerable.Repeat(1f, 36)]), ("other.weight", [6, 6], Gram(1)));
        CabsException singular = Fails(CabsError.StatisticInvalid, () => _bench.Run(Recipe("regmean", "gram_path", "reduce_non_diagonal_ratio: 1", "flat", "flat")));
        Assert.Contains("without inverse", singular.Message, StringComparison.Ordinal);
        Assert.Contains("'layer.weight'", singular.Message, StringComparison.Ordinal);
        Assert.Equal(54, Values(_bench.Merge(Recipe("regmean", "gram_path", "reduce_non_diagonal_ratio: 0.9", "flat", "flat")), "layer.weight").Length);
    }

    [Fact]
    public void A_model_without_its_file_is_refused_with_the_parameter_it_needs()
    {
        string message = Fails(CabsError.ParameterInvalid, () => _bench.Plan(Text("fisher", "", "a {fisher_path: a-stat}", "b").Replace("base_model: base\n", "", StringComparison.Ordinal))).Message;
        Assert.Contains("'fisher_path' has no value for model b", message, StringComparison.Ordinal);
    }

    public void Dispose() => _bench.Dispose();

    private static string Number(double value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    // without a base; the first model's parameters may hold more
    private static string Recipe(string method, string key, string parameters, string first, string? second = null, string own = "")
    {
        string more = own.Length > 0 ? $", {own}" : string.Empty;
        string[] models = second is null ? [$"a {{{key}: {first}{more}}}"] : [$"a {{{key}: {first}{more}}}", $"b {{{key}: {second}}}"];
        return Text(method, parameters, models).Replace("base_model: base\n", string.Empty, StringComparison.Ordinal);
    }

    private static float[] Random(long[] shape, int seed, double from)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(_ => (float)(random.NextDouble() + from))];
    }

    private static float[] Gram(int seed)
    {
        float[] x = Random([20, 6], seed + 50, -0.5);
        return [.. Enumerable.Range(0, 36).Select(i => Enumerable.Range(0, 20).Sum(r => x[(r * 6) + (i / 6)] * x[(r * 6) + (i % 6)]) / 20)];
    }

    private void Statistics(string name, Func<(string Name, long[] Shape), float[]> values) =>
        _bench.Model(name, DType.F32, [.. s_tensors.Select(t => (t.Name, t.Shape, values(t)))]);

    private double[] Values(string model, string tensor) => Values(Checkpoint.Open(_bench.Path(model)), tensor);

    // Assert.All takes a second for a hundred thousand elements
    private static void Each<T>(IEnumerable<T> items, Action<T> assert)
    {
        foreach (T item in items)
            assert(item);
    }

    private static double[] Values(Checkpoint model, string tensor) => TensorData.Values(model.Find(tensor)!);

    private IEnumerable<(double A, double B, double Merged)> Zip(string a, string b, Checkpoint merged, string tensor) =>
        Values(a, tensor).Zip(Values(b, tensor), Values(merged, tensor));
}
