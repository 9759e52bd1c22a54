using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace CabsPs.Cli.Tests;

/// <summary><c>cabs optimize</c> with a judge that is a program of its own: it reads the model and adds a line to a file whenever it is called.</summary>
public sealed class OptimizeTests
{
    // the bytes of the model decide: a checksum of its end
    private const string Judge = "#!/bin/sh\nn=$(tail -c 64 \"$1/model.safetensors\" | cksum | cut -d' ' -f1)\necho \"$n\" >> calls\nsleep ${PAUSE:-0}\necho \"a line of chatter\"\necho \"{\\\"a\\\": $((n % 1000)), \\\"b\\\": $((n / 1000 % 1000))}\"\n";

    [Fact]
    public void A_search_that_was_killed_goes_on_and_repeats_no_trial()
    {
        if (OperatingSystem.IsWindows())
            return;
        using var folder = Setup();
        string[] call = ["optimize", "recipe.yml", "--evaluate", "PAUSE=0.1 ./judge.sh", "--strategy", "cma-es", "--generations", "4", "--scope", "vector", "--log", "trials.jsonl", "--json"];
        using (Process process = Cabs.Start(folder.Path(), call))
        {
            while (!process.HasExited && Trials(folder) < 5)
                Thread.Sleep(5);
            process.Kill();
            process.WaitForExit();
        }

        // what was judged and not yet written down is judged again; the judge may still be running
        int logged = Trials(folder);
        Assert.InRange(logged, 5, 20);
        Thread.Sleep(300);
        File.Delete(folder.Path("calls"));
        Outcome rest = Cabs.RunIn(folder.Path(), call).Expect(0);
        using JsonDocument resumed = JsonDocument.Parse(rest.Out);
        Assert.Equal(24, resumed.RootElement.GetProperty("trials").GetArrayLength());
        Assert.Equal(24 - logged, resumed.RootElement.GetProperty("judged").GetInt32());
        Assert.Equal(24 - logged, File.ReadAllLines(folder.Path("calls")).Length);
        Assert.Equal(24, Trials(folder));
        Assert.False(Directory.Exists(folder.Path("trials.jsonl.work")));
        call[^2] = "whole.jsonl";
        using JsonDocument whole = JsonDocument.Parse(Cabs.RunIn(folder.Path(), [.. call, "--parallel", "3"]).Expect(0).Out);
        Assert.Equal(Figures(whole), Figures(resumed));
    }

    [Fact]
    public void The_best_model_is_written_and_tested_once()
    {
        if (OperatingSystem.IsWindows())
            return;
        using var folder = Setup();
        string[] call = ["optimize", "recipe.yml", "-e", "./judge.sh {model}", "--test", "./judge.sh {model} test", "--strategy", "grid", "--step", "0.5", "--fine-step", "0", "--log", "logs/trials.jsonl", "--out", "best", "--force"];
        Outcome found = Cabs.RunIn(folder.Path(), call).Expect(0);
        Assert.Equal(4, found.ErrorLines.Count(l => l.StartsWith("cabs: trial ", StringComparison.Ordinal)));
        Assert.EndsWith("best\n", found.Out);
        Assert.Equal(5, File.ReadAllLines(folder.Path("calls")).Length);
        string best = File.ReadAllLines(folder.Path("logs", "trials.jsonl")).Skip(1).Select(l => JsonDocument.Parse(l).RootElement).Where(e => e.TryGetProperty("trial", out _))
            .MaxBy(e => e.GetProperty("score").GetDouble()).GetProperty("weights").GetProperty("lambda").GetDouble().ToString(CultureInfo.InvariantCulture);
        Models.WriteRecipe(folder, $"n: 8, m: 32, weight: 0.5, lambda: {best}");
        Cabs.RunIn(folder.Path(), "merge", "recipe.yml", "--out", "other").Expect(0);
        Assert.Equal(File.ReadAllBytes(folder.Path("other", "model.safetensors")), File.ReadAllBytes(folder.Path("best", "model.safetensors")));
        Models.WriteRecipe(folder, "n: 8, m: 32, weight: 0.5");
        Cabs.RunIn(folder.Path(), call).Expect(0);
        Assert.Equal(5, File.ReadAllLines(folder.Path("calls")).Length);
    }

    [Fact]
    public void An_interrupted_search_says_what_stays()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var folder = Setup();
        string[] second = ["optimize", "recipe.yml", "-e", "PAUSE=0.2 ./judge.sh", "--strategy", "grid", "--log", "trials.jsonl"];
        using Process process = Cabs.StartProgram(folder.Path(), "env", "--default-signal=INT", Cabs.Host, Cabs.Program, "optimize", "recipe.yml", "-e", "PAUSE=0.2 ./judge.sh", "--strategy", "grid", "--log", "trials.jsonl", "--quiet");
        while (!process.HasExited && Trials(folder) < 2)
            Thread.Sleep(5);
        // a second search with the same log is refused, and takes nothing away from the first one
        Assert.Contains("another search may be writing it", Cabs.RunIn(folder.Path(), second).ExpectError(1));
        int before = Trials(folder);
        while (!process.HasExited && Trials(folder) < before + 2)
            Thread.Sleep(5);
        using (Process kill = Process.Start("kill", ["-INT", $"{process.Id}"]))
            kill.WaitForExit();
        Outcome outcome = Cabs.Finish(process).Expect(130);
        Assert.Matches("^cabs: cancelled; \\d+ trials stay in trials.jsonl, and a search with it goes on from there$", Assert.Single(outcome.ErrorLines));
        Assert.False(Directory.Exists(folder.Path("trials.jsonl.work")));
    }

    [Theory]
    [InlineData(1, "the judge ended with exit code 3: no such benchmark; run it by hand", "-e", "echo no such benchmark >&2; exit 3 #")]
    [InlineData(1, "the judge's output ends with 'good'", "-e", "echo good #")]
    [InlineData(2, "unknown strategy 'anneal'", "-e", "echo 1 #", "--strategy", "anneal")]
    [InlineData(2, "--scope is 'all'; it takes shared, vector or layer", "-e", "echo 1 #", "--scope", "all")]
    [InlineData(2, "the weights run from 3 to 2", "-e", "echo 1 #", "--minimum", "3")]
    public void Mistakes_are_one_line(int code, string message, params string[] arguments)
    {
        if (OperatingSystem.IsWindows())
            return;
        using var folder = Setup();
        Assert.Contains(message, Cabs.RunIn(folder.Path(), ["optimize", "recipe.yml", .. arguments]).ExpectError(code));
    }

    private static TemporaryFolder Setup()
    {
        var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        string judge = folder.Path("judge.sh");
        File.WriteAllText(judge, Judge);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(judge, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        return folder;
    }

    private static int Trials(TemporaryFolder folder)
    {
        string log = folder.Path("trials.jsonl");
        if (!File.Exists(log))
            return 0;
        using var reader = new StreamReader(new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd().Split('\n').Count(l => l.Contains("\"trial\"", StringComparison.Ordinal));
    }

    // weights and scores of all trials, in order; not the times
    private static string Figures(JsonDocument document) =>
        string.Join('\n', document.RootElement.GetProperty("trials").EnumerateArray().Select(t => $"{t.GetProperty("trial")} {t.GetProperty("weights")} {t.GetProperty("scores")} {t.GetProperty("score")}"));
}
