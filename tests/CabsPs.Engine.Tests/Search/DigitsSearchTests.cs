using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;
using CabsPs.Engine.Search;

namespace CabsPs.Engine.Tests.Search;

/// <summary>Searches on the real digit recognisers: as good as the whole grid of 0.05 with at most a third of its trials.</summary>
public sealed class DigitsSearchTests
{
    [Theory]
    [InlineData("cabs.yml")]
    [InlineData("task-arithmetic.yml")]
    public void Explore(string recipe)
    {
        SearchResult grid = Search(recipe, WeightScope.Shared, new SearchOptions { Strategy = "grid", Step = 0.05, FineStep = 0 });
        SearchResult one = Search(recipe, WeightScope.Shared, new SearchOptions());
        Console.WriteLine($"{recipe} grid {grid.Trials.Count} best {grid.Best.Score:R} at {string.Join(' ', grid.Best.Weights)}; coordinate {one.Trials.Count} {one.Best.Score} at {one.Best.Weights[0]}");
        string two = File.ReadAllText(Path.Combine(DigitsJudge.Digits, recipe));
        foreach (string pair in new[] { "upright scrambled", "rotated inverted" })
        {
            using var f = new TemporaryFolder();
            string text = string.Join('\n', two.Split('\n').Where(l => !l.Contains("- model:") || pair.Split(' ').Any(l.Contains))).Replace("models/", Path.Combine(DigitsJudge.Digits, "models") + "/");
            File.WriteAllText(f.Path("r.yml"), text);
            SearchResult full = Search(f.Path("r.yml"), WeightScope.Vector, new SearchOptions { Strategy = "grid", Step = 0.05, FineStep = 0, MaxTrials = 10000 }, pair.Split(' '));
            Console.WriteLine($"{recipe} {pair} grid {full.Trials.Count} best {full.Best.Score:R} at {string.Join(' ', full.Best.Weights)} ties {full.Trials.Count(t => t.Score == full.Best.Score)}");
            foreach (string strategy in new[] { "coordinate", "cma-es" })
            {
                for (int seed = 0; seed < 3; seed++)
                {
                    SearchResult x = Search(f.Path("r.yml"), WeightScope.Vector, new SearchOptions { Strategy = strategy, Seed = seed, FineStep = 0.01 }, pair.Split(' '));
                    Console.WriteLine($"{strategy} {seed}: {x.Trials.Count} best {x.Best.Score:R} at {string.Join(' ', x.Best.Weights)}");
                }
            }
        }
    }

    private static SearchResult Search(string recipe, WeightScope scope, SearchOptions options, params string[] tasks)
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
                search.Add(candidate, DigitsJudge.Scores(model, "validation", tasks), TimeSpan.Zero);
                TrialMerger.Remove(model);
            }
        }

        return search.Result(null, null);
    }
}
