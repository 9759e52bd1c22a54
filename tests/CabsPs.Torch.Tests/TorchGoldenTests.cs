using CabsPs.Engine.Compute;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;
using CabsPs.Engine.Tests;

namespace CabsPs.Torch.Tests;

/// <summary>Every golden case, computed on the torch engine on the processor.</summary>
public sealed class TorchGoldenTests
{
    private static readonly MergeOptions s_torch = new() { Engine = ComputeEngines.Open("torch", "cpu") };

    public static TheoryData<GoldenCase> Cases { get; } = new(new[] { GoldenCases.FolderOf("golden"), GoldenCases.FolderOf("golden-methods"), Path.Combine(GoldenCases.Root, "tests", "golden-methods") }
        .Distinct().Where(Directory.Exists).SelectMany(f => GoldenCases.LoadSet(f, [.. MethodCatalog.All.Select(m => m.Name)])));

    public static TheoryData<RecipeCase> Recipes { get; } = new(RecipeCase.All.Where(c => c.Fails is null));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Recipe_gives_the_expected_tensors(GoldenCase golden)
    {
        using var folder = new TemporaryFolder();
        new MergeRun(MergePlanner.Plan(Recipe.Read(golden.Recipe, golden.Folder), s_torch)).Execute(folder.Path("merged"));
        GoldenCases.AssertMatches(golden, folder.Path("merged"));
    }

    [Theory]
    [MemberData(nameof(Recipes))]
    public void Recipe_gives_the_expected_models(RecipeCase golden)
    {
        using var folder = new TemporaryFolder();
        using RecipePlan plan = RecipePlan.Create(Recipe.ReadFile(golden.Recipe, golden.Folder), s_torch, folder.Path("merged"), folder.Path("stages"));
        foreach (RecipeStep step in plan.Steps)
            new MergeRun(step.Plan).Execute(step.Destination);
        Assert.NotEmpty(golden.Results);
        foreach ((string name, var expectation) in golden.Results)
            golden.AssertMatches(expectation, name.Length == 0 ? folder.Path("merged") : folder.Path("stages", name));
    }
}
