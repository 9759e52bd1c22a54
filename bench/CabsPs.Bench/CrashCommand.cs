using CabsPs.Engine.Checkpoints;

namespace CabsPs.Bench;

/// <summary><c>crash</c>: kills merges at random moments, fresh ones and such that replace a result, in one file and in shards, of one document
/// and of two, and sees that the destination is absent or old, and that <c>--resume</c> ends in the bytes of an uninterrupted merge. Every
/// third merge is killed again while it goes on.</summary>
public static class CrashCommand
{
    private static readonly string[][] s_merges = [["recipe.yml"], ["recipe.yml", "--shard-size", "20MB"], ["stages.yml"]];

    public static int Run(Arguments arguments)
    {
        int count = arguments.Integer("--count", 200), failures = 0;
        var random = new Random(arguments.Integer("--seed", 1));
        string folder = Directory.CreateTempSubdirectory("cabs-crash-").FullName;
        try
        {
            WriteModels(folder, arguments.Size("--size", "40MB"));
            string old = Path.Combine(folder, "old");
            Directory.CreateDirectory(old);
            File.WriteAllText(Path.Combine(old, "notes.txt"), "what was there before");
            string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
            CrashTrial[] trials = [.. s_merges.Select(merge => new CrashTrial(host, Path.Combine(AppContext.BaseDirectory, "cabs.dll"), folder, merge))];
            foreach (CrashTrial trial in trials)
                trial.Prepare();
            Console.WriteLine($"uninterrupted: {string.Join(", ", trials.Select(t => $"{t.Time.TotalSeconds:F2} s"))}");
            var states = new Dictionary<AfterKill, int>();
            int resumed = 0;
            for (int done = 0; done < count;)
            {
                CrashTrial trial = trials[done % trials.Length];
                TimeSpan Moment() => trial.Time * random.NextDouble();
                try
                {
                    AfterKill state = trial.Run(Moment(), done / trials.Length % 2 == 0 ? null : old, done % 3 == 0 ? Moment() : null);
                    states[state] = states.GetValueOrDefault(state) + 1;
                    // one that was faster than its killer is no trial
                    if (state == AfterKill.NotKilled)
                        continue;
                    resumed += trial.Kept > 0 ? 1 : 0;
                }
                catch (InvalidOperationException e)
                {
                    failures++;
                    Console.WriteLine($"trial {done + 1}: {e.Message}");
                }

                if (++done % 20 == 0)
                    Console.WriteLine($"{done} of {count}: {done - failures} good");
            }

            Console.WriteLine($"{count - failures} of {count} good; destination {string.Join(", ", states.OrderBy(s => s.Key).Select(s => $"{s.Key} {s.Value}"))}; {resumed} went on with finished tensors");
            return failures == 0 ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Writes a base, two experts and two recipes.</summary>
    public static void WriteModels(string folder, long bytes)
    {
        SyntheticModel.Write(folder, bytes, 2, DType.BF16, new SyntheticWeights(1, SyntheticDeltas.Spread));
        const string merge = "merge_method: cabs\nbase_model: base\nparameters: {weight: 0.7, assignment: joint}\n";
        File.WriteAllText(Path.Combine(folder, "recipe.yml"), $"{merge}models: [{{model: expert1}}, {{model: expert2}}]\n");
        File.WriteAllText(Path.Combine(folder, "stages.yml"), $"name: mean\nmerge_method: linear\nmodels: [{{model: expert1, parameters: {{weight: 1}}}}, {{model: expert2, parameters: {{weight: 1}}}}]\n---\n{merge}models: [{{model: mean}}, {{model: expert1}}]\n");
    }
}
