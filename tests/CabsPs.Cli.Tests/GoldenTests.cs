using System.Text.Json;

namespace CabsPs.Cli.Tests;

/// <summary>Every golden case of the methods that exist, through the command line.</summary>
public sealed class GoldenTests
{
    public static TheoryData<GoldenCase> Cases { get; } = new(GoldenCases.Load("cabs", "task_arithmetic"));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Recipe_gives_the_expected_tensors(GoldenCase golden)
    {
        using var folder = new TemporaryFolder();
        Outcome outcome = Cabs.RunIn(golden.Folder, "merge", golden.Recipe, "--out", folder.Path("merged"), "--json").Expect(0);
        GoldenCases.AssertMatches(golden, folder.Path("merged"));
        using JsonDocument result = JsonDocument.Parse(outcome.Out);
        Assert.Equal(folder.Path("merged"), result.RootElement.GetProperty("path").GetString());
    }
}
