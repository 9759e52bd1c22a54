using System.Text.Json;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Cli.Tests;

/// <summary><c>cabs check</c>, <c>cabs mergekit-yaml</c>, and recipes of several documents.</summary>
public sealed class RecipeTests
{
    private const string Stages = "merge_method: linear\nmodels: [{model: half, parameters: {weight: 1}}, {model: base, parameters: {weight: 1}}]\n---\nname: half\nmerge_method: passthrough\nmodels: [{model: one, parameters: {scale: 0.5}}]\n";

    [Fact]
    public void Check_names_every_problem_with_its_line_and_exits_2()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        File.WriteAllText(folder.Path("bad.yml"), "merge_method: linear\nmodles: 1\nmodels:\n  - model: one\n    parameters: {wieght: 1}\n  - model: nowhere\ndtype: float8\n");
        Outcome outcome = Cabs.RunIn(folder.Path(), "check", "bad.yml").Expect(2);
        Assert.Equal([2, 5, 6, 7], outcome.ErrorLines.Select(l => int.Parse(l.Split("bad.yml line ")[1].Split(':')[0], System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Contains("4 problems", outcome.Out, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(Cabs.RunIn(folder.Path(), "check", "bad.yml", "--json").Expect(2).Out);
        Assert.False(json.RootElement.GetProperty("ok").GetBoolean());
        Assert.Equal(4, json.RootElement.GetProperty("problems").GetArrayLength());
    }

    [Fact]
    public void Check_of_a_good_recipe_tells_its_cost_and_writes_nothing()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        string[] before = Directory.GetFileSystemEntries(folder.Path());
        string text = Cabs.RunIn(folder.Path(), "check", "recipe.yml", "--out", "merged").Expect(0).Out;
        foreach (string part in new[] { "disk needed", "disk free", "memory", "time", "The recipe can run." })
            Assert.Contains(part, text, StringComparison.Ordinal);
        Assert.Equal(before, Directory.GetFileSystemEntries(folder.Path()));
    }

    [Fact]
    public void Mergekit_yaml_takes_its_options_and_says_which_have_no_effect()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        Outcome outcome = Cabs.RunIn(folder.Path(), "mergekit-yaml", "recipe.yml", "merged", "--cuda", "--no-lazy-unpickle", "--lora-merge-cache", "x", "--out-shard-size", "1B", "--random-seed", "7", "-j", "2", "--safe-serialization", "--quiet").Expect(0);
        Assert.Equal(["--cuda", "--lora-merge-cache"], outcome.ErrorLines.Select(l => l.Split(' ')[2]));
        Assert.Equal(Models.Tensors.Length, Checkpoint.Open(folder.Path("merged")).Tensors.Count);
        Assert.Contains("--out-shard-size", Cabs.RunIn(folder.Path(), "mergekit-yaml", "recipe.yml", "other", "--out-shard-size", "5GB").ExpectError(2), StringComparison.Ordinal);
        Assert.Contains("several documents", Cabs.RunIn(folder.Path(), "mergekit-yaml", Write(folder, Stages), "other").ExpectError(2), StringComparison.Ordinal);
    }

    [Fact]
    public void Stages_stay_only_where_they_are_asked_for()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        string recipe = Write(folder, Stages);
        Cabs.RunIn(folder.Path(), "merge", recipe, "--out", "merged", "--quiet").Expect(0);
        Assert.Equal(["merged"], Directory.GetDirectories(folder.Path()).Select(d => Path.GetFileName(d)).Except(["base", "one", "two"]));
        Outcome kept = Cabs.RunIn(folder.Path(), "merge", recipe, "--out", "again", "--stages", "parts", "--json").Expect(0);
        using JsonDocument json = JsonDocument.Parse(kept.Out);
        Assert.Equal(["half", null], json.RootElement.GetProperty("results").EnumerateArray().Select(r => r.GetProperty("name").GetString()));
        Assert.True(File.Exists(folder.Path("parts", "half", "model.safetensors")));
        Assert.Equal(File.ReadAllBytes(folder.Path("merged", "model.safetensors")), File.ReadAllBytes(folder.Path("again", "model.safetensors")));
    }

    [Fact]
    public void Where_results_go_must_be_said()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        string named = Write(folder, "name: half\nmerge_method: passthrough\nmodels: [{model: one}]\n");
        Assert.Contains("--stages DIR", Cabs.RunIn(folder.Path(), "merge", named).ExpectError(2), StringComparison.Ordinal);
        Assert.Contains("--out", Cabs.RunIn(folder.Path(), "merge", named, "--out", "merged", "--stages", "parts").ExpectError(2), StringComparison.Ordinal);
        Assert.Contains("--out DIR", Cabs.RunIn(folder.Path(), "merge", Write(folder, Stages), "--stages", "parts").ExpectError(2), StringComparison.Ordinal);
        Assert.Contains("holds the input", Cabs.RunIn(folder.Path(), "merge", Write(folder, Stages), "--out", "parts", "--stages", "parts").ExpectError(2), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.Path("parts")));
    }

    private static string Write(TemporaryFolder folder, string recipe)
    {
        File.WriteAllText(folder.Path("stages.yml"), recipe);
        return "stages.yml";
    }
}
