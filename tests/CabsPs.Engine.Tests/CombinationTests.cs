using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>How task vectors are weighted and summed, on numbers a person can follow.</summary>
public sealed class CombinationTests
{
    [Fact]
    public void Task_arithmetic_adds_weighted_differences_to_the_base()
    {
        using var bench = new Workbench();
        bench.Vectors([1, 2], [2, 4], [0, 2.5f]);
        Assert.Equal([1 + (0.5f * 1) - (2 * 1), 2 + (0.5f * 2) + (2 * 0.5f)], bench.Merged(Text("task_arithmetic", "", "a {weight: 0.5}", "b {weight: 2}")));
    }

    [Fact]
    public void Weights_may_be_negative_or_zero()
    {
        using var bench = new Workbench();
        bench.Vectors([1], [3], [5]);
        Assert.Equal([1 - 2], bench.Merged(Text("task_arithmetic", "", "a {weight: -1}", "b {weight: 0}")));
    }

    [Fact]
    public void Normalize_divides_by_the_sum_of_weights_and_lambda_comes_after()
    {
        using var bench = new Workbench();
        bench.Vectors([0], [6], [3]);
        // (1·6 + 2·3) / 3 · 0.5
        Assert.Equal([2], bench.Merged(Text("task_arithmetic", "normalize: true, lambda: 0.5", "a {weight: 1}", "b {weight: 2}")));
    }

    [Fact]
    public void Weights_that_cancel_are_not_divided_by()
    {
        using var bench = new Workbench();
        bench.Vectors([0], [6], [3]);
        Assert.Equal([3], bench.Merged(Text("task_arithmetic", "normalize: true", "a {weight: 1}", "b {weight: -1}")));
    }

    [Fact]
    public void Every_step_is_rounded_to_float32_in_the_order_of_the_models()
    {
        // 2²⁴ + 1 is 2²⁴ in float32, so the order of the sum shows: (2²⁴ + 1) − 2²⁴ = 0, but (2²⁴ − 2²⁴) + 1 = 1
        using var bench = new Workbench();
        bench.Vectors([0], [16777216], [1], [-16777216]);
        Assert.Equal([0], bench.Merged(Text("task_arithmetic", "weight: 1", "a", "b", "c")));
        Assert.Equal([1], bench.Merged(Text("task_arithmetic", "weight: 1", "a", "c", "b")));
    }

    [Fact]
    public void Products_are_rounded_before_they_are_added()
    {
        // x² = 1 + 2⁻¹¹ + 2⁻²⁴ rounds (half to even) to 1 + 2⁻¹¹; a fused multiply-add would leave the 2⁻²⁴ behind
        float x = 1 + (1 / 4096f);
        using var bench = new Workbench();
        bench.Vectors([0], [-(1 + (1 / 2048f))], [x]);
        Assert.Equal([0], bench.Merged(Text("task_arithmetic", "", "a {weight: 1}", "b {weight: 1.000244140625}")));
    }

    [Fact]
    public void Overlap_sum_adds_where_masks_meet()
    {
        using var bench = new Workbench();
        bench.Vectors([0, 0], [4, 0], [-1, 2]);
        Assert.Equal([3, 2], bench.Merged(Cabs("weight: 1, n: 2, m: 2, overlap: sum", "a", "b")));
    }

    [Fact]
    public void Overlap_ties_averages_the_terms_that_agree_with_the_sign_of_the_sum()
    {
        using var bench = new Workbench();
        bench.Vectors(
            [0, 0, 0, 0],
            [4, -4, 1, 5],
            [2, 1, -1, 0],
            [-1, 1, 0, 0]);
        // 4+2−1 is plus: (4+2)/2 · −4+1+1 is minus: −4 · 1−1 = 0 counts as plus: 1 · only one keeps position 3: its own 5
        Assert.Equal([3, -4, 1, 5], bench.Merged(Cabs("weight: 1, n: 4, m: 4, assignment: none, overlap: ties", "a", "b", "c")));
    }

    [Fact]
    public void Overlap_ties_looks_at_weighted_terms()
    {
        using var bench = new Workbench();
        bench.Vectors([0], [4], [-1]);
        // 0.1·4 − 2·1 is minus
        Assert.Equal([-2], bench.Merged(Cabs("n: 1, m: 1, overlap: ties", "a {weight: 0.1}", "b {weight: 2}")));
    }

    [Fact]
    public void Weight_auto_restores_the_norm_per_tensor_and_lambda_scales_it()
    {
        using var bench = new Workbench();
        bench.Model("base", ("u", [0, 0]), ("v", [0, 0]));
        bench.Model("a", ("u", [3, 4]), ("v", [5, 12]));
        Checkpoints.Checkpoint merged = bench.Merge(Cabs("weight: auto, lambda: 0.5, n: 1, m: 2", "a"));
        // u keeps the 4 of a norm of 5, v the 12 of a norm of 13
        Assert.Equal([0, 2.5f], Floats(merged, "u"));
        Assert.Equal([0, 6.5f], Floats(merged, "v").Select(x => MathF.Round(x, 5)));
    }

    [Fact]
    public void Weight_auto_of_one_vector_leaves_the_others_as_given()
    {
        using var bench = new Workbench();
        bench.Vectors([0, 0, 0, 0], [3, 4, 0, 0], [0, 0, 3, 4]);
        Assert.Equal([0, 5, 0, 8], bench.Merged(Cabs("n: 1, m: 4", "a {weight: auto}", "b {weight: 2}")));
    }

    [Fact]
    public void Weight_auto_of_a_vector_without_differences_does_no_harm()
    {
        using var bench = new Workbench();
        bench.Vectors([1, 2], [1, 2], [1, 3]);
        Assert.Equal([1, 3], bench.Merged(Cabs("weight: auto, n: 1, m: 2", "a", "b")));
    }

    [Fact]
    public void Weight_auto_of_a_dense_vector_is_1()
    {
        using var bench = new Workbench();
        bench.Vectors([1, 2], [3, 5]);
        Assert.Equal([3, 5], bench.Merged(Text("task_arithmetic", "weight: auto", "a")));
    }

    [Fact]
    public void A_weight_is_required()
    {
        using var bench = new Workbench();
        bench.Vectors([1], [2]);
        CabsException failure = Fails(CabsError.ParameterInvalid, () => bench.Plan(Text("task_arithmetic", "", "a")));
        Assert.Equal($"{bench.Path("recipe.yml")} line 4: 'weight' has no value for model a at tensor 'w'; give a number, or auto", failure.Message);
    }
}
