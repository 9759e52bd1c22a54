using CabsPs.Engine;
using CabsPs.Fuzzing;

namespace CabsPs.Cli.Tests;

/// <summary>Files that strangers made, given to the program itself: one line, the right exit code, no stack, nothing left behind. All of
/// them are tried by a command, see docs/reliability.md.</summary>
public sealed class HostileInputTests
{
    [Theory]
    [InlineData("header length of 8 exabytes")]
    [InlineData("overlapping")]
    [InlineData("names that look like paths")]
    [InlineData("index: folder above")]
    [InlineData("pipe instead of the weights")]
    [InlineData("device instead of the tokenizer")]
    [InlineData("recipe: aliases that multiply")]
    [InlineData("recipe: an alias inside a key")]
    [InlineData("recipe: brackets")]
    [InlineData("config of brackets")]
    [InlineData("token without a text")]
    public void A_merge_ends_in_one_line_or_a_result(string name)
    {
        HostileInput input = Corpus.All.Single(i => i.Name == name);
        if (input.NeedsUnix && OperatingSystem.IsWindows())
            return;
        using var folder = new TemporaryFolder();
        Corpus.Write(input, folder.Path());
        Outcome merge = Cabs.RunIn(folder.Path(), "merge", "recipe.yml", "--out", "merged", "--quiet");
        if (input.Error is { } error)
            Assert.Contains(input.Says, merge.ExpectError(new CabsException(error, string.Empty).IsUsage ? 2 : 1));
        else
            Assert.DoesNotContain("error", merge.Expect(0).Error);
        Assert.Equal(input.Error is null, Directory.Exists(folder.Path("merged")));
        Assert.Equal(["a", "b", "base", "merged", "recipe.yml"], Directory.GetFileSystemEntries(folder.Path()).Select(Path.GetFileName).Append("b").Append("merged").Distinct().Order());
    }

    [Fact]
    public void Names_from_a_file_reach_the_terminal_without_control_characters()
    {
        using var folder = new TemporaryFolder();
        Corpus.Write(Corpus.All.Single(i => i.Name == "names that look like paths"), folder.Path());
        foreach (string[] call in new string[][] { ["inspect", "a", "--tensors"], ["inspect", "a", "--json"], ["compare", "a", "base"], ["merge", "recipe.yml", "--out", "merged", "--dry-run"] })
        {
            Outcome outcome = Cabs.RunIn(folder.Path(), call).Expect(0);
            Assert.DoesNotContain(outcome.Out + outcome.Error, c => char.IsControl(c) && c is not ('\n' or '\r'));
            Assert.True(call[0] != "inspect" || outcome.Out.Contains("../../x", StringComparison.Ordinal));
        }
    }
}
