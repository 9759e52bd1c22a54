using CabsPs.Engine.Checkpoints;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>Methods that work on directions and angles: their ends, identities and the vectors that have no direction.</summary>
public sealed class GeometricMethodTests
{
    private static readonly float[] s_a = Samples.Normal(1, 300);
    private static readonly float[] s_b = Samples.Normal(2, 300);
    private static readonly float[] s_c = Samples.Normal(3, 300);

    [Theory]
    [InlineData("nuslerp", "weight: 0.7", "a", "b")]
    [InlineData("nuslerp", "weight: 0.7, nuslerp_flatten: false", "a", "b")]
    [InlineData("nuslerp", "weight: 0.7, nuslerp_flatten: false, nuslerp_row_wise: true", "a", "b")]
    [InlineData("multislerp", "weight: 0.7", "a", "b", "c")]
    [InlineData("karcher", "tol: 0.00001", "a", "b", "c")]
    public void Equal_models_give_that_model_bit_for_bit(string method, string parameters, params string[] models)
    {
        using var bench = new Workbench();
        foreach (string model in models)
            bench.Model(model, DType.F32, ("w", [20, 15], s_a));
        AssertSameBits(s_a, bench.Merged(WithoutBase(method, parameters, models)));
    }

    [Theory]
    [InlineData("nuslerp", "weight: 0.7", "a", "b")]
    [InlineData("multislerp", "weight: 0.7", "a", "b", "c")]
    [InlineData("model_stock", "", "a", "b", "c")]
    [InlineData("model_stock", "filter_wise: true", "a", "b", "c")]
    public void Equal_models_on_a_base_give_that_model_to_the_rounding_of_their_difference(string method, string parameters, params string[] models)
    {
        using var bench = new Workbench();
        bench.Model("base", DType.F32, ("w", [20, 15], s_b));
        foreach (string model in models)
            bench.Model(model, DType.F32, ("w", [20, 15], s_a));
        AssertNear(s_a, bench.Merged(Text(method, parameters, models)), 1e-8);
    }

