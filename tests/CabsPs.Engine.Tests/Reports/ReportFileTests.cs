using CabsPs.Engine.Reports;
using CabsPs.Engine.Search;

namespace CabsPs.Engine.Tests.Reports;

/// <summary>Where reports go, and where their parts come from.</summary>
public sealed class ReportFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ReportContent _content = new() { Searches = [ReportSample.Line()] };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_report_is_whole_or_not_there()
    {
        string file = ReportFile.Write(_folder.Path("r.html"), _content, replace: false);
        Assert.Equal(ReportPage.Create(_content), File.ReadAllText(file));
        Assert.Equal([file], Directory.GetFileSystemEntries(_folder.Path()));
        Assert.Throws<CabsException>(() => ReportFile.Write(_folder.Path("empty.html"), new ReportContent(), replace: false));
        Assert.Equal([file], Directory.GetFileSystemEntries(_folder.Path()));
    }

    [Fact]
    public void A_file_that_exists_is_replaced_only_when_told()
    {
        File.WriteAllText(_folder.Path("r.html"), "mine");
        CabsException error = Assert.Throws<CabsException>(() => ReportFile.Write(_folder.Path("r.html"), _content, replace: false));
        Assert.Equal(CabsError.OutputNotEmpty, error.Error);
        Assert.Equal("mine", File.ReadAllText(_folder.Path("r.html")));
        ReportFile.Write(_folder.Path("r.html"), _content, replace: true);
        Assert.StartsWith("<!DOCTYPE html", File.ReadAllText(_folder.Path("r.html")));
    }

    [Fact]
    public void A_folder_in_the_place_or_none_around_it_is_told()
    {
        Directory.CreateDirectory(_folder.Path("r.html"));
        Assert.Contains("is a folder", Assert.Throws<CabsException>(() => ReportFile.Write(_folder.Path("r.html"), _content, replace: true)).Message);
        CabsException error = Assert.Throws<CabsException>(() => ReportFile.Write(_folder.Path("none", "r.html"), _content, replace: true));
        Assert.Equal(CabsError.WriteFailed, error.Error);
        Assert.Contains("does not exist", error.Message);
    }

    [Fact]
    public void A_log_of_trials_is_read_up_to_where_it_was_cut_off()
    {
        File.WriteAllText(_folder.Path("t.jsonl"), """
            {"cabsSearch": 1, "merge": "x", "weights": "math code", "judge": "y"}
            {"key": "0.6,1", "trial": 2, "weights": {"math": 0.6, "code": 1}, "score": 0.8, "scores": {"a": [0, 1], "b": 1}, "seconds": 1}
            {"key": "0.5,1", "trial": 1, "weights": {"code": 1, "math": 0.5}, "score": 0.75, "scores": {"a": 0.5, "b": 1}, "seconds": 1}
            {"key": "reference", "scores": {"a": 1}, "seconds": 1}
            {"key": "0.7,1", "trial": 3, "weights": {"math": 0.7
            """);
        ReportSearch search = ReportSearch.Read(_folder.Path("t.jsonl"));
        Assert.Equal("t", search.Name);
        Assert.Equal(["math", "code"], search.Weights);
        Assert.Equal([0.75, 0.8], search.Trials.Select(t => t.Score));
        Assert.Equal([0.5, 1], search.Trials[0].Weights);
        Assert.Equal([0.6, 1], search.Chosen!.Weights);
        Assert.Equal([("a", 0.5), ("b", 1.0)], search.Trials[1].Tasks);
    }

    [Fact]
    public void The_log_of_a_search_gives_its_trials()
    {
        var options = new SearchOptions { Strategy = "grid" };
        using (var search = new WeightSearch(["lambda"], options, _folder.Path("real.jsonl"), "merge", "judge"))
        {
            while (search.Next() is { Count: > 0 } candidates)
            {
                foreach (SearchCandidate candidate in candidates)
                    search.Add(candidate, [new TaskScore("score", 1 - Math.Abs(candidate.Weights[0] - 0.43))], TimeSpan.Zero);
            }

            ReportSearch read = ReportSearch.Read(_folder.Path("real.jsonl"));
            Assert.Equal(search.Trials.Select(t => (t.Number, t.Score)), read.Trials.Select(t => (t.Number, t.Score)));
            Assert.Equal(search.Best!.Weights, read.Chosen!.Weights);
            Assert.Equal(0.43, read.Chosen.Weights[0], 1e-9);
        }
    }

    [Theory]
    [InlineData("{\"weights\": {\"lambda\": 1}}\n{\"weights\": {\"lambda\": 1}, \"score\": 1}\n", "line 1")]
    [InlineData("no json\n{\"weights\": {\"lambda\": 1}, \"score\": 1}\n", "line 1")]
    [InlineData("{\"weights\": {\"a\": 1}, \"score\": 1}\n{\"weights\": {\"a\": 1, \"b\": 2}, \"score\": 1}\n{}\n", "line 2")]
    [InlineData("{}\n", "holds no trial")]
    [InlineData("", "holds no trial")]
    public void A_log_that_is_none_is_told_with_its_line(string text, string says)
    {
        File.WriteAllText(_folder.Path("t.jsonl"), text);
        CabsException error = Assert.Throws<CabsException>(() => ReportSearch.Read(_folder.Path("t.jsonl")));
        Assert.Contains("t.jsonl", error.Message);
        Assert.Contains(says, error.Message);
        Assert.Equal(CabsError.ReadFailed, Assert.Throws<CabsException>(() => ReportSearch.Read(_folder.Path("none.jsonl"))).Error);
    }

    [Fact]
    public void A_merged_folder_tells_what_its_description_says()
    {
        File.WriteAllText(_folder.Path("cabs.json"), """
            {
              "cabs": "0.1.0",
              "plan": { "method": "cabs", "base": "/m/base", "models": [{ "name": "math", "path": "/m/math", "parameters": { "weight": "1.5" } }, { "name": "code", "path": "/m/code" }], "parameters": { "n": "64", "m": "256" }, "exclude": ["lm_head.*"], "seed": 0 },
              "inputs": [], "weights": [{ "name": "model.safetensors", "bytes": 1000, "header": "" }], "recipe": "merge_method: cabs\n",
              "files": [{ "name": "config.json", "bytes": 20, "xxh128": "" }],
              "vectors": [{ "name": "math", "weight": 1.5, "kept": 16, "keptShare": 0.25, "normKept": 0.625 }, { "name": "code", "weight": 1, "kept": 16, "keptShare": 0.25, "normKept": "NaN" }],
              "overlaps": [{ "first": "math", "second": "code", "shared": 4, "jaccard": 0.125, "shareOfSmaller": 0.25 }],
              "tensors": [{ "name": "w", "action": "merge", "dtype": "BF16", "shape": [8, 8], "xxh128": "", "inputs": [] }],
              "leftOut": [{ "model": "code", "tensor": "score.weight", "reason": "the base has no such tensor" }],
              "xxh128": ""
            }
            """);
        ReportContent content = MergedFolder.Read(_folder.Path());
        ReportMerge merge = Assert.Single(content.Merges);
        Assert.Equal(("cabs", 64L, 0.625, 0.125), (merge.Method, merge.Tensors[0].Count, merge.Vectors[0].NormKept, merge.Overlaps[0].Jaccard));
        Assert.Equal([("math", "1.5"), ("code", "–")], merge.Values.Select(v => (v.Model, v.Values[0])));
        Assert.Contains(("exclude", "lm_head.*"), merge.Facts);
        Assert.Equal([("base", true), ("math", false), ("code", false)], merge.Models.Select(m => (m.Name, m.IsBase)));
        Assert.Equal("merge_method: cabs\n", Assert.Single(content.Recipes).Text);
        Assert.Contains("62.5", ReportPage.Create(content));
    }

    [Theory]
    [InlineData(null, CabsError.CheckpointNotFound)]
    [InlineData("{", CabsError.CheckpointInvalid)]
    [InlineData("{\"plan\": 3}", CabsError.CheckpointInvalid)]
    [InlineData("[]", CabsError.CheckpointInvalid)]
    public void A_folder_that_does_not_is_told(string? text, CabsError id)
    {
        if (text is not null)
            File.WriteAllText(_folder.Path("cabs.json"), text);
        CabsException error = Assert.Throws<CabsException>(() => MergedFolder.Read(_folder.Path()));
        Assert.Equal(id, error.Error);
        Assert.Contains("cabs.json", error.Message);
    }
}
