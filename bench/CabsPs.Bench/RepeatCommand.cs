using System.Diagnostics;
using System.Globalization;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Compute;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Merging.Methods;

namespace CabsPs.Bench;

/// <summary><c>repeat</c>: many merges of a small model in one process; prints its resident bytes as they go on, which must stay flat.</summary>
public static class RepeatCommand
{
    public static int Run(Arguments arguments)
    {
        int merges = arguments.Integer("--merges", 10_000), steps = 10;
        string folder = Directory.CreateTempSubdirectory("cabs-repeat-").FullName;
        try
        {
            SyntheticModel.Write(folder, 100_000, 2, DType.BF16, new SyntheticWeights(1, SyntheticDeltas.Spread));
            MergeMethod method = new Cabs();
            var definition = new MergeDefinition
            {
                Method = method,
                BasePath = Path.Combine(folder, "base"),
                Inputs = [.. Enumerable.Range(1, 2).Select(i => new ModelInput($"expert{i}", Path.Combine(folder, $"expert{i}"), ParameterSet.Of(("weight", 0.5))))],
                Parameters = MemoryCommand.Sequential,
                Groups = [new SparsifierGroup(method.Sparsifier!, [0, 1])],
            };
            MergePlan plan = MergePlanner.Plan(definition, new MergeOptions { Force = true, Engine = ComputeEngines.Open(arguments.Text("--engine", "torch"), arguments.Find("--device")) });
            Console.WriteLine("| merges | resident, MB |\n|---|---|");
            for (int step = 0; step <= steps; step++)
            {
                for (int i = 0; i < (step == 0 ? 100 : merges / steps); i++)
                    new MergeRun(plan).Execute(Path.Combine(folder, "merged"));
                GC.Collect();
                GC.WaitForPendingFinalizers();
                using var own = Process.GetCurrentProcess();
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {100 + (step * (merges / steps))} | {own.WorkingSet64 / 1e6:F1} |"));
            }

            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