    [Theory]
    [InlineData("nuslerp", "weight: 0.7", "a", "b")]
    [InlineData("nuslerp", "weight: 0.7, nuslerp_flatten: false", "a", "b")]
    [InlineData("nuslerp", "weight: 0.7, nuslerp_flatten: false, nuslerp_row_wise: true", "a", "b")]
    [InlineData("multislerp", "weight: 0.7", "a", "b", "c")]
    [InlineData("model_stock", "", "a", "b", "c")]
    [InlineData("model_stock", "filter_wise: true", "a", "b")]
    public void Models_that_changed_nothing_give_the_base_bit_for_bit(string method, string parameters, params string[] models)
    {
        using var bench = new Workbench();
        bench.Model("base", DType.F32, ("w", [20, 15], s_a));
        foreach (string model in models)
            bench.Model(model, DType.F32, ("w", [20, 15], s_a));
        AssertSameBits(s_a, bench.Merged(Text(method, parameters, models)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nuslerp_flatten: false")]
    [InlineData("nuslerp_flatten: false, nuslerp_row_wise: true")]
    public void Nuslerp_ends_are_the_models_bit_for_bit(string parameters)
    {
        using var bench = new Workbench();
        bench.Model("base", DType.F32, ("w", [20, 15], s_c));
        bench.Model("a", DType.F32, ("w", [20, 15], s_a));
        bench.Model("b", DType.F32, ("w", [20, 15], s_b));
        foreach (Func<string, string, string[], string> recipe in (Func<string, string, string[], string>[])[WithoutBase, Workbench.Text])
        {
            AssertSameBits(s_a, bench.Merged(recipe("nuslerp", parameters, ["a {weight: 2}", "b {weight: 0}"])));
            AssertSameBits(s_b, bench.Merged(recipe("nuslerp", parameters, ["a {weight: 0}", "b {weight: 0.1}"])));
        }
    }

    [Fact]
    public void Nuslerp_follows_the_arc()
    {
        using var bench = new Workbench();
        bench.Vectors([9, 9], [1, 0], [0, 1]);
        float half = MathF.Sqrt(0.5f);
        AssertNear([half, half], bench.Merged(WithoutBase("nuslerp", "weight: 1", "a", "b")), 1e-7);
        AssertNear([MathF.Cos(MathF.PI / 8), MathF.Sin(MathF.PI / 8)], bench.Merged(WithoutBase("nuslerp", "", "a {weight: 3}", "b {weight: 1}")), 1e-7);
        // weights that cancel out share evenly
        AssertNear([half, half], bench.Merged(WithoutBase("nuslerp", "", "a {weight: 1}", "b {weight: -1}")), 1e-7);
    }

    [Fact]
    public void Nuslerp_by_rows_and_columns()
    {
        using var bench = new Workbench();
        bench.Model("a", DType.F32, ("w", [2, 2], [1, 0, 3, 4]));
        bench.Model("b", DType.F32, ("w", [2, 2], [0, 1, 3, 4]));
        float half = MathF.Sqrt(0.5f);
        AssertNear([half, half, 3, 4], bench.Merged(WithoutBase("nuslerp", "weight: 1, nuslerp_flatten: false", "a", "b")), 1e-6);
        // the first column goes from (1, 3) to (0, 3), the second from (0, 4) to (1, 4)
        static double Factor(double cosine) => Math.Sin(Math.Acos(cosine) / 2) / Math.Sin(Math.Acos(cosine));
        double first = Factor(9 / (Math.Sqrt(10) * 3)), second = Factor(16 / (Math.Sqrt(17) * 4));
        AssertNear([(float)first, (float)second, (float)(6 * first), (float)(8 * second)], bench.Merged(WithoutBase("nuslerp", "weight: 1, nuslerp_flatten: false, nuslerp_row_wise: true", "a", "b")), 1e-6);
    }

    [Theory]
    [InlineData("nuslerp_flatten: true")]
    [InlineData("nuslerp_flatten: false")]
    [InlineData("nuslerp_flatten: false, nuslerp_row_wise: true")]
    public void Nuslerp_of_opposite_or_zero_vectors(string parameters)
    {
        using var bench = new Workbench();
        float[] opposite = [.. s_a.Select(x => -3 * x)];
        bench.Model("a", DType.F32, ("w", [20, 15], s_a), ("z", [3, 1], [0, 0, 0]));
        bench.Model("b", DType.F32, ("w", [20, 15], opposite), ("z", [3, 1], [0, 0, 0]));
        Checkpoint merged = bench.Merge(WithoutBase("nuslerp", $"{parameters}", "a {weight: 1}", "b {weight: 3}"));
        // no arc: a quarter of the one, three of the other
        AssertNear([.. s_a.Select(x => (0.25f * x) - (2.25f * x))], Floats(merged, "w"), 1e-7);
        Assert.Equal([0, 0, 0], Floats(merged, "z"));
    }

    [Fact]
    public void Multislerp_of_orthogonal_vectors_is_the_middle_at_the_mean_length()
    {
        using var bench = new Workbench();
        bench.Vectors([0, 0], [2, 0], [0, 4]);
        float half = 3 * MathF.Sqrt(0.5f);
        AssertNear([half, half], bench.Merged(WithoutBase("multislerp", "weight: 1", "a", "b")), 1e-6);
        AssertNear([half, half], bench.Merged(Text("multislerp", "weight: 5", "a", "b")), 1e-6);
        AssertNear([2 * half, 2 * half], bench.Merged(Text("multislerp", "weight: 1, normalize_weights: false", "a", "b")), 1e-6);
    }

    [Fact]
    public void Multislerp_of_one_model_is_that_model()
    {
        using var bench = new Workbench();
        bench.Vectors([5, 5], [2, -0f]);
        AssertSameBits([2, -0f], bench.Merged(Text("multislerp", "weight: 0.3", "a")));
    }

    [Fact]
    public void Multislerp_of_directions_that_cancel_out()
    {
        using var bench = new Workbench();
        bench.Vectors([0, 0], [1, 1], [-3, -3], [0, 0]);
        AssertNear([-1, -1], bench.Merged(WithoutBase("multislerp", "weight: 1", "a", "b")), 1e-7);
        CabsException failure = Fails(CabsError.ParameterInvalid, () => bench.Run(WithoutBase("multislerp", "weight: 1", "a", "b", "c")));
        Assert.Contains("'w'", failure.Message);
    }

    [Fact]
    public void Multislerp_weights_that_add_up_to_0_cannot_be_normalised()
    {
        using var bench = new Workbench();
        bench.Vectors([0], [1], [2]);
        Fails(CabsError.ParameterInvalid, () => bench.Plan(Text("multislerp", "", "a {weight: 1}", "b {weight: -1}")));
    }

    [Fact]
    public void Karcher_mean_of_two_is_the_middle_of_their_arc_and_takes_the_base_as_one_more()
    {
        using var bench = new Workbench();
        bench.Vectors([0, 2], [2, 0]);
        float half = 2 * MathF.Sqrt(0.5f);
        AssertNear([half, half], bench.Merged(Text("karcher", "", "a")), 1e-6);
    }

    [Fact]
    public void Karcher_mean_has_the_least_squared_angles()
    {
        using var bench = new Workbench();
        bench.Vectors(s_a, s_a, s_b, s_c);
        double[] mean = [.. bench.Merged(WithoutBase("karcher", "max_iter: 100, tol: 1e-9", "a", "b", "c")).Select(x => (double)x)];
        double Spread(double[] u) => new[] { s_a, s_b, s_c }.Sum(x => Math.Pow(Math.Acos(u.Zip(x, (p, q) => p * q).Sum() / Norm(u) / Norm([.. x.Select(v => (double)v)])), 2));
        double least = Spread(mean);
        var random = new Random(5);
        for (int n = 0; n < 20; n++)
            Assert.True(Spread([.. mean.Select(x => x + ((random.NextDouble() - 0.5) * 1e-3))]) > least);
        Assert.Equal((Norm([.. s_a.Select(v => (double)v)]) + Norm([.. s_b.Select(v => (double)v)]) + Norm([.. s_c.Select(v => (double)v)])) / 3, Norm(mean), 1e-6);
    }

    [Fact]
    public void Karcher_of_opposite_zero_and_lone_vectors()
    {
        using var bench = new Workbench();
        bench.Model("a", ("w", [1, 2]), ("z", [0, -0f]), ("tiny", [1e-7f]));
        bench.Model("b", ("w", [-1, -2]), ("z", [0, 0]), ("tiny", [3e-7f]));
        Checkpoint merged = bench.Merge(WithoutBase("karcher", "", "a", "b"));
        // without a mean direction the first model's is taken, at the mean length
        AssertNear([1, 2], Floats(merged, "w"), 1e-6);
        Assert.Equal([0, 0], Floats(merged, "z"));
        // too short to have a direction
        AssertNear([2e-7f], Floats(merged, "tiny"), 1e-12);
        AssertSameBits([0, -0f], Floats(bench.Merge(WithoutBase("karcher", "", "a")), "z"));
    }

    [Fact]
    public void Model_stock_goes_as_far_as_the_task_vectors_agree()
    {
        using var bench = new Workbench();
        // orthogonal: no common direction; 60 degrees: c = 1/2, t = 2/3
        bench.Model("base", DType.F32, ("o", [2], [1, 1]), ("s", [2], [0, 0]));
        bench.Model("a", DType.F32, ("o", [2], [3, 1]), ("s", [2], [1, 0]));
        bench.Model("b", DType.F32, ("o", [2], [1, 9]), ("s", [2], [0.5f, MathF.Sqrt(0.75f)]));
        Checkpoint merged = bench.Merge(Text("model_stock", "", "a", "b"));
        AssertNear([1, 1], Floats(merged, "o"), 1e-6);
        AssertNear([0.5f, MathF.Sqrt(0.75f) / 3], Floats(merged, "s"), 1e-6);
    }

    [Fact]
    public void Model_stock_by_rows()
    {
        using var bench = new Workbench();
        bench.Model("base", DType.F32, ("w", [2, 2], [0, 0, 0, 0]));
        bench.Model("a", DType.F32, ("w", [2, 2], [1, 0, 1, 2]));
        bench.Model("b", DType.F32, ("w", [2, 2], [0, 1, 1, 2]));
        AssertNear([0, 0, 1, 2], bench.Merged(Text("model_stock", "filter_wise: true", "a", "b")), 1e-6);
    }

    [Fact]
    public void Model_stock_of_task_vectors_that_cancel_out_is_the_base()
    {
        using var bench = new Workbench();
        bench.Vectors([1, 2], [2, 3], [0, 1]);
        Assert.Equal([1, 2], bench.Merged(Text("model_stock", "", "a", "b")));
    }

    [Fact]
    public void Numbers_of_models_are_checked()
    {
        using var bench = new Workbench();
        bench.Vectors([1], [2], [3], [4]);
        Fails(CabsError.RecipeInvalid, () => bench.Plan(Text("model_stock", "", "a")));
        Fails(CabsError.RecipeInvalid, () => bench.Plan(Text("nuslerp", "weight: 1", "a")));
        Fails(CabsError.RecipeInvalid, () => bench.Plan(Text("nuslerp", "weight: 1", "a", "b", "c")));
        Fails(CabsError.RecipeInvalid, () => bench.Plan(WithoutBase("model_stock", "", "a", "b")));
    }

    [Theory]
    [InlineData("multislerp", "weight: 1")]
    [InlineData("karcher", "tol: 1e-6")]
    [InlineData("model_stock", "filter_wise: false")]
    public void The_order_of_models_shows_only_in_the_rounding_of_sums(string method, string parameters)
    {
        using var bench = new Workbench();
        bench.Vectors([.. s_a.Select(x => x / 7)], s_a, s_b, s_c);
        AssertNear(bench.Merged(Text(method, parameters, "a", "b", "c")), bench.Merged(Text(method, parameters, "c", "a", "b")), 2e-8);
    }

    internal static string WithoutBase(string method, string parameters, params string[] models) =>
        Text(method, parameters, models).Replace("base_model: base\n", string.Empty, StringComparison.Ordinal);

    internal static void AssertNear(float[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - (double)actual[i]) <= tolerance, $"element {i}: expected {expected[i]:R}, got {actual[i]:R}");
    }

    private static double Norm(double[] values) => Math.Sqrt(values.Sum(v => v * v));
}
