using CabsPs.Engine.Integrity;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;

namespace CabsPs.Bench;

/// <summary><c>flips</c>: turns single bits of a result over, one at a time, and sees that a verification finds each and names the tensor
/// that it lies in, or else the file.</summary>
public static class FlipsCommand
{
    public static int Run(Arguments arguments)
    {
        string folder = Directory.CreateTempSubdirectory("cabs-flips-").FullName;
        try
        {
            CrashCommand.WriteModels(folder, arguments.Size("--size", "2MB"));
            string merged = Path.Combine(folder, "merged");
            using (RecipePlan plan = RecipePlan.Create(Recipe.ReadFile(Path.Combine(folder, "recipe.yml"), folder), new MergeOptions { ShardBytes = 500_000 }, merged))
                plan.Execute(plan.Steps[0]);
            int count = arguments.Integer("--count", 1000), inTensors = 0, found = 0;
            var trial = new FlipTrial(merged, new Random(arguments.Integer("--seed", 1)));
            for (int i = 0; i < count; i++)
            {
                (string? tensor, string? failure) = trial.Next();
                inTensors += tensor is null ? 0 : 1;
                found += failure is null ? 1 : 0;
                if (failure is not null)
                    Console.WriteLine($"flip {i + 1}: {failure}");
            }

            Console.WriteLine($"{found} of {count} flips found and named, {inTensors} of them in tensors, the others in headers and small files");
            return found == count && new CheckpointVerification(merged).Execute().IsGood ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
