using System.Diagnostics;
using CabsPs.Engine;
using CabsPs.Fuzzing;

namespace CabsPs.Bench;

/// <summary>Tries a hostile input with the <c>cabs</c> command itself: each call ends by itself with 0, 1 or 2, says what is wrong in one
/// line, and shows no stack.</summary>
public static class ProgramTrial
{
    /// <summary>What must not be.</summary>
    /// <param name="program">The path of cabs.dll.</param>
    /// <param name="folder">The folder of a recipe and its models.</param>
    /// <param name="input">What was written there.</param>
    public static IEnumerable<string> Run(string program, string folder, HostileInput input)
    {
        bool usage = input.Error is { } error && new CabsException(error, string.Empty).IsUsage;
        foreach (string[] call in (string[][])[["inspect", "a"], ["inspect", "a", "--json"], ["check", "recipe.yml"], ["merge", "recipe.yml", "--out", "merged", "--quiet"]])
        {
            var start = new ProcessStartInfo("dotnet", [program, .. call]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync(), output = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(20_000))
            {
                process.Kill();
                yield return $"'{string.Join(' ', call)}' does not end";
                continue;
            }

            string[] lines = errors.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            string said = $"'{string.Join(' ', call)}' ended with {process.ExitCode}: {string.Join(" | ", lines)}";
            if (lines.Any(l => l.Contains("   at ", StringComparison.Ordinal) || l.Contains("not foreseen", StringComparison.Ordinal)) || (errors.Result + output.Result).Any(c => char.IsControl(c) && c is not ('\n' or '\r')))
                yield return said;
            // inspect looks at the model alone, whose recipe may be what is wrong
            if (process.ExitCode is not (0 or 1 or 2) || (process.ExitCode != 0 && call[0] != "check" && lines.Count(l => l.StartsWith("cabs: error: ", StringComparison.Ordinal)) != 1))
                yield return said;
            if (call[0] == "merge" && process.ExitCode != (input.Error is null ? 0 : usage ? 2 : 1))
                yield return said;
            if (call[0] == "merge" && Directory.Exists(Path.Combine(folder, "merged")) != (input.Error is null))
                yield return "merged is there, or is not, against what was said";
        }
    }
}
