using System.Text.Json;

namespace CabsPs.Cli.Tests;

/// <summary>Methods of whole matrices through the command line: help, plan, warnings, memory, and the same bytes whatever the processor can do.</summary>
public sealed class MatrixMethodTests
{
    private static readonly string s_folder = Path.Combine(GoldenCases.Root, "tests", "golden-methods");

    [Theory]
    [InlineData("tsv_m")]
    [InlineData("iso_cts")]
    [InlineData("wudi")]
    [InlineData("knots_ties")]
    [InlineData("doge_ta")]
    [InlineData("regmean")]
    [InlineData("ota_rank1")]
    public void Instructions_of_the_processor_never_show(string name)
    {
        using var folder = new TemporaryFolder();
        byte[] Merge(string variable)
        {
            string place = folder.Path(variable);
            Cabs.Finish(Cabs.StartWith(s_folder, (variable, "0"), "merge", $"recipes/{name}.yml", "--out", place, "--quiet")).Expect(0);
            return File.ReadAllBytes(Path.Combine(place, "model.safetensors"));
        }

        byte[] expected = Merge("CABS_TEST_NOTHING");
        foreach (string variable in (string[])["DOTNET_EnableAVX512", "DOTNET_EnableFMA", "DOTNET_EnableHWIntrinsic"])
            Assert.Equal(expected, Merge(variable));
    }

    [Fact]
    public void What_only_the_weights_can_tell_is_a_warning_after_the_merge()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.Path("recipe.yml"), File.ReadAllText(Path.Combine(s_folder, "recipes", "iso_c_lora.yml")).Replace(", rcond: 1.0e-05", string.Empty, StringComparison.Ordinal));
        Outcome outcome = Cabs.RunIn(s_folder, "merge", folder.Path("recipe.yml"), "--out", folder.Path("merged"), "--json").Expect(0);
        string line = Assert.Single(outcome.ErrorLines);
        Assert.StartsWith("cabs: warning: ", line, StringComparison.Ordinal);
        Assert.Contains("rounding noise", line, StringComparison.Ordinal);
        using JsonDocument result = JsonDocument.Parse(outcome.Out);
        Assert.Equal(line["cabs: warning: ".Length..], Assert.Single(result.RootElement.GetProperty("warnings").EnumerateArray()).GetString());
    }

    [Fact]
    public void Plan_and_help_show_lists_and_paths()
    {
        using var folder = new TemporaryFolder();
        string plan = Cabs.RunIn(s_folder, "merge", "recipes/opcm_four.yml", "--out", folder.Path("merged"), "--dry-run").Expect(0).Out;
        Assert.Contains("exclude_keys [model.embed_tokens.weight]", plan, StringComparison.Ordinal);
        Assert.Contains("math-fisher.safetensors", Cabs.RunIn(s_folder, "merge", "recipes/fisher.yml", "--out", folder.Path("merged"), "--dry-run").Expect(0).Out, StringComparison.Ordinal);
        Assert.Contains("the path of a safetensors file", Cabs.Run("methods", "fisher").Expect(0).Out, StringComparison.Ordinal);
        using JsonDocument method = JsonDocument.Parse(Cabs.Run("methods", "tsv_m", "--json").Expect(0).Out);
        Assert.Contains(method.RootElement.GetProperty("parameters").EnumerateArray(), p => p.GetProperty("kind").GetString() == "tensorNames");
    }

    [Fact]
    public void A_matrix_that_does_not_fit_is_one_line_that_says_what_it_needs()
    {
        using var folder = new TemporaryFolder();
        string line = Cabs.RunIn(s_folder, "merge", "recipes/tsv_m.yml", "--out", folder.Path("merged"), "--max-memory", "60KB", "--threads", "1").ExpectError(1);
        Assert.Contains("is needed as a whole and takes", line, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.Path("merged")));
    }
}
