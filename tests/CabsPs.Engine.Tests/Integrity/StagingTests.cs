using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Integrity;
using CabsPs.Engine.Merging;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests.Integrity;

/// <summary>Building a result beside its destination: who may, what stays, what replaces what.</summary>
public sealed class StagingTests : IDisposable
{
    private static readonly string s_recipe = Text("task_arithmetic", "weight: 1", "a");
    private readonly Workbench _bench = new();

    public StagingTests() => _bench.Vectors([1], [2]);

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void A_second_merge_into_one_destination_is_told_and_the_first_goes_on()
    {
        using (StagingFolder first = StagingFolder.Open(_bench.Path("out")))
        {
            CabsException failure = Fails(CabsError.OutputBusy, () => Merge("out"));
            Assert.Equal($"{_bench.Path("out")}: another merge is writing it; wait for its end or give another folder", failure.Message);
            Assert.True(Directory.Exists(first.Path));
        }

        Merge("out");
        Assert.Empty(Directory.GetFileSystemEntries(_bench.Path(), ".*"));
    }

    [Fact]
    public void Of_many_merges_into_one_destination_one_wins_and_the_others_are_told()
    {
        var failures = new System.Collections.Concurrent.ConcurrentBag<CabsError>();
        MergePlan plan = _bench.Plan(s_recipe, new MergeOptions { Threads = 1 });
        int won = 0;
        Thread[] threads = [.. Enumerable.Range(0, 8).Select(_ => new Thread(() =>
        {
            try
            {
                new MergeRun(plan).Execute(_bench.Path("out"));
                Interlocked.Increment(ref won);
            }
            catch (CabsException e)
            {
                failures.Add(e.Error);
            }
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        Assert.Equal((1, 7), (won, failures.Count));
        Assert.All(failures, e => Assert.True(e is CabsError.OutputBusy or CabsError.OutputNotEmpty, e.ToString()));
        Assert.True(new CheckpointVerification(_bench.Path("out")).Execute().IsGood);
        Assert.Empty(Directory.GetFileSystemEntries(_bench.Path(), ".*"));
    }

    [Theory]
    [InlineData("file/out")]
    [InlineData("file/deep/out")]
    public void A_destination_under_a_file_is_no_busy_one(string destination)
    {
        File.WriteAllText(_bench.Path("file"), "mine");
        Assert.Contains("file is a file", Fails(CabsError.WriteFailed, () => Merge(destination)).Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(_bench.Path("file")));
    }

    [Fact]
    public void Merges_side_by_side_into_a_new_folder_do_not_disturb_each_other()
    {
        MergePlan plan = _bench.Plan(s_recipe);
        Parallel.For(0, 12, i =>
        {
            // every third one is cancelled, and takes none of the others' folders with it
            if (i % 3 == 0)
                Assert.ThrowsAny<OperationCanceledException>(() => new MergeRun(plan).Execute(_bench.Path("new", "folder", $"{i}"), new CancellationToken(canceled: true)));
            else
                new MergeRun(plan).Execute(_bench.Path("new", "folder", $"{i}"));
        });
        Assert.Equal(8, Directory.GetDirectories(_bench.Path("new", "folder")).Length);
    }

    [Fact]
    public void Folders_made_for_a_merge_that_fails_are_removed_and_others_stay()
    {
        Directory.CreateDirectory(_bench.Path("mine"));
        _bench.Model("a", ("w", [float.NaN]));
        Fails(CabsError.NonFiniteInput, () => Merge("mine", "x", "y", "out"));
        Assert.Empty(Directory.GetFileSystemEntries(_bench.Path("mine")));
    }

    [Fact]
    public void What_a_kill_between_two_renames_moved_aside_comes_back()
    {
        // where a file system cannot swap two folders, there is a moment with the old result under another name
        string partial = StagingFolder.PathFor(_bench.Path("out"));
        _bench.Write("mine", ".out.partial", "old", "notes.txt");
        CabsException failure = Fails(CabsError.OutputNotEmpty, () => { using (StagingFolder.Open(_bench.Path("out"))) { return Destination(); } });
        Assert.Equal("mine", File.ReadAllText(_bench.Path("out", "notes.txt")));
        Assert.False(Directory.Exists(partial));
        Assert.Contains("holds files already", failure.Message, StringComparison.Ordinal);

        object? Destination()
        {
            Checkpoints.Destination.Check(_bench.Path("out"), [], replace: false);
            return null;
        }
    }

    [Fact]
    public void A_destination_filled_during_the_merge_is_kept_and_the_result_dropped()
    {
        using (CheckpointWriter writer = CheckpointWriter.Create(_bench.Path("out"), OutputLayout.Create([new OutputTensor("w", DType.F32, [1], 1)], 100), replace: false))
        {
            _bench.Write("mine", "out", "notes.txt");
            CabsException failure = Fails(CabsError.OutputNotEmpty, () => { writer.Complete(); return null; });
            Assert.EndsWith("another program filled it meanwhile; the result is dropped", failure.Message, StringComparison.Ordinal);
        }

        Assert.Equal("mine", File.ReadAllText(_bench.Path("out", "notes.txt")));
        Assert.Empty(Directory.GetFileSystemEntries(_bench.Path(), ".*"));
    }

    [Fact]
    public void Room_that_no_disk_has_is_refused_before_the_first_byte()
    {
        OutputLayout layout = OutputLayout.Create([new OutputTensor("w", DType.F32, [1L << 56], 1L << 56)], long.MaxValue);
        CabsException failure = Fails(CabsError.DiskFull, () => CheckpointWriter.Create(_bench.Path("new", "out"), layout, replace: false));
        Assert.Equal($"{_bench.Path("new", "out", "model.safetensors")}: the disk or a quota has no room for its 288 PB; make room or give another folder", failure.Message);
        Assert.False(Directory.Exists(_bench.Path("new")));
    }

    [Fact]
    public void A_folder_of_somebody_elses_in_the_way_is_not_touched()
    {
        string mine = _bench.Write("mine", ".out.partial", "notes.txt");
        Assert.Equal($"{mine}: lies where a merge keeps its unfinished result; move it away", Fails(CabsError.WriteFailed, () => Merge("out")).Message);
        Assert.Equal("mine", File.ReadAllText(mine));
    }

    [Fact]
    public void A_link_as_destination_stays_a_link_and_its_folder_is_replaced()
    {
        if (OperatingSystem.IsWindows())
            return;
        _bench.Write("mine", "real", "notes.txt");
        Directory.CreateSymbolicLink(_bench.Path("link"), _bench.Path("real"));
        MergeResult result = new MergeRun(_bench.Plan(s_recipe, new MergeOptions { Force = true })).Execute(_bench.Path("link"));
        Assert.Equal(_bench.Path("link"), result.Path);
        Assert.NotNull(new DirectoryInfo(_bench.Path("link")).LinkTarget);
        Assert.True(File.Exists(_bench.Path("real", "model.safetensors")) && !File.Exists(_bench.Path("real", "notes.txt")));
    }

    private MergeResult Merge(params string[] destination) => new MergeRun(_bench.Plan(s_recipe)).Execute(_bench.Path(destination));
}
