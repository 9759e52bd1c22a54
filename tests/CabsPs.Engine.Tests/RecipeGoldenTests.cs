using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;

namespace CabsPs.Engine.Tests;

/// <summary>Every golden case of the recipe language, through the engine.</summary>
public sealed class RecipeGoldenTests
{
    public static TheoryData<RecipeCase> Runnable { get; } = new(RecipeCase.All.Where(c => c.Fails is null));

    public static TheoryData<RecipeCase> Refused { get; } = new(RecipeCase.All.Where(c => c.Fails is not null));

    [Theory]
    [MemberData(nameof(Runnable))]
    public void Recipe_gives_the_expected_models(RecipeCase golden)
    {
        using var folder = new TemporaryFolder();
        using RecipePlan plan = RecipePlan.Create(Recipe.ReadFile(golden.Recipe, golden.Folder), new MergeOptions(), folder.Path("merged"), folder.Path("stages"));
        foreach (RecipeStep step in plan.Steps)
            plan.Execute(step);
        Assert.NotEmpty(golden.Results);
        foreach ((string name, var expectation) in golden.Results)
            golden.AssertMatches(expectation, name.Length == 0 ? folder.Path("merged") : folder.Path("stages", name));
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void Recipe_is_refused_before_anything_is_written(RecipeCase golden)
    {
        using var folder = new TemporaryFolder();
        CabsException error = Assert.Throws<CabsException>(() => RecipePlan.Create(Recipe.ReadFile(golden.Recipe, golden.Folder), new MergeOptions(), folder.Path("merged"), folder.Path("stages")));
        Assert.DoesNotContain('\n', error.Message);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path()));
    }

    [Fact]
    public void Every_method_that_the_cases_use_exists() =>
        Assert.Empty(RecipeCase.All.SelectMany(c => c.Missing).Distinct());
}
