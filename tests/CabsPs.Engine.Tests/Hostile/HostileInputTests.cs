using CabsPs.Fuzzing;

namespace CabsPs.Engine.Tests.Hostile;

/// <summary>Files that strangers made: each is merged rightly or refused in one line with a place, in bounded time and memory. The long
/// run is a command, see docs/reliability.md.</summary>
public sealed class HostileInputTests
{
    public static TheoryData<string> Names { get; } = [.. Corpus.All.Where(i => !i.IsLarge && (!i.NeedsUnix || !OperatingSystem.IsWindows())).Select(i => i.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Made_by_hand(string name)
    {
        using var folder = new TemporaryFolder();
        HostileInput input = Corpus.All.Single(i => i.Name == name);
        Corpus.Write(input, folder.Path());
        string[] before = Snapshot(folder);
        Outcome outcome = Trial.Run(folder.Path(), "a");
        Assert.Empty(outcome.Faults);
        Assert.Equal(input.Error, outcome.Error);
        Assert.Contains(input.Says, outcome.Message, StringComparison.Ordinal);
        Assert.Equal(before, Snapshot(folder));
    }

    [Fact]
    public void Made_by_a_seed()
    {
        using var folder = new TemporaryFolder();
        FuzzFigures figures = new Fuzzer(folder.Path(), seed: 1).Run(0, 1100);
        Assert.Empty(figures.Faults);
        Assert.Equal(1100, figures.Count);
        // files that are refused at once, or never, would try little
        Assert.InRange(figures.Merged, 150, 500);
        Assert.True(figures.Errors.Count >= 8, string.Join(", ", figures.Errors.Keys));
    }

    [Fact]
    public void The_rules_that_the_fuzzer_compares_with_know_right_from_wrong()
    {
        byte[] right = Seeds.File(Seeds.Header(Seeds.Tensors), Seeds.Data(Seeds.Tensors, 0));
        Assert.True(SafetensorsRules.Allow(right));
        Assert.False(SafetensorsRules.Allow([.. right, 0]));
        Assert.False(SafetensorsRules.Allow(right[..^1]));
        Assert.False(SafetensorsRules.Allow(Seeds.File(Seeds.Header(Seeds.Tensors).Replace("F32", "F33", StringComparison.Ordinal), Seeds.Data(Seeds.Tensors, 0))));
    }

    private static string[] Snapshot(TemporaryFolder folder) =>
        [.. Directory.EnumerateFileSystemEntries(folder.Path(), "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }).Order(StringComparer.Ordinal)];
}
