using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;
using static CabsPs.Engine.Tests.Recipes.Workshop;

namespace CabsPs.Engine.Tests.Recipes;

/// <summary>What is wrong with a recipe is said with its line and a way out, before anything is written; what only has no effect is
/// a warning.</summary>
public sealed class RefusalTests : IDisposable
{
    private readonly Workshop _workshop = new Workshop().Model("a", 2, Noise(1)).Model("b", 2, Noise(2)).Model("deep", 3, Noise(3)).Model("tall", 2, Noise(4), rows: 7);

    [Theory]
    [InlineData("merge_method: linear\nmodel: [{model: a}]", 2, "did you mean 'models'")]
    [InlineData("merge_method: linear\nweight: 1\nmodels: [{model: a}]", 2, "under 'parameters'")]
    [InlineData("merge_methd: linear\nmodels: [{model: a}]", 1, "did you mean 'merge_method'")]
    [InlineData("merge_method: liner\nmodels: [{model: a}]", 1, "did you mean 'linear'")]
    [InlineData("merge_method: linear\nmodels:\n  - model: a\n    weight: 1", 4, "under its 'parameters'")]
    [InlineData("merge_method: linear\nmodels:\n  - model: a\n    layer_range: [0, 1]", 4, "use 'slices'")]
    [InlineData("merge_method: linear\nmodels:\n  - model: a\n    parameters:\n      wieght: 1", 5, "did you mean 'weight'")]
    [InlineData("merge_method: linear\nmodels:\n  - model: a\n    parameters:\n      weight: [{value: 1, fliter: x}]", 5, "'fliter'")]
    [InlineData("merge_method: linear\nmodels:\n  - model: a\n  - model: a/", 4, "stands twice")]
    [InlineData("merge_method: linear\nmodels:\n  - {path: a}", 3, "'path'")]
    [InlineData("merge_method: linear\nmodels:\n  - model: {path: a}", 3, "'path'")]
    [InlineData("merge_method: linear\nmodels:\n  - model: a+lora", 3, "adapter")]
    [InlineData("merge_method: linear\nmodels:\n  - model: {model: {path: a}, lora: {path: b}}", 3, "adapter")]
    [InlineData("merge_method: linear\nmodels:\n  - model: org/name", 3, "no such folder")]
    [InlineData("merge_method: linear\nmodels: [{model: a}]", 2, "'weight' has no value for model a")]
    [InlineData("merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}]\ndtype: int64", 3, "'dtype'")]
    [InlineData("merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: -1}}]", 0, "add up to 0")]
    [InlineData("merge_method: slerp\nmodels: [{model: a}, {model: b}]\nparameters: {t: 0.5}", 1, "base_model")]
    [InlineData("merge_method: slerp\nbase_model: a\nmodels: [{model: a}]\nparameters: {t: 0.5}", 0, "takes 1 model besides the base")]
    [InlineData("merge_method: slerp\nbase_model: a\nmodels: [{model: b}]", 1, "'t' has no value")]
    [InlineData("merge_method: slerp\nbase_model: a\nmodels: [{model: b, parameters: {t: 0.5}}]", 1, "'t' has no value")]
    [InlineData("merge_method: task_arithmetic\nbase_model: a\nslices:\n  - sources:\n      - {model: b, layer_range: [0, 2], parameters: {weight: 1}}", 5, "is no source of this slice")]
    [InlineData("merge_method: passthrough\nslices:\n  - sources: [{model: a}]", 3, "'layer_range'")]
    [InlineData("merge_method: passthrough\nslices:\n  - sources: [{model: a, layer_range: [1, 1]}]", 3, "holds no layer")]
    [InlineData("merge_method: passthrough\nslices:\n  - sources: [{model: a, layer_range: [0, 1.5]}]", 3, "two whole numbers")]
    [InlineData("merge_method: passthrough\nslices:\n  - sources: [{model: a, layer_range: [0, 3]}]", 3, "has 2 layers")]
    [InlineData("merge_method: passthrough\nslices:\n  - source: [{model: a, layer_range: [0, 2]}]", 3, "did you mean 'sources'")]
    [InlineData("merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}, {model: deep, parameters: {weight: 1}}]", 2, "has 3 layers")]
    [InlineData("merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}, {model: tall, parameters: {weight: 1}}]", 0, "'tokenizer'")]
    [InlineData("merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}]\nmodules: {default: {models: [{model: a}]}}", 3, "stand together")]
    [InlineData("merge_method: passthrough\nmodules:\n  default: {models: [{model: a}], slices: []}", 3, "one of 'models' and 'slices'")]
    [InlineData("merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}]\n---\nmerge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}]", 4, "without a 'name'")]
    [InlineData("name: x\nmerge_method: linear\nmodels: [{model: x, parameters: {weight: 1}}]", 1, "its own result")]
    [InlineData("name: ../x\nmerge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}]", 1, "'name'")]
    [InlineData("merge_method: [linear\nmodels: 1", 2, "not valid YAML")]
    [InlineData("- merge_method", 1, "must be a mapping")]
    public void A_wrong_recipe_is_refused(string recipe, int line, string part)
    {
        string[] before = Directory.GetFileSystemEntries(_workshop.Path());
        CabsException error = Assert.Throws<CabsException>(() => _workshop.Merge(recipe));
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        if (line > 0)
            Assert.Contains($"recipe.yml line {line}:", error.Message, StringComparison.Ordinal);
        Assert.Equal(before.Append(_workshop.Path("recipe.yml")).Distinct().Order(), Directory.GetFileSystemEntries(_workshop.Path()).Order());
    }

