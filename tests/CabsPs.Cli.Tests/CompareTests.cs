using System.Text.Json;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Cli.Tests;

public sealed class CompareTests
{
    [Fact]
    public void Equal_models_give_0()
    {
        Outcome outcome = Cabs.Run("compare", Models.Golden("base"), Models.Golden("base")).Expect(0);
        Assert.Contains("21 tensors: 21 equal", outcome.Out);
        Assert.Empty(outcome.Error);
    }

    [Fact]
    public void Different_models_give_1_and_say_where()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "a", DType.F32, ("same", [1, 2]), ("w", [1, 2, 3, 4]));
        Write(folder, "b", DType.F32, ("same", [1, 2]), ("w", [1, 2.5f, 3, 4.25f]));
        string output = Cabs.RunIn(folder.Path(), "compare", "a.safetensors", "b.safetensors").Expect(1).Out;
        string line = Assert.Single(output.Split('\n'), l => l.StartsWith("w "));
        Assert.Contains("values differ", line);
        Assert.Contains(" 0.5 ", line);
        Assert.Contains(" 0.188 ", line);
        Assert.EndsWith(" 50.0 %", line);
        Assert.DoesNotContain("\nsame ", output);
        Assert.Contains("\nsame ", Cabs.RunIn(folder.Path(), "compare", "a.safetensors", "b.safetensors", "--tensors").Expect(1).Out);
    }

    [Fact]
    public void Tolerance_decides_and_json_has_the_figures()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "a", DType.F32, ("w", [1, 2, 3, 4]));
        Write(folder, "b", DType.F32, ("w", [1, 2.5f, 3, 4.25f]));
        Cabs.RunIn(folder.Path(), "compare", "a.safetensors", "b.safetensors", "--tolerance", "0.5").Expect(0);
        using JsonDocument document = JsonDocument.Parse(Cabs.RunIn(folder.Path(), "compare", "a.safetensors", "b.safetensors", "--tolerance", "0.3", "--json").Expect(1).Out);
        JsonElement total = document.RootElement.GetProperty("total");
        Assert.False(document.RootElement.GetProperty("equal").GetBoolean());
        Assert.Equal(4, total.GetProperty("values").GetInt64());
        Assert.Equal(1, total.GetProperty("changed").GetInt64());
        Assert.Equal(0.5, total.GetProperty("max").GetDouble());
        Assert.Equal(0.1875, total.GetProperty("mean").GetDouble());
        Assert.Equal("valuesDiffer", document.RootElement.GetProperty("tensors")[0].GetProperty("result").GetString());
    }

    [Fact]
    public void Tensors_missing_on_either_side_differ()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "a", DType.F32, ("both", [1]), ("left", [1]));
        Write(folder, "b", DType.F32, ("both", [1]), ("right", [1]));
        using JsonDocument document = JsonDocument.Parse(Cabs.RunIn(folder.Path(), "compare", "a.safetensors", "b.safetensors", "--json").Expect(1).Out);
        Assert.Equal("left", Assert.Single(document.RootElement.GetProperty("onlyInA").EnumerateArray()).GetString());
        Assert.Equal("right", Assert.Single(document.RootElement.GetProperty("onlyInB").EnumerateArray()).GetString());
    }

    [Fact]
    public void One_tensor_more_on_either_side_is_enough()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "few", DType.F32, ("both", [1]));
        Write(folder, "more", DType.F32, ("both", [1]), ("new", [1]));
        Assert.Contains("only in B", Cabs.RunIn(folder.Path(), "compare", "few.safetensors", "more.safetensors").Expect(1).Out);
        Assert.Contains("only in A", Cabs.RunIn(folder.Path(), "compare", "more.safetensors", "few.safetensors").Expect(1).Out);
    }

    [Fact]
    public void Types_are_compared_by_value_and_reported()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "a", DType.F32, ("w", [1, 2, 3]));
        Write(folder, "b", DType.BF16, ("w", [1, 2, 3]));
        string output = Cabs.RunIn(folder.Path(), "compare", "a.safetensors", "b.safetensors").Expect(0).Out;
        Assert.Contains("F32 / BF16", output);
        Assert.Contains("1 compared across types", output);
    }

    [Fact]
    public void Quiet_tells_by_the_exit_code_alone()
    {
        Outcome outcome = Cabs.Run("compare", Models.Golden("base"), Models.Golden("math"), "--quiet").Expect(1);
        Assert.Empty(outcome.Out + outcome.Error);
    }

    private static void Write(TemporaryFolder folder, string name, DType type, params (string Name, float[] Values)[] tensors) =>
        TensorData.Write(folder.Path(name + ".safetensors"), type, [.. tensors.Select(t => (t.Name, new[] { (long)t.Values.Length }, t.Values))]);
}
