using System.Text.Json;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Cli.Tests;

public sealed class MergeTests
{
    [Fact]
    public void Closing_table_tells_weights_shares_overlap_and_the_folder()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        Outcome outcome = Cabs.RunIn(folder.Path(), "merge", "recipe.yml", "--out", "merged").Expect(0);
        Assert.Empty(outcome.Error);
        string[] lines = outcome.Out.TrimEnd().Split('\n');
        Assert.Contains(lines, l => l.StartsWith("one ") && l.Contains(" 0.5 ") && l.Contains(" 25.0 %"));
        Assert.Contains(lines, l => l.StartsWith("one + two ") && l.EndsWith(" 0 %"));
        Assert.Contains(lines, l => l.Contains("peak memory") && l.Contains("/s"));
        Assert.Equal(folder.Path("merged"), lines[^1]);
    }

    [Fact]
    public void Json_result_is_one_document_with_the_same_facts()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        using JsonDocument document = JsonDocument.Parse(Cabs.RunIn(folder.Path(), "merge", "recipe.yml", "--out", "merged", "--json").Expect(0).Out);
        JsonElement result = document.RootElement;
        Assert.Equal("cabs", result.GetProperty("method").GetString());
        Assert.Equal(["one", "two"], result.GetProperty("vectors").EnumerateArray().Select(v => v.GetProperty("name").GetString()));
        Assert.All(result.GetProperty("vectors").EnumerateArray(), v => Assert.Equal(0.25, v.GetProperty("keptShare").GetDouble()));
        Assert.Equal(0, Assert.Single(result.GetProperty("overlaps").EnumerateArray()).GetProperty("shared").GetInt64());
        Assert.Equal(Models.Tensors.Select(t => t.Name), result.GetProperty("tensors").EnumerateArray().Select(t => t.GetProperty("name").GetString()));
        Assert.Equal(Directory.GetFiles(folder.Path("merged")).Order(), result.GetProperty("files").EnumerateArray().Select(f => f.GetProperty("path").GetString()).Order());
    }

    [Fact]
    public void Quiet_prints_nothing_and_merges()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        Outcome outcome = Cabs.RunIn(folder.Path(), "merge", "recipe.yml", "--out", "merged", "--quiet").Expect(0);
        Assert.Empty(outcome.Out);
        Assert.Empty(outcome.Error);
        Assert.Equal(Models.Tensors.Length, Checkpoint.Open(folder.Path("merged")).Tensors.Count);
    }

    [Fact]
    public void Dry_run_prints_the_plan_and_writes_nothing()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder, extra: "exclude: ['*norm*']");
        string[] before = Entries(folder);
        string plan = Cabs.RunIn(folder.Path(), "merge", "recipe.yml", "--out", "merged", "--dry-run", "--threads", "2").Expect(0).Out;
        Assert.Equal(before, Entries(folder));
        string[] lines = plan.Split('\n');
        Assert.Contains(lines, l => l.StartsWith("method ") && l.Contains("cabs"));
        Assert.Contains(lines, l => l.StartsWith("base ") && l.Contains(folder.Path("base")) && l.Contains("TinyForCausalLM"));
        Assert.Contains(lines, l => l.StartsWith("parameters ") && l.Contains("assignment sequential"));
        Assert.Contains(lines, l => l.StartsWith("two ") && l.Contains(" 0.5 ") && l.Contains(" 32 "));
        Assert.Contains(lines, l => l.StartsWith("model.layers.{0-1}.weight ") && l.Contains("merge") && l.Contains("[16, 32]"));
        Assert.Contains(lines, l => l.StartsWith("model.norm.weight ") && l.Contains("copy"));
        Assert.Contains(lines, l => l.StartsWith("3 tensors: merge 2, copy 1"));
        Assert.Contains(lines, l => l.StartsWith("model.safetensors "));
        Assert.Contains(lines, l => l.StartsWith("config.json "));
        Assert.Contains(lines, l => l.StartsWith("to read ") && l.EndsWith("12.4 KB"));
        Assert.Contains(lines, l => l.StartsWith("memory "));
        Assert.Contains(lines, l => l.StartsWith("threads ") && l.EndsWith(" 2"));
    }

    [Fact]
    public void Dry_run_needs_no_folder_and_gives_json_with_the_sizes_that_a_merge_writes()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        using JsonDocument plan = JsonDocument.Parse(Cabs.RunIn(folder.Path(), "merge", "recipe.yml", "--dry-run", "--json", "--shard-size", "3KB").Expect(0).Out);
        Cabs.RunIn(folder.Path(), "merge", "recipe.yml", "--out", "merged", "--shard-size", "3KB").Expect(0);
        var planned = plan.RootElement.GetProperty("files").EnumerateArray().Select(f => (Name: f.GetProperty("name").GetString()!, Bytes: f.GetProperty("bytes").GetInt64())).Order();
        // of cabs.json, the size is an estimate
        (string Name, long Bytes)[] written = [.. new DirectoryInfo(folder.Path("merged")).GetFiles().Select(f => (f.Name, f.Length)).Order()];
        Assert.Equal(written.Where(f => f.Name != "cabs.json"), planned.Where(f => f.Name != "cabs.json"));
        Assert.Equal(written.Select(f => f.Name), planned.Select(f => f.Name));
        Assert.Equal(Models.Tensors.Length, plan.RootElement.GetProperty("tensors").GetArrayLength());
        Assert.Equal(3, plan.RootElement.GetProperty("actions").GetProperty("merge").GetInt32());
        Assert.Equal(0, plan.RootElement.GetProperty("actions").GetProperty("copyIfEqual").GetInt32());
        Assert.Equal("0.5", plan.RootElement.GetProperty("experts")[0].GetProperty("parameters").GetProperty("weight").GetString());
    }

    [Fact]
    public void Type_on_the_command_line_wins_over_the_recipe()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder, extra: "dtype: float16");
        Cabs.RunIn(folder.Path(), "merge", "recipe.yml", "--out", "half").Expect(0);
        Cabs.RunIn(folder.Path(), "merge", "recipe.yml", "--out", "brain", "--dtype", "bfloat16").Expect(0);
        Assert.All(Checkpoint.Open(folder.Path("half")).Tensors, t => Assert.Equal(DType.F16, t.Type));
        Assert.All(Checkpoint.Open(folder.Path("brain")).Tensors, t => Assert.Equal(DType.BF16, t.Type));
        Assert.Contains("\"bfloat16\"", File.ReadAllText(folder.Path("brain", "config.json")));
    }

    [Fact]
    public void Threads_memory_and_shards_do_not_change_the_tensors()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        Cabs.RunIn(folder.Path(), "merge", "recipe.yml", "--out", "one-thread", "--threads", "1").Expect(0);
        Cabs.RunIn(folder.Path(), "merge", "recipe.yml", "--out", "seven", "--threads", "7", "--max-memory", "2MB", "--shard-size", "2KB").Expect(0);
        Assert.True(Checkpoint.Open(folder.Path("seven")).Files.Count > 1);
        foreach (TensorInfo tensor in Checkpoint.Open(folder.Path("one-thread")).Tensors)
            Assert.Equal(TensorData.Bytes(tensor), TensorData.Bytes(Checkpoint.Open(folder.Path("seven")).Find(tensor.Name)!));
    }

    [Fact]
    public void Warnings_and_left_out_tensors_go_to_standard_error()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder, "n: 8, m: 32, weight: 0.5, density: 0.3");
        Models.Write(folder.Path("two"), 2, DType.F32, ("classifier.weight", [4, 32]));
        Outcome outcome = Cabs.RunIn(folder.Path(), "merge", "recipe.yml", "--out", "merged", "--quiet").Expect(0);
        Assert.Empty(outcome.Out);
        Assert.Equal(2, outcome.ErrorLines.Length);
        Assert.Contains("cabs: warning: recipe.yml line 6: 'density' has no effect", outcome.ErrorLines[0]);
        Assert.Equal("cabs: note: left out of two: classifier.weight; the base has no such tensor", outcome.ErrorLines[1]);
    }

    [Fact]
    public void Nonfinite_weights_pass_only_when_allowed()
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        TensorInfo norm = Checkpoint.Open(folder.Path("one")).Find("model.norm.weight")!;
        using (FileStream file = File.OpenWrite(norm.File))
        {
            file.Position = norm.Offset + (5 * 4);
            file.Write(BitConverter.GetBytes(float.NaN));
        }

        string line = Cabs.RunIn(folder.Path(), "merge", "recipe.yml", "--out", "merged").ExpectError(1);
        Assert.Contains("model.norm.weight", line);
        Assert.Contains("5", line);
        Assert.False(Directory.Exists(folder.Path("merged")));
        Cabs.RunIn(folder.Path(), "merge", "recipe.yml", "--out", "merged", "--allow-nonfinite").Expect(0);
    }

    [Fact]
    public void Redirected_output_has_no_escapes_and_is_not_cut()
    {
        using var folder = new TemporaryFolder();
        string deep = folder.Path(new string('a', 120), "deep");
        Models.Write(deep, 0);
        Outcome outcome = Cabs.Run("inspect", deep).Expect(0);
        Assert.Contains(deep, outcome.Out);
        Assert.DoesNotContain('\x1b', outcome.Out + outcome.Error);
    }

    private static string[] Entries(TemporaryFolder folder) => [.. Directory.EnumerateFileSystemEntries(folder.Path(), "*", SearchOption.AllDirectories).Order()];
}
