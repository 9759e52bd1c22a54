using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;

namespace CabsPs.Engine.Tests;

/// <summary>Every golden case of the methods that exist, through the engine.</summary>
public sealed class GoldenTests
{
    public static TheoryData<GoldenCase> Cases { get; } = new(GoldenCases.Load([.. CabsPs.Engine.Merging.MethodCatalog.All.Select(m => m.Name)]));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Recipe_gives_the_expected_tensors(GoldenCase golden)
    {
        using var folder = new TemporaryFolder();
        MergeDefinition definition = Recipe.Read(golden.Recipe, golden.Folder);
        new MergeRun(MergePlanner.Plan(definition, new MergeOptions())).Execute(folder.Path("merged"));
        GoldenCases.AssertMatches(golden, folder.Path("merged"));
    }
}