    [Theory]
    [InlineData("x-defaults: {weight: 1}\nmerge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}]", 1, "x-defaults")]
    [InlineData("merge_method: linear\nmodels: [{model: a, parameters: {weight: 1, normalize: false}}]", 2, "'normalize'")]
    [InlineData("merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}]\nparameters: {int8_mask: true}", 3, "'int8_mask'")]
    [InlineData("merge_method: linear\nmodels: [{model: a@main, parameters: {weight: 1}}]", 2, "'@main'")]
    [InlineData("merge_method: linear\nmodels: [{model: {model: {path: a, revision: main}}, parameters: {weight: 1}}]", 2, "'revision'")]
    [InlineData("merge_method: passthrough\nslices:\n  - sources: [{model: a, layer_range: [0, 2]}]\n    residual_weight: 0.5", 4, "'residual_weight'")]
    [InlineData("merge_method: task_arithmetic\nbase_model: a\nmodels:\n  - model: a\n    parameters: {weight: 1}\n  - {model: b, parameters: {weight: 1}}", 5, "parameters of the base")]
    public void What_has_no_effect_is_a_warning(string recipe, int line, string part)
    {
        using RecipePlan plan = RecipePlan.Create(_workshop.Read(recipe), new MergeOptions(), _workshop.Path("merged"));
        string warning = Assert.Single(plan.Steps[0].Plan.Warnings);
        Assert.Contains($"recipe.yml line {line}:", warning, StringComparison.Ordinal);
        Assert.Contains(part, warning, StringComparison.Ordinal);
    }

    [Fact]
    public void A_check_finds_all_problems()
    {
        File.WriteAllText(_workshop.Path("bad.yml"), """
            merge_method: linear
            modles: 1
            models:
              - model: nowhere
                parameters: {wieght: 1}
              - model: b
                parameters: {weight: x, density: 1}
            dtype: float8
            """);
        RecipeReport report = RecipeCheck.Run(_workshop.Path("bad.yml"), new MergeOptions(), workingFolder: _workshop.Path());
        Assert.Equal([2, 4, 5, 7, 8], report.Problems.Select(p => int.Parse(p.Message.Split("bad.yml line ")[1].Split(':')[0], System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Contains("density", Assert.Single(report.Warnings), StringComparison.Ordinal);
        Assert.Empty(report.Steps);
    }

    [Fact]
    public void A_check_of_a_good_recipe_says_what_it_costs()
    {
        File.WriteAllText(_workshop.Path("good.yml"), "merge_method: linear\nmodels: [{model: a}, {model: b}]\nparameters: {weight: 1}");
        RecipeReport report = RecipeCheck.Run(_workshop.Path("good.yml"), new MergeOptions(), destination: _workshop.Path("merged"), workingFolder: _workshop.Path());
        Assert.Empty(report.Problems);
        Assert.True(report.DiskNeeded > 0 && report.DiskFree > report.DiskNeeded && report.BytesToRead > 0 && report.Memory > 0);
        Assert.NotNull(report.Time);
        Assert.False(Directory.Exists(_workshop.Path("merged")));
    }

    [Fact]
    public void A_check_lists_every_tensor_that_does_not_fit()
    {
        File.WriteAllText(_workshop.Path("tall.yml"), "merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}, {model: tall}]");
        RecipeReport report = RecipeCheck.Run(_workshop.Path("tall.yml"), new MergeOptions(), workingFolder: _workshop.Path());
        Assert.Equal(2, report.Problems.Count(p => p.Error == CabsError.TensorShapeMismatch));
        Assert.Contains(report.Problems, p => p.Message.Contains("'weight' has no value for model tall", StringComparison.Ordinal));
    }

    public void Dispose() => _workshop.Dispose();
}
