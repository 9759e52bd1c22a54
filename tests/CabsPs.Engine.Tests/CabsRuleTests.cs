using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>The rules of n:m sparsification and assignment on tensors small enough to check by eye. The base is zero and all
/// weights are 1, so the result shows what was kept.</summary>
public sealed class CabsRuleTests
{
    private static float[] Merge(string parameters, params float[][] experts)
    {
        using var bench = new Workbench();
        bench.Vectors(new float[experts[0].Length], experts);
        return bench.Merged(Cabs("weight: 1, " + parameters, [.. experts.Select((_, i) => ((char)('a' + i)).ToString())]));
    }

    [Fact]
    public void The_n_largest_magnitudes_of_every_block_stay() =>
        Assert.Equal([0, -4, 3, 0, 8, 0, 0, 7], Merge("n: 2, m: 4", [1, -4, 3, 2, 8, 5, -6, 7]));

    [Fact]
    public void Equal_magnitudes_go_to_the_lowest_index() =>
        Assert.Equal([2, -2, 0, 0], Merge("n: 2, m: 4", [2, -2, 2, -2]));

    [Fact]
    public void A_tie_with_a_claimed_position_does_not_matter_to_free_ones() =>
        Assert.Equal([5, 1, 1, 0], Merge("n: 1, m: 2, assignment: sequential", [5, 0, 1, 0], [9, 1, 0, 0]));

    [Fact]
    public void Zeros_are_never_kept_and_claim_nothing()
    {
        // a keeps one position though n is 3; b then has three free ones and keeps the largest three
        Assert.Equal([7, 0, 0, 0], Merge("n: 3, m: 4", [7, 0, 0, 0]));
        Assert.Equal([7, 2, 3, 4], Merge("n: 3, m: 4", [7, 0, 0, 0], [1, 2, 3, 4]));
    }

    [Fact]
    public void N_equal_to_m_keeps_all() => Assert.Equal([1, 2, 3, 4, 5], Merge("n: 2, m: 2", [1, 2, 3, 4, 5]));

    [Fact]
    public void M_of_1_keeps_all() => Assert.Equal([1, -2, 0, 4], Merge("n: 1, m: 1", [1, -2, 0, 4]));

    [Fact]
    public void A_block_longer_than_the_tensor_is_all_tail()
    {
        // ⌊(4·3 + 5) / 10⌋ = 1
        Assert.Equal([0, 3, 0], Merge("n: 4, m: 10", [1, 3, 2]));
        Assert.Equal([0, 0, 0], Merge("n: 4, m: 10, tail: drop", [1, 3, 2]));
        Assert.Equal([1, 3, 2], Merge("n: 4, m: 10, tail: keep", [1, 3, 2]));
    }

    [Theory]
    [InlineData("proportional", new float[] { 0, 0, 0, 4, 0, 0, 3 })] // ⌊(1·3 + 2) / 4⌋ = 1
    [InlineData("drop", new float[] { 0, 0, 0, 4, 0, 0, 0 })]
    [InlineData("keep", new float[] { 0, 0, 0, 4, 1, 2, 3 })]
    public void An_incomplete_last_block_keeps_by_tail(string tail, float[] expected) =>
        Assert.Equal(expected, Merge($"n: 1, m: 4, tail: {tail}", [1, 2, 3, 4, 1, 2, 3]));

    [Theory]
    [InlineData(64, 256, 1, 0)] // (64 + 128) / 256
    [InlineData(64, 256, 2, 1)] // (128 + 128) / 256
    [InlineData(64, 256, 255, 64)]
    [InlineData(26, 256, 5, 1)] // (130 + 128) / 256
    [InlineData(26, 256, 4, 0)] // (104 + 128) / 256
    [InlineData(3, 5, 1, 1)] // (3 + 2) / 5
    [InlineData(3, 5, 4, 2)] // (12 + 2) / 5
    [InlineData(16777216, 16777216, 16777215, 16777215)]
    public void The_proportional_tail_rounds_half_up(int n, int m, int r, int kept) =>
        Assert.Equal(kept, TaskVectors.CabsSparsifier.TailQuota("proportional", n, m, r));

    [Fact]
    public void A_later_vector_takes_what_earlier_ones_left() =>
        Assert.Equal([9, 8, 5, 4], Merge("n: 2, m: 4", [9, 8, 1, 1], [7, 6, 5, 4]));

    [Fact]
    public void The_order_of_the_models_is_the_order_of_assignment() =>
        Assert.Equal([7, 6, 1, 1], Merge("n: 2, m: 4", [7, 6, 5, 4], [9, 8, 1, 1]));

    [Fact]
    public void Without_room_the_largest_claimed_ones_fill_the_rest()
    {
        // 3 of 4: a keeps 4 3 2; b has one free position (its 1) and fills with its two largest claimed ones
        Assert.Equal([4 + 9, 3 + 8, 2, 1], Merge("n: 3, m: 4", [4, 3, 2, 0], [9, 8, 7, 1]));
    }

