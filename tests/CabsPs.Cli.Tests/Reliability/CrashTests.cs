using CabsPs.Bench;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Cli.Tests.Reliability;

/// <summary>Merges that are killed. The whole test is "crash --count 200" of the benchmarks' program.</summary>
public sealed class CrashTests
{
    [Fact]
    public void A_killed_merge_leaves_the_destination_as_it_was_and_is_resumed_to_the_same_bytes()
    {
        if (OperatingSystem.IsWindows())
            return;
        using var folder = new TemporaryFolder();
        (string, long[])[] more = [.. Enumerable.Range(2, 12).Select(i => ($"model.layers.{i}.weight", new long[] { 256, 512 }))];
        foreach ((string name, int seed) in new[] { ("base", 0), ("one", 1), ("two", 2) })
            Models.Write(folder.Path(name), seed, DType.F32, more);
        Models.WriteRecipe(folder, "weight: auto, assignment: joint");
        Directory.CreateDirectory(folder.Path("old"));
        File.WriteAllText(folder.Path("old", "notes.txt"), "mine");
        var trial = new CrashTrial(Cabs.Host, Cabs.Program, folder.Path(), "recipe.yml");
        trial.Prepare();
        var random = new Random(1);
        for (int i = 0; i < 5; i++)
            trial.Run(trial.Time * random.NextDouble(), i % 2 == 0 ? null : folder.Path("old"), i == 4 ? trial.Time / 2 : null);
    }
}
