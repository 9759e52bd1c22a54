using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;
using CabsPs.Engine.Search;

namespace CabsPs.Engine.Tests.Search;

/// <summary>Searches on the real digit recognisers.</summary>
public sealed class DigitsSearchTests
{
    [Theory]
    [InlineData("cabs.yml")]
    [InlineData("task-arithmetic.yml")]
    public void Coordinate_search_is_as_good_as_the_whole_grid_with_a_third_of_its_trials(string recipe)
    {
        SearchResult grid = Search(recipe, WeightScope.Shared, new SearchOptions { Strategy = "grid", Step = 0.05, FineStep = 0 });
        SearchResult found = Search(recipe, WeightScope.Shared, new SearchOptions());
        Assert.Equal(39, grid.Trials.Count);
        Assert.True(found.Trials.Count * 3 <= grid.Trials.Count, $"{found.Trials.Count} trials");
        Assert.True(found.Best.Score >= grid.Best.Score, $"{found.Best.Score} against {grid.Best.Score}");
        Assert.True(found.Interval!.Low < found.Best.Score && found.Best.Score < found.Interval.High);
    }

    [Fact]
    public void Cma_es_gives_every_expert_a_weight_that_is_better_than_one_for_all()
    {
        SearchResult grid = Search("cabs.yml", WeightScope.Shared, new SearchOptions { Strategy = "grid", Step = 0.05, FineStep = 0 });
        SearchResult first = Search("cabs.yml", WeightScope.Vector, new SearchOptions { Strategy = "cma-es" });
        Assert.Equal(["upright", "rotated", "inverted", "scrambled"], first.Names);
        Assert.True(first.Best.Score >= grid.Best.Score, $"{first.Best.Score} against {grid.Best.Score}");
        SearchResult second = Search("cabs.yml", WeightScope.Vector, new SearchOptions { Strategy = "cma-es" });
        Assert.Equal(first.Trials.SelectMany(t => t.Weights), second.Trials.SelectMany(t => t.Weights));
        Assert.NotEqual(first.Trials[0].Weights, Search("cabs.yml", WeightScope.Vector, new SearchOptions { Strategy = "cma-es", Seed = 1, MaxTrials = 1 }).Trials[0].Weights);
    }

    private static SearchResult Search(string recipe, WeightScope scope, SearchOptions options)
    {
        using var folder = new TemporaryFolder();
        using TrialMerger merger = TrialMerger.Create(Recipe.ReadFile(Path.Combine(DigitsJudge.Digits, recipe)), new MergeOptions { Threads = 1 }, scope, 0, null, folder.Path());
        merger.PrepareMasks();
        using var search = new WeightSearch(merger.Space.Names, options, null, merger.Identity, "digits");
        while (search.Next() is { Count: > 0 } candidates)
        {
            foreach (SearchCandidate candidate in candidates)
            {
                string model = merger.Merge(candidate.Weights);
                search.Add(candidate, DigitsJudge.Scores(model, "validation"), TimeSpan.Zero);
                TrialMerger.Remove(model);
            }
        }

        return search.Result(null, null);
    }
}