    [Fact]
    public void A_claimed_position_is_taken_only_when_no_free_nonzero_one_is_left()
    {
        // b's free positions hold 0 and 2: it takes the 2, then its largest claimed one
        Assert.Equal([5, 4 + 8, 0, 2], Merge("n: 2, m: 4", [5, 4, 0, 0], [7, 8, 0, 2]));
    }

    [Fact]
    public void None_sparsifies_each_vector_by_itself() =>
        Assert.Equal([9 + 7, 8 + 6, 0, 0], Merge("n: 2, m: 4, assignment: none", [9, 8, 1, 1], [7, 6, 5, 4]));

    [Fact]
    public void Joint_compares_relative_magnitudes()
    {
        // b is ten times as large, so its scores are those of [4 1 2 3]: a wins position 0 as the first of equals and 1 with its 3;
        // b takes 3 and, of what is free, 2
        Assert.Equal([4, 3, 20, 30], Merge("n: 2, m: 4, assignment: joint", [4, 3, 2, 1], [40, 10, 20, 30]));
    }

    [Fact]
    public void Joint_gives_a_lost_best_position_up_for_the_next_best() =>
        Assert.Equal([10, 9, 0, 0], Merge("n: 1, m: 4, assignment: joint", [10, 0, 0, 0], [10, 9, 0, 0]));

    [Fact]
    public void Joint_fills_from_positions_of_others_only_with_quota_left()
    {
        // the same vector twice: every tie goes to a, which takes 0 1 2 and has no quota left; b takes 3, then its largest of a's
        Assert.Equal([4 + 4, 3 + 3, 2, 1], Merge("n: 3, m: 4, assignment: joint", [4, 3, 2, 1], [4, 3, 2, 1]));
    }

    [Fact]
    public void Joint_needs_the_same_m()
    {
        using var bench = new Workbench();
        bench.Vectors(new float[4], [1, 2, 3, 4], [1, 2, 3, 4]);
        CabsException failure = Fails(CabsError.ParameterInvalid, () => bench.Plan(Cabs("weight: 1, n: 1, assignment: joint", "a {m: 2}", "b {m: 4}")));
        Assert.Contains("m differs between models at tensor 'w'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Models_may_have_their_own_n_and_m()
    {
        using var bench = new Workbench();
        bench.Vectors(new float[6], [6, 5, 4, 3, 2, 1], [1, 2, 3, 4, 5, 6]);
        // a: 1 of 2 takes 6 4 2; b: 2 of 3 takes in 0–2 the free 2 and, of the claimed 1 and 3, the 3; in 3–5 the free 4 and 6
        Assert.Equal([6, 2, 4 + 3, 4, 2, 6], bench.Merged(Cabs("weight: 1", "a {n: 1, m: 2}", "b {n: 2, m: 3}")));
    }

    [Fact]
    public void Blocks_without_a_usable_common_multiple_work_on_a_tensor_that_fits_into_one_piece()
    {
        using var bench = new Workbench();
        bench.Vectors(new float[3], [1, 2, 3], [3, 2, 1]);
        Assert.Equal([4, 4, 4], bench.Merged(Cabs("weight: 1, tail: keep, assignment: none", "a {m: 16777213, n: 1}", "b {m: 16777199, n: 1}")));
    }

    [Fact]
    public void Blocks_do_not_cross_tensors_but_do_cross_rows()
    {
        using var bench = new Workbench();
        bench.Model("base", Checkpoints.DType.F32, ("x", [2, 3], new float[6]), ("y", [2], new float[2]));
        bench.Model("a", Checkpoints.DType.F32, ("x", [2, 3], [1, 2, 3, 4, 5, 6]), ("y", [2], [7, 8]));
        Checkpoints.Checkpoint merged = bench.Merge(Cabs("weight: 1, n: 1, m: 4, tail: drop", "a"));
        Assert.Equal([0, 0, 0, 4, 0, 0], Floats(merged, "x"));
        Assert.Equal([0, 0], Floats(merged, "y"));
    }

    [Fact]
    public void The_summary_counts_kept_positions_norms_and_overlaps()
    {
        using var bench = new Workbench();
        bench.Vectors(new float[4], [4, 3, 0, 0], [4, 0, 3, 0]);
        Merging.MergeResult result = bench.Run(Cabs("n: 1, m: 4, assignment: none", "a {weight: 2}", "b {weight: 0.5}"));
        Merging.VectorSummary a = result.Vectors[0];
        Assert.Equal(("a", 2.0, 1L, 0.25, 0.8), (a.Name, a.Weight, a.Kept, a.KeptShare, a.NormKept));
        Merging.PairSummary pair = Assert.Single(result.Overlaps);
        Assert.Equal(("a", "b", 1L, 1.0, 1.0), (pair.First, pair.Second, pair.Shared, pair.Jaccard, pair.ShareOfSmaller));
    }
}
