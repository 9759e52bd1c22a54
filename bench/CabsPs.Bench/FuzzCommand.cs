using CabsPs.Engine;
using CabsPs.Fuzzing;

namespace CabsPs.Bench;

/// <summary><c>fuzz</c>: hostile inputs, made by hand and by a seed.</summary>
public static class FuzzCommand
{
    public static int Run(Arguments arguments)
    {
        if (arguments.Has("--corpus"))
            return RunCorpus(arguments.Find("--cabs"));
        int count = arguments.Integer("--count", 20000), from = arguments.Integer("--from", 0), seed = arguments.Integer("--seed", 1);
        string folder = Directory.CreateTempSubdirectory("cabs-fuzz-").FullName;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        FuzzFigures figures;
        try
        {
            string at = Path.Combine(folder, "at");
            figures = new Fuzzer(folder, seed) { Only = arguments.Find("--only")?.Split(',') }.Run(from, count, number =>
            {
                // where a crash would have been
                File.WriteAllText(at, $"{number}");
                if (number % 1000 == 0)
                    Console.Error.WriteLine(FormattableString.Invariant($"{number} after {clock.Elapsed.TotalSeconds:F0} s"));
            });
        }
        finally
        {
            if (arguments.Has("--keep"))
                Console.Error.WriteLine($"the last input is in {folder}");
            else
                Directory.Delete(folder, recursive: true);
        }

        foreach (string fault in figures.Faults.Take(50))
            Console.WriteLine(fault);
        Console.WriteLine($"{figures.Count} inputs in {Text.Time(clock.Elapsed)}, seed {seed}: {figures.Merged} merged, {figures.Errors.Values.Sum()} refused, {figures.Faults.Count} faults");
        Console.WriteLine($"longest {Text.Time(figures.Longest)}, most beyond the plan {Text.Bytes(figures.MostAllocated)} (input {figures.Largest})");
        Console.WriteLine("kinds: " + string.Join(", ", figures.Kinds.Select(k => $"{k.Key} {k.Value}")));
        Console.WriteLine("refused as: " + string.Join(", ", figures.Errors.Select(k => $"{k.Key} {k.Value}")));
        return figures.Faults.Count == 0 ? 0 : 1;
    }

    // by the engine, and by the program where its path is given
    private static int RunCorpus(string? program)
    {
        int faults = 0;
        foreach (HostileInput input in Corpus.All.Where(i => !i.NeedsUnix || !OperatingSystem.IsWindows()))
        {
            string folder = Directory.CreateTempSubdirectory("cabs-corpus-").FullName;
            Corpus.Write(input, folder);
            Outcome outcome = Trial.Run(folder, "a");
            var found = new List<string>(outcome.Faults);
            if (outcome.Error != input.Error || !outcome.Message.Contains(input.Says, StringComparison.Ordinal))
                found.Add($"expected {input.Error?.ToString() ?? "a merge"}, {input.Says}");
            if (program is not null)
                found.AddRange(ProgramTrial.Run(program, folder, input));
            string message = outcome.Message.Replace(folder + "/", string.Empty, StringComparison.Ordinal);
            Console.WriteLine($"{(found.Count == 0 ? "ok  " : "FAIL")} {input.Name}: {Text.Time(outcome.Elapsed)}, {Text.Bytes(outcome.Allocated)}; {(message.Length > 150 ? message[..150] + "…" : message)} {string.Join("; ", found)}");
            faults += found.Count == 0 ? 0 : 1;
            Directory.Delete(folder, recursive: true);
        }

        Console.WriteLine($"{Corpus.All.Count} inputs, {faults} with faults");
        return faults == 0 ? 0 : 1;
    }
}
