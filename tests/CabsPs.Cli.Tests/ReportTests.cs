namespace CabsPs.Cli.Tests;

public sealed class ReportTests
{
    [Fact]
    public void A_recipe_is_planned_measured_and_told_as_one_page()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        Outcome outcome = Cabs.RunIn(folder.Path(), "report", "recipe.yml", "--out", "r.html", "--title", "Two <b>").Expect(0);
        Assert.Equal(folder.Path("r.html"), outcome.Out.TrimEnd());
        string page = File.ReadAllText(folder.Path("r.html"));
        Assert.Contains("<h1>Two &lt;b&gt;</h1>", page);
        Assert.Contains("Planned, not carried out.", page);
        Assert.Contains("n: 8, m: 32, weight: 0.5", page);
        Assert.Contains("Norm kept by layer", page);
        Assert.False(Directory.Exists(folder.Path("merged")));
        // the same page again but for the time that measuring took
        Cabs.RunIn(folder.Path(), "report", "recipe.yml", "--out", "a.html", "--no-measure", "--quiet").Expect(0);
        Assert.Empty(Cabs.RunIn(folder.Path(), "report", "recipe.yml", "--out", "b.html", "--no-measure", "--quiet").Expect(0).Out);
        Assert.Equal(File.ReadAllText(folder.Path("a.html")), File.ReadAllText(folder.Path("b.html")));
        Assert.DoesNotContain("Norm kept by layer", File.ReadAllText(folder.Path("a.html")));
    }

    [Fact]
    public void A_merge_writes_a_report_of_what_it_did()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        Cabs.RunIn(folder.Path(), "merge", "recipe.yml", "--out", "merged", "--report", "r.html", "--quiet").Expect(0);
        string page = File.ReadAllText(folder.Path("r.html"));
        Assert.Contains("Peak memory", page);
        Assert.Contains("Norm kept by layer", page);
        Assert.DoesNotContain("Planned, not carried out.", page);
        // a report that cannot be written stops the merge before it begins
        Assert.Contains("r.html", Cabs.RunIn(folder.Path(), "merge", "recipe.yml", "--out", "other", "--report", "r.html").ExpectError(2));
        Assert.False(Directory.Exists(folder.Path("other")));
    }

    [Fact]
    public void What_the_order_does_is_added_on_request()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        Cabs.RunIn(folder.Path(), "report", "recipe.yml", "--out", "r.html", "--study", "16:32").Expect(0);
        Assert.Contains("Norm kept over the orders", File.ReadAllText(folder.Path("r.html")));
        Assert.Contains("--study is 'x'", Cabs.RunIn(folder.Path(), "report", "recipe.yml", "--out", "s.html", "--study", "x").ExpectError(2));
    }

    [Fact]
    public void Trials_are_a_curve_with_the_chosen_weight()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        File.WriteAllText(folder.Path("t.jsonl"), string.Concat(new[] { 0.2, 0.4, 0.6 }.Select(w => $"{{\"weights\": {{\"lambda\": {w:0.0}}}, \"score\": {1 - Math.Abs(w - 0.4):0.0}}}\n")));
        Cabs.RunIn(folder.Path(), "report", "recipe.yml", "--out", "r.html", "--trials", "t.jsonl").Expect(0);
        Assert.Contains("Chosen: lambda 0.4; score 1, the best of 3 trials.", File.ReadAllText(folder.Path("r.html")));
    }

    [Fact]
    public void What_cannot_be_written_or_read_is_one_line()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        File.WriteAllText(folder.Path("r.html"), "mine");
        Assert.Contains("exists already", Cabs.RunIn(folder.Path(), "report", "recipe.yml", "--out", "r.html").ExpectError(2));
        Assert.Equal("mine", File.ReadAllText(folder.Path("r.html")));
        Assert.Contains("none.html", Cabs.RunIn(folder.Path(), "report", "recipe.yml", "--out", "none/none.html").ExpectError(1));
        Assert.Contains("holds no cabs.json", Cabs.RunIn(folder.Path(), "report", "base", "--out", "x.html").ExpectError(1));
        Assert.Contains("t.jsonl", Cabs.RunIn(folder.Path(), "report", "recipe.yml", "--out", "x.html", "--trials", "t.jsonl").ExpectError(1));
        Assert.Contains("--out", Cabs.RunIn(folder.Path(), "report", "recipe.yml").ExpectError(2));
        Assert.False(File.Exists(folder.Path("x.html")));
        Cabs.RunIn(folder.Path(), "report", "recipe.yml", "--out", "r.html", "--force").Expect(0);
        Assert.StartsWith("<!DOCTYPE html", File.ReadAllText(folder.Path("r.html")));
    }
}
