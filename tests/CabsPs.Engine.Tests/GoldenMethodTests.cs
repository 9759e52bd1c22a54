using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;

namespace CabsPs.Engine.Tests;

/// <summary>Every golden case of methods beyond mergekit's that exist, steps after a method included: those of the set beside the repository, and
/// the small ones that come with it.</summary>
public sealed class GoldenMethodTests
{
    private static readonly string[] s_methods = [.. MethodCatalog.All.Select(m => m.Name)];

    public static TheoryData<GoldenCase> Cases { get; } = new(new[] { GoldenCases.FolderOf("golden-methods"), Path.Combine(GoldenCases.Root, "tests", "golden-methods") }
        .Distinct().Where(Directory.Exists).SelectMany(f => GoldenCases.LoadSet(f, s_methods)));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Recipe_gives_the_expected_tensors(GoldenCase golden)
    {
        using var folder = new TemporaryFolder();
        MergeDefinition definition = Recipe.Read(golden.Recipe, golden.Folder);
        Assert.Empty(definition.Warnings);
        new MergeRun(MergePlanner.Plan(definition, new MergeOptions())).Execute(folder.Path("merged"));
        GoldenCases.AssertMatches(golden, folder.Path("merged"));
    }
}
