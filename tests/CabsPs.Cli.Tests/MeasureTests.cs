using System.Text.Json;

namespace CabsPs.Cli.Tests;

/// <summary><c>cabs measure</c>.</summary>
public sealed class MeasureTests
{
    [Fact]
    public void Tables_say_what_a_merge_says_and_nothing_is_written()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder, "n: 8, m: 32, weight: 1");
        int files = Directory.GetFileSystemEntries(folder.Path()).Length;
        Outcome found = Cabs.RunIn(folder.Path(), "measure", "recipe.yml", "--tensors").Expect(0);
        string[] lines = found.Out.Split('\n');
        Assert.Contains(lines, l => l.StartsWith("one", StringComparison.Ordinal) && l.Contains("cabs 8:32 sequential", StringComparison.Ordinal) && l.Contains("25.0 %", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("one + two", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("norm kept by layer", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("model.norm.weight", StringComparison.Ordinal));
        Assert.DoesNotContain('\u001b', found.Out);
        Assert.Empty(found.Error);
        Assert.Equal(files, Directory.GetFileSystemEntries(folder.Path()).Length);
    }

    [Fact]
    public void Json_has_every_figure()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder, "n: 8, m: 32, weight: 1");
        using JsonDocument found = JsonDocument.Parse(Cabs.RunIn(folder.Path(), "measure", "recipe.yml", "--json").Expect(0).Out);
        using JsonDocument merged = JsonDocument.Parse(Cabs.RunIn(folder.Path(), "merge", "recipe.yml", "--out", "merged", "--json").Expect(0).Out);
        JsonElement total = found.RootElement.GetProperty("total");
        Assert.Equal(1056, total.GetProperty("weights").GetInt64());
        for (int v = 0; v < 2; v++)
        {
            JsonElement own = total.GetProperty("experts")[v], same = merged.RootElement.GetProperty("vectors")[v];
            Assert.Equal(same.GetProperty("kept").GetInt64(), own.GetProperty("kept").GetInt64());
            Assert.Equal(same.GetProperty("normKept").GetDouble(), own.GetProperty("normKept").GetDouble(), 1e-5);
            Assert.Equal(0, own.GetProperty("blockVariation").GetDouble());
        }

        Assert.Equal(3, found.RootElement.GetProperty("tensors").GetArrayLength());
        Assert.Equal(["model.layers.0", "model.layers.1", "(outside the layers)"], found.RootElement.GetProperty("layers").EnumerateArray().Select(l => l.GetProperty("name").GetString()));
        Assert.Equal(0, total.GetProperty("overlaps")[0].GetProperty("cosineKept").GetDouble());
    }

    [Fact]
    public void A_study_has_every_order()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        using JsonDocument found = JsonDocument.Parse(Cabs.RunIn(folder.Path(), "measure", "recipe.yml", "--study", "--shape", "16:32", "--shape", "0.25:16", "--json").Expect(0).Out);
        Assert.Equal(2 * 4, found.RootElement.GetProperty("rows").GetArrayLength());
        Outcome table = Cabs.RunIn(folder.Path(), "measure", "recipe.yml", "--study", "--assignment", "sequential").Expect(0);
        Assert.Contains("two, one", table.Out);
        Assert.Contains("order effect", table.Out);
    }

    [Theory]
    [InlineData("--shape is '9:8'; it takes n:m", "--study", "--shape", "9:8")]
    [InlineData("--shape says something only with --study", "--shape", "1:8")]
    [InlineData("'assignment' is 'some'", "--study", "--assignment", "some")]
    public void Mistakes_are_one_line(string message, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        Assert.Contains(message, Cabs.RunIn(folder.Path(), ["measure", "recipe.yml", .. arguments]).ExpectError(2));
    }

    [Fact]
    public void On_a_terminal_there_are_pictures_and_without_colours_tables()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/script"))
            return;
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        string call = $"stty cols 160; TERM=xterm-256color {Cabs.Host} {Cabs.Program} measure recipe.yml";
        string drawn = Cabs.Finish(Cabs.StartProgram(folder.Path(), "env", "-u", "NO_COLOR", "script", "-qc", call, "/dev/null")).Out;
        Assert.Contains("█", drawn);
        Assert.Contains("48;", drawn);
        string plain = Cabs.Finish(Cabs.StartProgram(folder.Path(), "env", "NO_COLOR=1", "script", "-qc", call, "/dev/null")).Out;
        Assert.DoesNotContain("█", plain);
        Assert.Contains("norm kept by layer", plain);
    }
}
