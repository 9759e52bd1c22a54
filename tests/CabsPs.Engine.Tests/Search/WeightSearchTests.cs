using CabsPs.Engine.Search;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests.Search;

/// <summary>Strategies, objectives and the log, with functions whose best point is known.</summary>
public sealed class WeightSearchTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("grid", 1, 0.011)]
    [InlineData("coordinate", 1, 0.011)]
    [InlineData("coordinate", 3, 0.011)]
    [InlineData("cma-es", 1, 0.05)]
    [InlineData("cma-es", 3, 0.05)]
    public void The_top_of_a_hill_is_found(string strategy, int weights, double within)
    {
        double[] top = [0.64, 1.37, 0.95];
        SearchResult found = Run(new SearchOptions { Strategy = strategy, FineStep = 0.01, Sigma = 0.2, Patience = 12 }, weights, w => -w.Select((x, i) => (x - top[i]) * (x - top[i])).Sum());
        for (int i = 0; i < weights; i++)
            Assert.InRange(Math.Abs(found.Best.Weights[i] - top[i]), 0, within);
        Assert.All(found.Trials, t => Assert.All(t.Weights, w => Assert.InRange(w, 0.1, 2)));
        Assert.Equal(found.Trials.Count, found.Trials.Select(t => string.Join(' ', t.Weights)).Distinct().Count());
        Assert.Equal(Enumerable.Range(1, found.Trials.Count), found.Trials.Select(t => t.Number));
        Assert.Equal(found.Best.Score, found.BestSoFar[^1]);
    }

    [Fact]
    public void The_grid_is_that_of_the_paper()
    {
        SearchResult found = Run(new SearchOptions { Strategy = "grid" }, 1, w => -Math.Abs(w[0] - 0.63));
        Assert.Equal(Enumerable.Range(1, 20).Select(i => i / 10.0), found.Trials.Take(20).Select(t => t.Weights[0]));
        // 0.01 steps round 0.6, without the three that the first grid had
        Assert.Equal(18, found.Trials.Count - 20);
        Assert.Equal(0.63, found.Best.Weights[0]);
        Assert.Contains("search by coordinate or cma-es", Fails(CabsError.ParameterInvalid, () => Run(new SearchOptions { Strategy = "grid" }, 4, _ => 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_search_goes_on_from_its_log_and_asks_nothing_twice()
    {
        string log = _folder.Path("trials.jsonl");
        var options = new SearchOptions { Strategy = "cma-es", Generations = 5 };
        int calls = 0;
        double Hill(IReadOnlyList<double> w)
        {
            calls++;
            return -w.Sum(x => (x - 0.7) * (x - 0.7));
        }

        SearchResult whole = Run(options, 2, Hill);
        int all = calls;
        calls = 0;
        Run(options with { MaxTrials = 10 }, 2, Hill, log);
        Assert.Equal(10, calls);
        // a crash in the middle of a line
        File.AppendAllText(log, "{\"key\":\"0.5 0.5\",\"sco");
        SearchResult rest = Run(options, 2, Hill, log);
        Assert.Equal(all, calls);
        Assert.Equal(all - 10, rest.Judged);
        Assert.Equal(whole.Trials.SelectMany(t => t.Weights.Append(t.Score)), rest.Trials.SelectMany(t => t.Weights.Append(t.Score)));
        Assert.Equal(1 + all, File.ReadAllLines(log).Length);
        Assert.Equal(0, Run(options, 2, Hill, log).Judged);
    }

    [Fact]
    public void A_log_of_something_else_is_refused()
    {
        string log = _folder.Path("trials.jsonl");
        Run(new SearchOptions { MaxTrials = 2 }, 1, _ => 0, log);
        Assert.Contains("another judge", Fails(CabsError.SearchLogInvalid, () => new WeightSearch(["w0"], new SearchOptions(), log, "merge", "other")).Message, StringComparison.Ordinal);
        Assert.Contains("another merge", Fails(CabsError.SearchLogInvalid, () => new WeightSearch(["w0"], new SearchOptions(), log, "other", "judge")).Message, StringComparison.Ordinal);
        Assert.Contains("another weights", Fails(CabsError.SearchLogInvalid, () => new WeightSearch(["a", "b"], new SearchOptions(), log, "merge", "judge")).Message, StringComparison.Ordinal);
        using (var open = new WeightSearch(["w0"], new SearchOptions(), log, "merge", "judge"))
            Fails(CabsError.SearchLogInvalid, () => new WeightSearch(["w0"], new SearchOptions(), log, "merge", "judge"));
        File.WriteAllText(log, "{\"cabsSearch\":1,\"merge\":\"merge\",\"weights\":\"w0\",\"judge\":\"judge\"}\nnonsense\n");
        Assert.Contains("trials.jsonl line 2", Fails(CabsError.SearchLogInvalid, () => new WeightSearch(["w0"], new SearchOptions(), log, "merge", "judge")).Message, StringComparison.Ordinal);
        // what never was a log is left as it is, also without an end of line
        foreach (string text in new[] { "my notes", "{\"mine\": 1", "my notes\nmore" })
        {
            File.WriteAllText(log, text);
            Assert.Contains("trials.jsonl line 1", Fails(CabsError.SearchLogInvalid, () => new WeightSearch(["w0"], new SearchOptions(), log, "merge", "judge")).Message, StringComparison.Ordinal);
            Assert.Equal(text, File.ReadAllText(log));
        }

        // a first line that was cut off is written again
        File.WriteAllText(log, "{\"cabsSea");
        new WeightSearch(["w0"], new SearchOptions(), log, "merge", "judge").Dispose();
        Assert.StartsWith("{\"cabsSearch\":", File.ReadAllText(log), StringComparison.Ordinal);
    }

    [Fact]
    public void Relative_punishes_what_falls_behind_the_reference()
    {
        using var search = new WeightSearch(["w"], new SearchOptions { Strategy = "grid", Step = 1, FineStep = 0, Objective = "relative" }, null, "merge", "judge");
        Assert.True(search.WantsReference);
        search.AddReference([new TaskScore("a", 0.8), new TaskScore("b", 0.5)], null);
        IReadOnlyList<SearchCandidate> asked = search.Next();
        // a gains a tenth of 0.8, b loses a tenth of 0.5: 0.1 − 100 · 0.1
        Assert.Equal(0.1 - 10, search.Add(asked[0], [new TaskScore("a", 0.88), new TaskScore("b", 0.45)], default).Score, 1e-9);
        Assert.Equal(0.3, search.Add(asked[1], [new TaskScore("a", 0.88), new TaskScore("b", 0.6)], default).Score, 1e-9);
        Assert.Empty(search.Next());
        Assert.Equal(2, search.Best!.Number);
    }

    [Fact]
    public void The_bootstrap_interval_is_that_of_a_binomial_share()
    {
        double[] examples = [.. Enumerable.Range(0, 400).Select(i => i % 4 == 0 ? 0.0 : 1.0)];
        SearchResult found = Run(new SearchOptions { MaxTrials = 1 }, 1, _ => [new TaskScore("t", examples.Average(), examples)]);
        // 0.75 ± 1.96 · sqrt(0.75 · 0.25 / 400)
        Assert.Equal(0.75 - 0.0424, found.Interval!.Low, 0.006);
        Assert.Equal(0.75 + 0.0424, found.Interval.High, 0.006);
        Assert.Equal(found.Interval, Run(new SearchOptions { MaxTrials = 1 }, 1, _ => [new TaskScore("t", examples.Average(), examples)]).Interval);
        Assert.Null(Run(new SearchOptions { MaxTrials = 1 }, 1, _ => 0.5).Interval);
    }

    [Theory]
    [InlineData("0.5", "score 0.5")]
    [InlineData("loading\n{\"b\": 1, \"a\": 0.25}\n", "a 0.25 b 1")]
    [InlineData("{\"a\": [1, 0, true, false]}", "a 0.5")]
    public void Judges_speak_JSON(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', JudgeOutput.Parse(text).Select(s => FormattableString.Invariant($"{s.Task} {s.Value}"))));

    [Theory]
    [InlineData("")]
    [InlineData("good")]
    [InlineData("{}")]
    [InlineData("{\"a\": \"x\"}")]
    [InlineData("[]")]
    public void What_is_no_score_is_refused(string text) => Fails(CabsError.JudgeFailed, () => JudgeOutput.Parse(text));

    private static SearchResult Run(SearchOptions options, int weights, Func<IReadOnlyList<double>, double> judge, string? log = null) =>
        Run(options, weights, w => [new TaskScore("score", judge(w))], log);

    private static SearchResult Run(SearchOptions options, int weights, Func<IReadOnlyList<double>, IReadOnlyList<TaskScore>> judge, string? log = null)
    {
        using var search = new WeightSearch([.. Enumerable.Range(0, weights).Select(i => $"w{i}")], options, log, "merge", "judge");
        while (search.Next() is { Count: > 0 } candidates)
        {
            foreach (SearchCandidate candidate in candidates)
                search.Add(candidate, judge(candidate.Weights), TimeSpan.FromSeconds(1));
        }

        return search.Result(null, null);
    }
}
