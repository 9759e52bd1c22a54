using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests.Hostile;

/// <summary>Files that are not the ones whose headers were read: changed before the first weight is read, or while the merge runs.</summary>
public sealed class ChangedFileTests
{
    [Fact]
    public void A_file_written_to_after_planning_is_told_and_nothing_is_written()
    {
        using var bench = new Workbench();
        bench.Vectors(new float[1000], new float[1000]);
        MergePlan plan = bench.Plan(Cabs("weight: 1", "a"));
        // other tensors of the same size in the same places
        bench.Model("a", ("w", [.. Enumerable.Repeat(1f, 1000)]));
        File.SetLastWriteTimeUtc(bench.Path("a", "model.safetensors"), DateTime.UtcNow.AddSeconds(5));
        CabsException failure = Fails(CabsError.FileChanged, () => new MergeRun(plan).Execute(bench.Path("out")));
        Assert.Equal($"{bench.Path("a", "model.safetensors")}: was changed after its header was read; run again once nothing writes to it", failure.Message);
        Assert.False(Directory.Exists(bench.Path("out")));
    }

    [Fact]
    public void A_file_written_to_while_it_is_read_is_told()
    {
        using var bench = new Workbench();
        bench.Vectors([1, 2, 3]);
        TensorInfo tensor = Checkpoint.Open(bench.Path("base")).Find("w")!;
        using var reader = new CheckpointReader();
        reader.Read(tensor, 0, new byte[4]);
        reader.CheckUnchanged();
        File.SetLastWriteTimeUtc(tensor.File, DateTime.UtcNow.AddSeconds(5));
        Assert.Contains("was changed after its header was read", Fails(CabsError.FileChanged, () => { reader.CheckUnchanged(); return null; }).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_shrinks_while_it_is_read_is_told_with_its_tensor()
    {
        using var bench = new Workbench();
        bench.Model("m", ("a", new float[1000]), ("b", new float[1000]));
        Checkpoint model = Checkpoint.Open(bench.Path("m"));
        using var reader = new CheckpointReader();
        reader.Read(model.Find("a")!, 0, new byte[4000]);
        using (var file = new FileStream(model.Files[0], FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            file.SetLength(file.Length - 100);
        CabsException failure = Fails(CabsError.FileTruncated, () => { reader.Read(model.Find("b")!, 0, new byte[4000]); return null; });
        Assert.Equal($"{model.Files[0]}: ends inside tensor 'b'; it was cut while being read", failure.Message);
    }

    [Fact]
    public void A_file_that_becomes_a_folder_or_goes_away_is_told()
    {
        using var bench = new Workbench();
        bench.Vectors([1], [2]);
        MergePlan plan = bench.Plan(Cabs("weight: 1", "a"));
        string file = bench.Path("a", "model.safetensors");
        File.Delete(file);
        Assert.Contains("no such file", Fails(CabsError.CheckpointNotFound, () => new MergeRun(plan).Execute(bench.Path("out"))).Message, StringComparison.Ordinal);
        Directory.CreateDirectory(file);
        Assert.Contains("is a folder", Fails(CabsError.ReadFailed, () => new MergeRun(plan).Execute(bench.Path("out"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Links_among_small_files_are_copied_as_files_and_told_when_they_lead_away()
    {
        if (OperatingSystem.IsWindows())
            return;
        using var bench = new Workbench();
        bench.Vectors([1], [2]);
        bench.Write("a secret", "elsewhere", "key");
        File.CreateSymbolicLink(bench.Path("base", "notes.txt"), bench.Path("elsewhere", "key"));
        File.CreateSymbolicLink(bench.Path("base", "lost.txt"), "nothing");
        MergePlan plan = bench.Plan(Cabs("weight: 1", "a"));
        Assert.Equal(
            [$"{bench.Path("base", "lost.txt")}: is a link to {bench.Path("base", "nothing")}, which does not exist; the result goes without it", $"{bench.Path("base", "notes.txt")} is a link to {bench.Path("elsewhere", "key")}; the result gets a copy of that file"],
            plan.Warnings.Order(StringComparer.Ordinal));
        Assert.Equal(8, plan.OutputFiles.Single(f => f.Name == "notes.txt").ByteLength);
        string merged = new MergeRun(plan).Execute(bench.Path("out")).Path;
        Assert.Equal("a secret", File.ReadAllText(Path.Combine(merged, "notes.txt")));
        Assert.Null(new FileInfo(Path.Combine(merged, "notes.txt")).LinkTarget);
        Assert.False(Path.Exists(Path.Combine(merged, "lost.txt")));
    }

    [Fact]
    public void Links_are_followed_from_the_folder_in_which_they_lie()
    {
        if (OperatingSystem.IsWindows())
            return;
        using var bench = new Workbench();
        bench.Write("x", "cache", "blobs", "1");
        Directory.CreateDirectory(bench.Path("cache", "snapshots", "1"));
        File.CreateSymbolicLink(bench.Path("cache", "snapshots", "1", "f"), "../../blobs/1");
        Directory.CreateSymbolicLink(bench.Path("model"), bench.Path("cache", "snapshots", "1"));
        Directory.CreateSymbolicLink(bench.Path("circle"), "circle");
        string root = ModelPaths.Resolve(bench.Path());
        Assert.Equal(Path.Combine(root, "cache", "blobs", "1"), ModelPaths.Resolve(bench.Path("model", "f")));
        Assert.Equal(Path.Combine(root, "cache", "snapshots", "1", "new", "er"), ModelPaths.Resolve(bench.Path("model", "new", "er")));
        Assert.Equal(Path.Combine(root, "circle", "x"), ModelPaths.Resolve(bench.Path("circle", "x")));
        string deep = bench.Path([.. Enumerable.Repeat("a", 100_000)]);
        Assert.Equal(root + deep[bench.Path().Length..], ModelPaths.Resolve(deep));
    }

    [Fact]
    public void A_recipe_may_come_through_a_pipe()
    {
        if (OperatingSystem.IsWindows())
            return;
        using var bench = new Workbench();
        bench.Vectors([1], [2]);
        File.WriteAllText(bench.Path("recipe.yml"), Cabs("weight: 1", "a"));
        string pipe = bench.Path("pipe.yml");
        using var writer = System.Diagnostics.Process.Start("sh", ["-c", "mkfifo \"$1\" && { cat \"$0\" > \"$1\" & }", bench.Path("recipe.yml"), pipe]);
        writer.WaitForExit();
        Assert.Equal("cabs", Recipe.Read(pipe, bench.Path()).Method.Name);
    }
}
