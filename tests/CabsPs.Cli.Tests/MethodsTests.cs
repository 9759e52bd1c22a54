using System.Text.Json;
using CabsPs.Engine.Merging;

namespace CabsPs.Cli.Tests;

/// <summary><c>cabs methods</c> shows what the methods declare, and nothing else.</summary>
public sealed class MethodsTests
{
    [Fact]
    public void All_methods_a_line_each()
    {
        string[] lines = Cabs.Run("methods").Expect(0).Out.Split('\n');
        Assert.StartsWith("method", lines[0]);
        foreach (MergeMethod method in MethodCatalog.All)
            Assert.Contains(lines, l => l.StartsWith(method.Name + " ", StringComparison.Ordinal) && l.Contains(method.Summary, StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("karcher ", StringComparison.Ordinal) && l.Contains("none  ", StringComparison.Ordinal) && l.Contains("at least 1 model", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("nuslerp ", StringComparison.Ordinal) && l.Contains("optional", StringComparison.Ordinal) && l.Contains("2 models", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("ties ", StringComparison.Ordinal) && l.Contains("required", StringComparison.Ordinal) && l.Contains("any number", StringComparison.Ordinal));
    }

    [Fact]
    public void A_page_for_each_method()
    {
        foreach (MergeMethod method in MethodCatalog.All.Where(m => m.Name is "cabs" or "sce" or "slerp" or "arcee_fusion"))
        {
            string page = Cabs.Run("methods", method.Name).Expect(0).Out;
            Assert.Contains(method.Formula, page);
            Assert.Contains(method.Source, page);
            Assert.All(method.Parameters, p => Assert.Contains(page.Split('\n'), l =>
                l.StartsWith(p.Name + " ", StringComparison.Ordinal) && l.Contains(p.Expectation, StringComparison.Ordinal) && l.EndsWith(p.Description, StringComparison.Ordinal)));
            Assert.Equal(method.Parameters.Count == 0, page.Contains("takes no parameters", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Json_of_one()
    {
        using JsonDocument document = JsonDocument.Parse(Cabs.Run("methods", "karcher", "--json").Expect(0).Out);
        JsonElement root = document.RootElement;
        Assert.Equal("karcher", root.GetProperty("name").GetString());
        Assert.Equal("none", root.GetProperty("base").GetString());
        Assert.Equal(1, root.GetProperty("models").GetProperty("minimum").GetInt32());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("models").GetProperty("maximum").ValueKind);
        JsonElement parameter = root.GetProperty("parameters").EnumerateArray().Single(p => p.GetProperty("name").GetString() == "max_iter");
        Assert.Equal("integer", parameter.GetProperty("kind").GetString());
        Assert.Equal("merge", parameter.GetProperty("scope").GetString());
        Assert.Equal(10, parameter.GetProperty("default").GetDouble());
        Assert.Equal(0, parameter.GetProperty("minimum").GetDouble());
        Assert.False(parameter.GetProperty("required").GetBoolean());
    }

    [Fact]
    public void Json_of_all()
    {
        using JsonDocument document = JsonDocument.Parse(Cabs.Run("methods", "--json").Expect(0).Out);
        Assert.Equal(MethodCatalog.All.Select(m => m.Name), document.RootElement.GetProperty("methods").EnumerateArray().Select(m => m.GetProperty("name").GetString()));
    }

    [Fact]
    public void An_unknown_name_gets_the_nearest()
    {
        string line = Cabs.Run("methods", "multi_slerp").ExpectError(2);
        Assert.Contains("did you mean 'multislerp'?", line);
        Cabs.Run("methods", "no-such-thing", "--json").ExpectError(2);
    }
}
