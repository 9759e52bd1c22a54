using System.Security.Cryptography;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests.Integrity;

/// <summary>A merge that was interrupted goes on where it ended, and only where it is the same merge over the same inputs.</summary>
public sealed class ResumeTests : IDisposable
{
    private const int Tensors = 40;
    private static readonly string s_recipe = Cabs("weight: auto, n: 3, m: 10", "a", "b");
    private static readonly MergeOptions s_resume = new() { Resume = true, Threads = 2 };
    private readonly Workbench _bench = new();

    public ResumeTests()
    {
        foreach ((string name, int seed) in new[] { ("base", 1), ("a", 2), ("b", 3) })
            WriteModel(name, seed);
    }

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void An_interrupted_merge_ends_in_the_bytes_of_an_uninterrupted_one_and_keeps_what_was_finished()
    {
        Dictionary<string, string> expected = Hashes(_bench.Run(s_recipe).Path);
        MergeResult result = Interrupt(() => Resumed());
        Assert.InRange(result.ResumedTensors, 1, Tensors - 1);
        Assert.Equal(expected, Hashes(result.Path));
        Assert.False(Directory.Exists(Partial));
        // figures of the report come back too
        MergeResult whole = _bench.Run(s_recipe);
        Assert.Equal(whole.Vectors, result.Vectors);
        Assert.Equal(whole.Overlaps, result.Overlaps);
    }

    [Fact]
    public void Without_resuming_an_interrupted_merge_leaves_nothing_and_what_a_killed_one_left_goes()
    {
        Interrupt(() => 0);
        Assert.True(Directory.Exists(Partial));
        MergeResult result = new MergeRun(_bench.Plan(s_recipe)).Execute(_bench.Path("out"));
        Assert.Equal(0, result.ResumedTensors);
        Assert.False(Directory.Exists(Partial));
    }

    [Fact]
    public void Another_plan_is_refused_with_the_difference_named_and_the_work_stays()
    {
        Interrupt(() =>
        {
            CabsException failure = Fails(CabsError.ResumeMismatch, () => new MergeRun(_bench.Plan(Cabs("weight: auto, n: 4, m: 10", "a", "b"), s_resume)).Execute(_bench.Path("out")));
            Assert.Equal($"{_bench.Path("out")}: the unfinished merge is not this one: plan parameters n is '4' and was '3'; begin anew without resuming", failure.Message);
            return Resumed();
        });
    }

    [Fact]
    public void A_changed_input_is_refused_and_named_unless_its_bytes_are_found_the_same()
    {
        string file = _bench.Path("a", "model.safetensors");
        Dictionary<string, string> expected = Hashes(_bench.Run(s_recipe).Path);
        MergeResult result = Interrupt(() =>
        {
            File.SetLastWriteTimeUtc(file, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
            CabsException failure = Fails(CabsError.ResumeMismatch, () => Resumed());
            Assert.Contains($"inputs {file} modified is '2020-01-01T00:00:00.0000000Z' and was '20", failure.Message, StringComparison.Ordinal);
            return Resumed(deep: true);
        });
        Assert.InRange(result.ResumedTensors, 1, Tensors - 1);
        Assert.Equal(Weights(expected), Weights(Hashes(result.Path)));
    }

    [Fact]
    public void A_deep_check_finds_other_bytes_behind_the_same_size_time_and_header()
    {
        string file = _bench.Path("a", "model.safetensors");
        Interrupt(() =>
        {
            DateTime time = File.GetLastWriteTimeUtc(file);
            WriteModel("a", 99);
            File.SetLastWriteTimeUtc(file, time);
            CabsException failure = Fails(CabsError.ResumeMismatch, () => Resumed(deep: true));
            Assert.StartsWith($"{file}: tensor 't0", failure.Message, StringComparison.Ordinal);
            return 0;
        });
    }

    [Fact]
    public void A_journal_that_says_more_than_the_disk_holds_is_not_believed()
    {
        Dictionary<string, string> expected = Hashes(_bench.Run(s_recipe).Path);
        // what a loss of power does: bytes that never reached the disk are zeros, and the last line is torn
        MergeResult result = Interrupt(() =>
        {
            string weights = Path.Combine(Partial, "result", "model.safetensors"), journal = Path.Combine(Partial, "journal");
            using (FileStream file = File.OpenWrite(weights))
            {
                file.Position = file.Length / 40;
                file.Write(new byte[3]);
            }

            File.WriteAllBytes(journal, File.ReadAllBytes(journal)[..^9]);
            return Resumed();
        });
        Assert.Equal(expected, Hashes(result.Path));
    }

    [Theory]
    [InlineData("journal")]
    [InlineData("result/model.safetensors")]
    public void A_file_that_is_gone_or_empty_costs_work_and_nothing_else(string lost)
    {
        Dictionary<string, string> expected = Hashes(_bench.Run(s_recipe).Path);
        MergeResult result = Interrupt(() =>
        {
            File.WriteAllBytes(Path.Combine(Partial, lost), []);
            return Resumed();
        });
        Assert.Equal(0, result.ResumedTensors);
        Assert.Equal(expected, Hashes(result.Path));
    }

    [Fact]
    public void A_complete_result_of_the_same_merge_is_taken_as_done_and_one_of_another_merge_is_not()
    {
        MergeResult first = Resumed();
        DateTime written = File.GetLastWriteTimeUtc(Path.Combine(first.Path, "model.safetensors"));
        MergeResult second = Resumed();
        Assert.Equal((0, Tensors), (first.ResumedTensors, second.ResumedTensors));
        Assert.Equal(written, File.GetLastWriteTimeUtc(Path.Combine(first.Path, "model.safetensors")));
        Assert.Equal(first.Files, second.Files);
        Assert.Equal(first.Vectors, second.Vectors);
        CabsException failure = Fails(CabsError.ResumeMismatch, () => new MergeRun(_bench.Plan(Cabs("weight: auto, n: 4, m: 10", "a", "b"), s_resume)).Execute(first.Path));
        Assert.Contains("holds the result of another merge: plan parameters n is '4' and was '3'", failure.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Partial));
    }

