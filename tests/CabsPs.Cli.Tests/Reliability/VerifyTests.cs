using System.Text.Json;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Cli.Tests.Reliability;

/// <summary>cabs verify, --resume, and two programs that want one destination.</summary>
public sealed class VerifyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public VerifyTests() => Models.WriteSet(_folder);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_result_is_good_until_a_byte_changes()
    {
        Run("merge", "recipe.yml", "--out", "merged", "--sha256").Expect(0);
        string line = Assert.Single(Run("verify", "merged").Expect(0).Out.TrimEnd().Split('\n'));
        Assert.Matches(@"^.*merged: good; 3 tensors, 4\.22 KB in .* s; all hashes compared with cabs\.json$", line);
        TensorInfo tensor = Checkpoint.Open(_folder.Path("merged")).Find("model.layers.1.weight")!;
        using (FileStream file = File.Open(tensor.File, FileMode.Open))
        {
            file.Position = tensor.Offset + 100;
            int value = file.ReadByte();
            file.Position--;
            file.WriteByte((byte)(value ^ 1));
        }

        Outcome outcome = Run("verify", "merged").Expect(1);
        Assert.Equal($"{tensor.File}: tensor 'model.layers.1.weight' has other bytes than were written", outcome.Out.Split('\n')[0]);
        using JsonDocument json = JsonDocument.Parse(Run("verify", "merged", "--json", "--sha256").Expect(1).Out);
        Assert.Equal("model.layers.1.weight", json.RootElement.GetProperty("problems")[0].GetProperty("tensor").GetString());
        Assert.Equal("tensorChanged", json.RootElement.GetProperty("problems")[0].GetProperty("kind").GetString());
        Assert.Empty(Run("verify", "merged", "--quiet").Expect(1).Out);
    }

    [Fact]
    public void A_plain_model_is_verified_without_hashes_to_compare_with()
    {
        Assert.EndsWith("no hashes to compare with; structure and values looked at", Run("verify", "base").Expect(0).Out.TrimEnd());
        string expected = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(_folder.Path("base", "model.safetensors"))));
        Assert.Contains(expected, Run("verify", "base", "--sha256").Expect(0).Out);
        Run("verify", "nowhere").ExpectError(1);
    }

    [Fact]
    public void Resuming_what_is_done_does_nothing_and_another_plan_is_refused()
    {
        Run("merge", "recipe.yml", "--out", "merged", "--resume", "--quiet").Expect(0);
        DateTime written = File.GetLastWriteTimeUtc(_folder.Path("merged", "model.safetensors"));
        Outcome again = Run("merge", "recipe.yml", "--out", "merged", "--resume").Expect(0);
        Assert.Contains("3 tensors of 3 had been finished before", again.Out);
        Assert.Equal(written, File.GetLastWriteTimeUtc(_folder.Path("merged", "model.safetensors")));
        Models.WriteRecipe(_folder, "n: 7, m: 32, weight: 0.5");
        Assert.Contains("plan parameters n is '7' and was '8'", Run("merge", "recipe.yml", "--out", "merged", "--resume").ExpectError(1));
        Assert.Contains("--resume-check is 'well'; it takes files or deep", Run("merge", "recipe.yml", "--out", "merged", "--resume", "--resume-check", "well").ExpectError(2));
    }

    [Fact]
    public void A_second_program_is_told_that_another_merge_writes_there()
    {
        using (StagingFolder.Open(_folder.Path("merged")))
            Assert.Contains("another merge is writing it", Run("merge", "recipe.yml", "--out", "merged").ExpectError(1));
        Run("merge", "recipe.yml", "--out", "merged", "--quiet").Expect(0);
    }

    [Fact]
    public void Mergekits_call_writes_its_card_and_its_recipes_name_unless_told_not_to()
    {
        Run("mergekit-yaml", "recipe.yml", "merged", "--quiet").Expect(0);
        Assert.Equal(File.ReadAllText(_folder.Path("recipe.yml")), File.ReadAllText(_folder.Path("merged", "mergekit_config.yml")));
        Assert.Contains("## Recipe\n```yaml\nmerge_method: cabs\n", File.ReadAllText(_folder.Path("merged", "README.md")));
        Run("mergekit-yaml", "recipe.yml", "bare", "--no-write-model-card", "--quiet").Expect(0);
        Assert.Equal(["cabs.json", "config.json", "model.safetensors"], Directory.GetFiles(_folder.Path("bare")).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
    }

    private Outcome Run(params string[] arguments) => Cabs.RunIn(_folder.Path(), arguments);
}
