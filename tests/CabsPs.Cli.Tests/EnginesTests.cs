using System.Text.Json;

namespace CabsPs.Cli.Tests;

/// <summary><c>cabs engines</c> and the choice of one. Whether the torch engine is there depends on the build; what is said of it does not.</summary>
public sealed class EnginesTests
{
    [Fact]
    public void The_managed_engine_is_there_and_the_other_is_or_says_what_it_needs()
    {
        using JsonDocument document = JsonDocument.Parse(Cabs.Run("engines", "--json").Expect(0).Out);
        JsonElement[] engines = [.. document.RootElement.GetProperty("engines").EnumerateArray()];
        Assert.Equal(["managed", "torch"], engines.Select(e => e.GetProperty("name").GetString()));
        Assert.True(engines[0].GetProperty("available").GetBoolean());
        JsonElement device = engines[0].GetProperty("devices").EnumerateArray().Single();
        Assert.Equal("cpu", device.GetProperty("name").GetString());
        Assert.True(device.GetProperty("memoryBytes").GetInt64() > 0);
        if (!engines[1].GetProperty("available").GetBoolean())
            Assert.Contains("WithTorch=true", engines[1].GetProperty("missing").GetString());
        string table = Cabs.Run("engines").Expect(0).Out;
        Assert.Contains(table.Split('\n'), l => l.StartsWith("managed  cpu ", StringComparison.Ordinal));
        Assert.Contains(table.Split('\n'), l => l.StartsWith("torch ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("unknown engine 'toch'; did you mean 'torch'?", "--engine", "toch")]
    [InlineData("choose engine torch", "--device", "cuda:0")]
    [InlineData("choose engine torch", "--engine", "managed", "--device", "cuda:0")]
    public void A_wrong_engine_or_device_is_a_usage_error_in_one_line(string expected, params string[] options)
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(expected, Cabs.Run(["merge", Models.WriteSet(folder), "--out", folder.Path("out"), .. options]).ExpectError(2));
        Assert.False(Directory.Exists(folder.Path("out")));
    }

    [Fact]
    public void An_engine_that_is_not_there_is_told_with_the_remedy()
    {
        if (Cabs.Run("engines", "--json").Out.Contains("TorchSharp ", StringComparison.Ordinal))
            return;
        using var folder = new TemporaryFolder();
        string message = Cabs.Run("merge", Models.WriteSet(folder), "--out", folder.Path("out"), "--engine", "torch").ExpectError(1);
        Assert.Contains("engine torch is not there", message);
        Assert.Contains("dotnet build -p:WithTorch=true", message);
    }
}