    [Fact]
    public void A_recipe_of_several_documents_keeps_results_that_are_needed()
    {
        string recipe = "name: mean\nmerge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: 1}}]\n---\n" + Cabs("weight: auto, n: 3, m: 10", "a", "mean");
        Dictionary<string, string> expected = Hashes(RunAll(new MergeOptions(), "other", default).Path);
        using var cancel = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => RunAll(s_resume, "out", cancel.Token, step => { if (step.Name is null) cancel.Cancel(); }));
        Assert.True(File.Exists(Path.Combine(Partial, "stages", "mean", "cabs.json")));
        DateTime made = File.GetLastWriteTimeUtc(Path.Combine(Partial, "stages", "mean", "model.safetensors"));
        MergeResult result = RunAll(s_resume, "out", default, step => Assert.True(step.Name is not null || made == File.GetLastWriteTimeUtc(Path.Combine(Partial, "stages", "mean", "model.safetensors"))));
        Assert.Equal(Weights(expected), Weights(Hashes(result.Path)));
        Assert.False(Directory.Exists(Partial));

        MergeResult RunAll(MergeOptions options, string destination, CancellationToken token, Action<RecipeStep>? before = null)
        {
            using RecipePlan plan = RecipePlan.Create(Recipe.ReadFile(_bench.Write(recipe, "recipe.yml"), _bench.Path()), options, _bench.Path(destination));
            MergeResult? last = null;
            foreach (RecipeStep step in plan.Steps)
            {
                before?.Invoke(step);
                last = plan.Execute(step, cancel: token);
            }

            return last!;
        }
    }

    private string Partial => StagingFolder.PathFor(_bench.Path("out"));

    private MergeResult Resumed(bool deep = false) => new MergeRun(_bench.Plan(s_recipe, s_resume with { ResumeDeep = deep })).Execute(_bench.Path("out"));

    // stops a merge when some of its tensors are finished, which the journal tells
    private T Interrupt<T>(Func<T> then)
    {
        using var cancel = new CancellationTokenSource();
        var run = new MergeRun(_bench.Plan(s_recipe, s_resume with { Threads = 1, PieceBytes = 4096 }));
        var watcher = new Thread(() =>
        {
            string journal = Path.Combine(Partial, "journal");
            while (!cancel.IsCancellationRequested && (!File.Exists(journal) || Lines(journal) < 4))
                Thread.Yield();
            cancel.Cancel();
        });
        watcher.Start();
        Assert.ThrowsAny<OperationCanceledException>(() => run.Execute(_bench.Path("out"), cancel.Token));
        watcher.Join();
        Assert.False(Directory.Exists(_bench.Path("out")));
        return then();
    }

    private static int Lines(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes.Count(b => b == '\n');
    }

    private void WriteModel(string name, int seed)
    {
        var random = new Random(seed);
        _bench.Model(name, [.. Enumerable.Range(0, Tensors).Select(t => ($"t{t:00}", Enumerable.Range(0, 30_000).Select(_ => random.NextSingle() - 0.5f).ToArray()))]);
    }

    private static Dictionary<string, string> Hashes(string folder) =>
        Directory.GetFiles(folder).ToDictionary(f => Path.GetFileName(f), f => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f))));

    private static string Weights(Dictionary<string, string> hashes) => hashes["model.safetensors"];
}
