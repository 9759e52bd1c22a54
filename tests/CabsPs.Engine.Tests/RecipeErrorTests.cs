using CabsPs.Engine.Recipes;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>What is wrong in a recipe is told with its line, its key and what was probably meant.</summary>
public sealed class RecipeErrorTests
{
    private const string Head = "merge_method: cabs\nbase_model: base\n";
    private const string Models = "models:\n  - model: a\n  - model: b\n";
    private const string Good = Head + Models;

    public static TheoryData<string, CabsError, string> Wrong { get; } = new()
    {
        // keys
        { Good + "paramters: {n: 1}\n", CabsError.RecipeInvalid, " line 6: unknown key 'paramters'; did you mean 'parameters'?" },
        { Good + "\n# note\ndtyp: float32\n", CabsError.RecipeInvalid, " line 8: unknown key 'dtyp'; did you mean 'dtype'?" },
        { Good + "zebra: 1\n", CabsError.RecipeInvalid, " line 6: unknown key 'zebra'" },
        { Good + "parameters: {n: 1, wieght: 1}\n", CabsError.RecipeInvalid, " line 6: unknown parameter 'wieght' of method cabs; did you mean 'weight'?" },
        { Head + "models:\n  - model: a\n    parameters:\n      overlp: sum\n", CabsError.RecipeInvalid, " line 6: unknown parameter 'overlp' of method cabs; did you mean 'overlap'?" },
        { Head + "models:\n  - model: a\n    weight: 1\n", CabsError.RecipeInvalid, " line 5: unknown key 'weight' in an entry of 'models'; parameters of a model stand under its 'parameters'" },
        { Head + "models:\n  - modle: a\n", CabsError.RecipeInvalid, " line 4: unknown key 'modle' in an entry of 'models'; did you mean 'model'?" },
        { Head + "models:\n  - model: {model: {path: a, branch: x}}\n", CabsError.RecipeInvalid, " line 4: unknown key 'branch' in a model's 'model'" },
        { Good + "slices: []\n", CabsError.RecipeInvalid, " line 6: 'models' and 'slices' stand together; keep one" },

        // what must be there
        { "base_model: base\n" + Models, CabsError.RecipeInvalid, "the recipe has no 'merge_method'" },
        { Head, CabsError.RecipeInvalid, " line 1: there is nothing to merge; give 'models', 'slices' or 'modules'" },
        { Head + "models: []\n", CabsError.RecipeInvalid, " line 3: 'models' must be a list with at least one entry" },
        { Head + "models: a\n", CabsError.RecipeInvalid, " line 3: 'models' must be a list with at least one entry" },
        { Head + "models: [a]\n", CabsError.RecipeInvalid, " line 3: an entry of 'models' must be a mapping of keys to values" },
        { Head + "models:\n  - parameters: {n: 1}\n", CabsError.RecipeInvalid, " line 4: an entry of 'models' has no 'model'" },

        // methods
        { "merge_method: cab\nbase_model: base\n" + Models, CabsError.RecipeInvalid, " line 1: unknown method 'cab'; did you mean 'cabs'? (known: cabs, task_arithmetic" },
        { "merge_method: Cabs\nbase_model: base\n" + Models, CabsError.RecipeInvalid, " line 1: unknown method 'Cabs'; did you mean 'cabs'?" },
        { "merge_method: [cabs]\nbase_model: base\n" + Models, CabsError.RecipeInvalid, " line 1: 'merge_method' must be a single value" },

        // values
        { Good + "parameters: {n: 0}\n", CabsError.ParameterInvalid, " line 6: 'n' is '0'; it takes a whole number from 1 to 16777216" },
        { Good + "parameters: {n: -4}\n", CabsError.ParameterInvalid, " line 6: 'n' is '-4'; it takes a whole number from 1 to 16777216" },
        { Good + "parameters: {n: 2.5}\n", CabsError.ParameterInvalid, " line 6: 'n' is '2.5'; it takes a whole number" },
        { Good + "parameters:\n  n: 1\n  m: 0\n", CabsError.ParameterInvalid, " line 8: 'm' is '0'; it takes a whole number" },
        { Good + "parameters: {n: lots}\n", CabsError.ParameterInvalid, " line 6: 'n' is 'lots'; it takes a whole number" },
        { Good + "parameters: {n: 1e30}\n", CabsError.ParameterInvalid, " line 6: 'n' is '1e30'" },
        { Good + "parameters: {n: auto}\n", CabsError.ParameterInvalid, " line 6: 'n' is 'auto'" },
        { Good + "parameters: {n: }\n", CabsError.ParameterInvalid, " line 6: 'n' is ''" },
        { Good + "parameters: {n: null}\n", CabsError.ParameterInvalid, " line 6: 'n' is 'null'" },
        { Good + "parameters: {weight: heavy}\n", CabsError.ParameterInvalid, " line 6: 'weight' is 'heavy'; it takes a number, or auto" },
        { Good + "parameters: {weight: .nan}\n", CabsError.ParameterInvalid, " line 6: 'weight' is '.nan'" },
        { Good + "parameters: {weight: inf}\n", CabsError.ParameterInvalid, " line 6: 'weight' is 'inf'" },
        { Good + "parameters: {normalize: 2}\n", CabsError.ParameterInvalid, " line 6: 'normalize' is '2'; it takes true or false" },
        { Good + "parameters: {normalize: perhaps}\n", CabsError.ParameterInvalid, " line 6: 'normalize' is 'perhaps'; it takes true or false" },
        { Good + "parameters: {assignment: random}\n", CabsError.ParameterInvalid, " line 6: 'assignment' is 'random'; it takes one of sequential, joint, none" },
        { Good + "parameters: {tail: [keep, half]}\n", CabsError.ParameterInvalid, " line 6: 'tail' is 'half'; it takes one of proportional, drop, keep" },
        { Good + "parameters: 5\n", CabsError.RecipeInvalid, " line 6: 'parameters' must be a mapping of keys to values" },
        { Good + "parameters: {n: [1, [2]]}\n", CabsError.RecipeInvalid, " line 6: 'n' mixes values and {filter, value} entries" },
        { Good + "parameters: {n: [1, {value: 2}]}\n", CabsError.RecipeInvalid, " line 6: 'n' mixes values and {filter, value} entries" },
        { Good + "parameters: {n: [{filter: x}]}\n", CabsError.RecipeInvalid, " line 6: an entry of 'n' has no 'value'" },
        { Good + "parameters: {n: {value: 2, fliter: x}}\n", CabsError.RecipeInvalid, " line 6: unknown key 'fliter' in an entry of 'n'; it takes 'filter' and 'value'" },
        { Good + "parameters: {n: {value: []}}\n", CabsError.RecipeInvalid, " line 6: the list for 'n' is empty" },
        { Good + "dtype: int8\n", CabsError.ParameterInvalid, " line 6: 'dtype' is 'int8'; it takes float32, bfloat16, float16 or float64" },
        { Good + "dtype: int8\nout_dtype: float32\n", CabsError.ParameterInvalid, " line 6: 'dtype' is 'int8'" },
        { Good + "out_dtype: [float32]\n", CabsError.RecipeInvalid, " line 6: 'out_dtype' must be a single value" },
        { Good + "missing: maybe\n", CabsError.ParameterInvalid, " line 6: 'missing' is 'maybe'; it takes skip or error" },
        { Good + "include: {a: b}\n", CabsError.RecipeInvalid, " line 6: 'include' must be a single value" },

        // models
        { Head + "models:\n  - model: nowhere\n", CabsError.CheckpointNotFound, " line 4: nowhere: no such folder or file, neither from the current folder nor from the recipe's; models are read from disk, not from a hub" },
        { "merge_method: cabs\nbase_model: org/name\n" + Models, CabsError.CheckpointNotFound, " line 2: org/name: no such folder or file" },
        { Head + "models:\n  - model: a\n  - model: b\n  - model: ./a\n", CabsError.DuplicateModel, "a stands twice in 'models'; give it one entry" },
        { Head + "models:\n  - model: a+adapter\n", CabsError.CheckpointNotFound, " line 4: a+adapter: adapters are not supported as inputs; fold the adapter into its model first" },
        { Head + "models:\n  - model: {model: a, lora: x}\n", CabsError.RecipeInvalid, " line 4: adapters are not supported as inputs" },
        { Head + "models:\n  - model: {lora: ~}\n", CabsError.RecipeInvalid, " line 4: a model written as a mapping is {model: {path: …}}" },
        { Head + "models:\n  - model: \"\"\n", CabsError.CheckpointNotFound, " line 4: '' is not a path" },
        { Head + "models:\n  - model: \"a\\0b\"\n", CabsError.CheckpointNotFound, " line 4: 'a\uFFFDb' is not a path" },
        { Head + "models:\n  - model: \"a\\nb\"\n", CabsError.CheckpointNotFound, " line 4: a b: no such folder" },
        { Head + "models:\n  - model: 'null'\n", CabsError.CheckpointNotFound, " line 4: null: no such folder" },
        { Head + "models:\n  - model: null\n", CabsError.RecipeInvalid, " line 4: a model must be a single value" },

        // YAML
        { "merge_method: [cabs\n", CabsError.RecipeInvalid, "not valid YAML" },
        { Good + "dtype: float32\ndtype: float16\n", CabsError.RecipeInvalid, " line 7: not valid YAML: Duplicate key dtype" },
        { "merge_method: *nothing\n", CabsError.RecipeInvalid, " line 1: not valid YAML" },
        { "", CabsError.RecipeInvalid, ": is empty; a recipe is a mapping with merge_method and models" },
        { Good + "---\n" + Good, CabsError.RecipeInvalid, " line 7: a second document without a 'name'; one of 2 documents may go without, it is the result" },
        { "- merge_method\n", CabsError.RecipeInvalid, " line 1: not a recipe; it must be a mapping with merge_method and models" },
        { "hello", CabsError.RecipeInvalid, " line 1: not a recipe" },
        { Good + "? [1, 2]\n: 3\n", CabsError.RecipeInvalid, "a key must be a word" },
        { Good + "parameters:\n  <<: 5\n", CabsError.RecipeInvalid, " line 7: a merge key must name a mapping" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_told_with_its_line(string recipe, CabsError error, string message)
    {
        using var bench = new Workbench();
        bench.Vectors([1], [2], [3]);
        CabsException failure = Fails(error, () => bench.Read(recipe));
        Assert.StartsWith(bench.Path("recipe.yml"), failure.Message, StringComparison.Ordinal);
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("base_model:\n")]
    [InlineData("base_model: ~\n")]
    [InlineData("base_model: null\n")]
    public void A_method_of_task_vectors_needs_a_base(string line)
    {
        using var bench = new Workbench();
        bench.Vectors([1], [2], [3]);
        Assert.EndsWith("method cabs needs a base model; give 'base_model'", Fails(CabsError.RecipeInvalid, () => bench.Plan("merge_method: cabs\n" + line + Models)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void N_above_m_is_told_with_model_and_tensor()
    {
        using var bench = new Workbench();
        bench.Vectors([1], [2], [3]);
        CabsException failure = Fails(CabsError.ParameterInvalid, () => bench.Plan(Cabs("weight: 1, m: 32", "a {n: 32}", "b {n: 33}")));
        Assert.Equal("n is 33 and m is 32 for model b at tensor 'w'; n of m weights are kept, so n must not exceed m", failure.Message);
    }

    [Fact]
    public void A_gradient_that_lands_on_a_fraction_is_told_with_the_tensor()
    {
        using var bench = new Workbench();
        string[] names = ["layers.0.w", "layers.1.w", "layers.2.w"];
        bench.Model("base", [.. names.Select(n => (n, new float[1]))]);
        bench.Model("a", [.. names.Select(n => (n, new float[1]))]);
        Assert.Equal($"{bench.Path("recipe.yml")} line 4: 'n' is 1.50 at tensor 'layers.1.w'; it takes a whole number from 1 to 16777216", Fails(CabsError.ParameterInvalid, () => bench.Plan(Cabs("weight: 1, n: [1, 2]", "a"))).Message.Replace(" for model a", string.Empty, StringComparison.Ordinal));
    }

    [Fact]
    public void A_missing_recipe_and_a_folder_are_told()
    {
        using var bench = new Workbench();
        Assert.Equal($"{bench.Path("none.yml")}: no such recipe file", Fails(CabsError.RecipeNotFound, () => Recipe.Read(bench.Path("none.yml"))).Message);
        Assert.Equal($"{bench.Path()}: is a folder; give a recipe file", Fails(CabsError.RecipeInvalid, () => Recipe.Read(bench.Path())).Message);
    }

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    [InlineData('-')]
    public void Depth_without_end_is_an_error_not_a_crash(char open)
    {
        using var bench = new Workbench();
        bench.Vectors([1], [2], [3]);
        string text = open == '-' ? string.Concat(Enumerable.Repeat("- ", 20_000)) : "a: " + new string(open, 100_000);
        Fails(CabsError.RecipeInvalid, () => bench.Read(text));
    }

    [Fact]
    public void Anchors_that_multiply_are_not_followed_without_end()
    {
        using var bench = new Workbench();
        bench.Vectors([1], [2], [3]);
        string text = "x-0: &a0 {n: 1}\n" + string.Concat(Enumerable.Range(1, 40).Select(i => $"x-{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}\n")) + Good + "parameters: *a40\n";
        Assert.Contains("recipe.yml line 15: stands for more than 100000 values, aliases written out", Fails(CabsError.RecipeInvalid, () => bench.Read(text)).Message, StringComparison.Ordinal);
    }
}
