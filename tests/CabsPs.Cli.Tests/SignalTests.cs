using System.Diagnostics;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Cli.Tests;

/// <summary>What the surroundings do to a call: signals, and streams that close. A merge that is ended from outside takes its
/// unfinished files away.</summary>
public sealed class SignalTests
{
    private const int Layers = 64;
    private const long LayerLength = 8 << 20;

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public void Signal_leaves_nothing(string signal, int code)
    {
        if (OperatingSystem.IsWindows())
            return;
        using var folder = new TemporaryFolder();
        foreach (string name in new[] { "base", "one", "two" })
            WriteSparse(folder.Path(name));
        Models.WriteRecipe(folder, "n: 64, m: 256, weight: 1");
        using Process process = StartMerge(folder);
        while (!process.HasExited && Partial(folder).Length == 0)
            Thread.Sleep(2);
        using (Process kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]))
            kill.WaitForExit();
        Outcome outcome = Cabs.Finish(process).Expect(code);
        Assert.Equal("cabs: cancelled; nothing was written", Assert.Single(outcome.ErrorLines));
        Assert.Empty(Partial(folder));
        Assert.False(Directory.Exists(folder.Path("merged")));
    }

    [Fact]
    public void Reader_that_leaves_early_sees_no_error()
    {
        if (OperatingSystem.IsWindows())
            return;
        using var folder = new TemporaryFolder();
        TensorData.Write(folder.Path("model.safetensors"), DType.F32, [.. Enumerable.Range(0, 5000).Select(i => ($"a.tensor.of.some.length.{i}", new long[] { 1 }, new float[1]))]);
        Outcome outcome = Cabs.Finish(Cabs.StartProgram(folder.Path(), "sh", "-c", $"\"{Cabs.Host}\" \"{Cabs.Program}\" inspect . --tensors | head -1"));
        Assert.StartsWith("model ", outcome.Out);
        Assert.Empty(outcome.Error);
    }

    [Fact]
    public void Closed_standard_error_leaves_the_exit_code()
    {
        if (OperatingSystem.IsWindows())
            return;
        Cabs.Finish(Cabs.StartProgram(Path.GetTempPath(), "sh", "-c", $"\"{Cabs.Host}\" \"{Cabs.Program}\" merge nowhere.yml --out x 2>&-")).Expect(2);
    }

    // where the tests run in the background, children inherit an ignored SIGINT unless it is set back
    private static Process StartMerge(TemporaryFolder folder)
    {
        string[] call = [Cabs.Program, "merge", "recipe.yml", "--out", "merged"];
        return OperatingSystem.IsLinux()
            ? Cabs.StartProgram(folder.Path(), "env", ["--default-signal=INT", Cabs.Host, .. call])
            : Cabs.Start(folder.Path(), call[1..]);
    }

    private static string[] Partial(TemporaryFolder folder) => Directory.GetDirectories(folder.Path(), ".*.partial");

    // 2 GB that take no room: no data, only a length
    private static void WriteSparse(string folder)
    {
        OutputTensor[] tensors = [.. Enumerable.Range(0, Layers).Select(i => new OutputTensor($"layers.{i}.weight", DType.F32, [LayerLength], LayerLength))];
        OutputShard shard = OutputLayout.Create(tensors, long.MaxValue).Shards[0];
        Directory.CreateDirectory(folder);
        using FileStream file = File.Create(Path.Combine(folder, shard.FileName));
        file.Write(shard.Header);
        file.SetLength(shard.ByteLength);
    }
}
