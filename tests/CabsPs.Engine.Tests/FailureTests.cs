using CabsPs.Engine.Merging;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>A merge that does not succeed leaves nothing behind, under any name.</summary>
public sealed class FailureTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_cancelled_merge_leaves_nothing(int threads)
    {
        using var bench = new Workbench();
        var random = new Random(1);
        float[] Values() => [.. Enumerable.Range(0, 2_000_000).Select(_ => random.NextSingle())];
        bench.Vectors(Values(), Values());
        string[] before = Entries(bench);
        using var cancel = new CancellationTokenSource();
        var run = new MergeRun(bench.Plan(Cabs("weight: auto, n: 3, m: 10", "a"), new MergeOptions { Threads = threads, PieceBytes = 4096 }));
        // cancels from within: as soon as something was read, long before the end
        var watcher = new Thread(() =>
        {
            while (run.Progress.BytesDone == 0 && !cancel.IsCancellationRequested)
                Thread.Yield();
            cancel.Cancel();
        });
        watcher.Start();
        Assert.ThrowsAny<OperationCanceledException>(() => run.Execute(bench.Path("out"), cancel.Token));
        watcher.Join();
        Assert.InRange(run.Progress.Share, 0, 0.99);
        Assert.Equal([.. before, "recipe.yml"], Entries(bench));
    }

    [Fact]
    public void A_merge_cancelled_before_it_begins_leaves_nothing()
    {
        using var bench = new Workbench();
        bench.Vectors([1], [2]);
        var run = new MergeRun(bench.Plan(Cabs("weight: 1", "a")));
        Assert.ThrowsAny<OperationCanceledException>(() => run.Execute(bench.Path("out"), new CancellationToken(canceled: true)));
        Assert.Equal(["a", "base", "recipe.yml"], Entries(bench));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void A_failure_in_one_tensor_leaves_nothing(int threads)
    {
        using var bench = new Workbench();
        (string, float[])[] tensors = [.. Enumerable.Range(0, 20).Select(i => ($"t{i}", new float[1000]))];
        bench.Model("base", tensors);
        tensors[13].Item2[77] = float.NaN;
        bench.Model("a", tensors);
        CabsException failure = Fails(CabsError.NonFiniteInput, () => bench.Run(Cabs("weight: 1", "a"), new MergeOptions { Threads = threads }));
        Assert.Contains("'t13'", failure.Message, StringComparison.Ordinal);
        Assert.Equal(["a", "base", "recipe.yml"], Entries(bench));
    }

    [Fact]
    public void The_failure_told_is_the_first_whatever_thread_meets_one()
    {
        using var bench = new Workbench();
        float[] inA = new float[1_500_000];
        // the last weight of the second unit of work and one of the first of the third: the later one is met sooner
        inA[(2 << 18) - 1] = inA[(2 << 18) + 5] = float.PositiveInfinity;
        bench.Vectors(new float[inA.Length], inA);
        for (int round = 0; round < 5; round++)
        {
            CabsException failure = Fails(CabsError.NonFiniteInput, () => bench.Run(Text("task_arithmetic", "weight: 1", "a"), new MergeOptions { Threads = 7, PieceBytes = 4096 }));
            Assert.Contains("at index 524287;", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_cut_after_planning_is_told_by_name()
    {
        using var bench = new Workbench();
        bench.Vectors(new float[1000], new float[1000]);
        MergePlan plan = bench.Plan(Cabs("weight: 1", "a"));
        string file = bench.Path("a", "model.safetensors");
        using (FileStream stream = File.OpenWrite(file))
            stream.SetLength(stream.Length - 8);
        CabsException failure = Fails(CabsError.FileTruncated, () => new MergeRun(plan).Execute(bench.Path("out")));
        Assert.Equal($"{file}: had 4104 bytes when its header was read and has 4096 now; it was cut meanwhile", failure.Message);
        Assert.False(Directory.Exists(bench.Path("out")));
    }

    [Fact]
    public void Buffers_over_the_memory_limit_are_refused()
    {
        using var bench = new Workbench();
        bench.Vectors(new float[100_000], new float[100_000]);
        CabsException failure = Fails(CabsError.MemoryLimit, () => bench.Plan(Cabs("weight: 1, n: 1, m: 100000", "a"), new MergeOptions { MaxMemory = 100_000 }));
        Assert.EndsWith("the limit is 100 KB", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_memory_limit_first_costs_piece_size_then_threads()
    {
        using var bench = new Workbench();
        bench.Vectors(new float[100_000], new float[100_000]);
        MemoryBudget roomy = bench.Plan(Cabs("weight: 1", "a"), new MergeOptions { Threads = 4 }).Memory;
        MemoryBudget tight = bench.Plan(Cabs("weight: 1", "a"), new MergeOptions { Threads = 4, MaxMemory = roomy.BufferBytes / 3 }).Memory;
        Assert.Equal((4, MergeOptions.DefaultPieceBytes), (roomy.Threads, roomy.PieceBytes));
        Assert.Equal(4, tight.Threads);
        Assert.True(tight.PieceBytes < roomy.PieceBytes && tight.BufferBytes <= roomy.BufferBytes / 3);
    }

    private static string[] Entries(Workbench bench) =>
        [.. Directory.GetFileSystemEntries(bench.Path()).Select(e => Path.GetFileName(e)).Order(StringComparer.Ordinal)];
}
