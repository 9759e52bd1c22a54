using System.Diagnostics;
using System.Security.Cryptography;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Cli.Tests.Reliability;

/// <summary>The same merge gives the same SHA-256 whatever the processor can do, however many threads there are and however the models are
/// cut into files.</summary>
public sealed class DeterminismTests
{
    [Fact]
    public void Vectors_threads_and_shards_never_show()
    {
        using var folder = new TemporaryFolder();
        (string, long[])[] more = [("model.embed.weight", [300, 257])];
        foreach ((string name, int seed) in new[] { ("base", 0), ("one", 1), ("two", 2) })
            Models.Write(folder.Path(name), seed, DType.BF16, more);
        Models.WriteRecipe(folder, "n: 26, m: 100, weight: auto, assignment: joint, overlap: ties");
        // a merge of the base with itself alone at weight 0 is a copy of it, in shards
        File.WriteAllText(folder.Path("copy.yml"), "merge_method: passthrough\nslices: [{sources: [{model: one, layer_range: [0, 2]}]}]\n");
        Cabs.RunIn(folder.Path(), "merge", "copy.yml", "--out", "sharded", "--shard-size", "2KB", "--quiet").Expect(0);
        Assert.True(Checkpoint.Open(folder.Path("sharded")).Files.Count > 2);
        File.WriteAllText(folder.Path("cut.yml"), File.ReadAllText(folder.Path("recipe.yml")).Replace("model: one", "model: sharded", StringComparison.Ordinal));
        var hashes = new Dictionary<string, string>();
        foreach (string[] off in (string[][])[[], ["DOTNET_EnableAVX512"], ["DOTNET_EnableAVX512", "DOTNET_EnableAVX2"]])
        {
            foreach (int threads in (int[])[1, 2, 7])
            {
                foreach (string recipe in (string[])["recipe.yml", "cut.yml"])
                    hashes.Add($"{recipe}, {threads} threads, without [{string.Join(' ', off)}]", Merge(folder, recipe, threads, off));
            }
        }

        Assert.Equal(18, hashes.Count);
        Assert.True(hashes.Values.Distinct().Count() == 1, string.Join('\n', hashes));
    }

    private static string Merge(TemporaryFolder folder, string recipe, int threads, string[] off)
    {
        var start = new ProcessStartInfo(Cabs.Host, [Cabs.Program, "merge", recipe, "--out", "merged", "--force", "--quiet", "--threads", $"{threads}", "--max-memory", threads == 7 ? "1MB" : "1GiB"])
        {
            WorkingDirectory = folder.Path(),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string name in off)
            start.Environment[name] = "0";
        Cabs.Finish(Process.Start(start)!).Expect(0);
        return Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(folder.Path("merged", "model.safetensors"))));
    }
}
