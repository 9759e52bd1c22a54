using CabsPs.Engine.Checkpoints;

namespace CabsPs.Cli.Tests.Reliability;

/// <summary>A test that mounts a small file system of its own, where the machine lets it: in a namespace that nobody else sees.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class MountFactAttribute : FactAttribute
{
    private static readonly string? s_missing = Missing();

    public MountFactAttribute() => Skip = s_missing;

    private static string? Missing()
    {
        if (!OperatingSystem.IsLinux())
            return "needs Linux, to mount a small file system";
        try
        {
            return Cabs.Finish(Cabs.StartProgram("/tmp", "unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt")).ExitCode == 0 ? null : "this user may not mount a small file system (unshare -rm)";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "there is no unshare, to mount a small file system";
        }
    }
}

/// <summary>Disks that are too small, become full, or cannot be written.</summary>
public sealed class DiskTests : IDisposable
{
    // float32 weights of one model: 3 x 500 KB and two small ones
    private const int Large = 500_000;
    private readonly TemporaryFolder _folder = new();

    public DiskTests()
    {
        (string, long[])[] more = [.. Enumerable.Range(2, 3).Select(i => ($"model.layers.{i}.weight", new long[] { Large / 4 }))];
        foreach ((string name, int seed) in new[] { ("base", 0), ("one", 1), ("two", 2) })
            Models.Write(_folder.Path(name), seed, DType.F32, more);
        Models.WriteRecipe(_folder, "n: 8, m: 32, weight: 0.5");
        Directory.CreateDirectory(_folder.Path("disk"));
    }

    public void Dispose() => _folder.Dispose();

    [MountFact]
    public void Too_little_room_is_told_before_the_first_byte()
    {
        string[] said = Merge("1M", "");
        Assert.Equal("exit 1", said[^2]);
        Assert.Matches(@"^cabs: error: .*/disk/new/merged: the result takes 1\.5\d MB \(15\d\d\d\d\d bytes\), and its disk has 1\.05 MB \(1048576 bytes\) free; make room or give another folder$", said[0]);
        Assert.Equal("used 0", said[^1]);
    }

    [MountFact]
    public void A_disk_that_becomes_full_in_the_middle_of_the_weights_is_told_and_given_back()
    {
        string[] said = Merge("1M", "--ignore-free-space");
        Assert.Equal($"cabs: error: {_folder.Path("disk", "new", "merged", "model.safetensors")}: cannot be written, the disk or a quota is full; make room or give another folder", said[0]);
        Assert.Equal(["exit 1", "used 0"], said[^2..]);
        Assert.Equal(3, said.Length);
    }

    [MountFact]
    public void A_disk_that_becomes_full_at_the_index_is_told_and_given_back()
    {
        // the journal and the headers of six shards fit, a page each; the index does not
        string[] said = Merge("28k", "--ignore-free-space --shard-size 1");
        Assert.Contains("model.safetensors.index.json: cannot be written, the disk or a quota is full", said[0], StringComparison.Ordinal);
        Assert.Equal(["exit 1", "used 0"], said[^2..]);
    }

    [MountFact]
    public void A_disk_that_becomes_full_before_the_last_rename_is_told_and_given_back()
    {
        // room for the weights, the index and the journal; cabs.json and the card come last
        string[] said = Merge("1480k", "--ignore-free-space");
        Assert.Matches("(README.md|cabs.json|cabs_recipe.yml): cannot be written, the disk or a quota is full", said[0]);
        Assert.Equal(["exit 1", "used 0"], said[^2..]);
    }

    [MountFact]
    public void A_disk_that_is_full_to_the_last_byte_at_the_last_rename_has_the_whole_result()
    {
        // 1 block is left: a rename takes none, and what can be written is written
        string merge = "\"$@\" merge recipe.yml --out disk/merged --quiet --ignore-free-space";
        string[] first = Script($"mount -t tmpfs -o size=4M none disk; {merge}; du -k disk | tail -1 | cut -f1");
        string[] said = Script($"mount -t tmpfs -o size=$(( {first[^1]} + 8 ))k none disk; {merge}; echo exit $?; \"$@\" verify disk/merged --quiet; echo exit $?; ls -A disk");
        Assert.Equal(["exit 0", "exit 0", "merged"], said);
    }

    [MountFact]
    public void Force_on_a_full_disk_keeps_the_old_result()
    {
        string[] said = Script("mount -t tmpfs -o size=1M none disk; mkdir disk/merged; echo mine > disk/merged/notes.txt; \"$@\" merge recipe.yml --out disk/merged --quiet --ignore-free-space --force; echo exit $?; ls -A disk; cat disk/merged/notes.txt");
        Assert.Equal(["exit 1", "merged", "mine"], said[1..]);
    }

    [MountFact]
    public void A_disk_that_cannot_be_written_is_named()
    {
        string[] said = Script("mount -t tmpfs -o ro none disk; \"$@\" merge recipe.yml --out disk/merged --quiet --ignore-free-space; echo exit $?");
        Assert.Contains($"{_folder.Path("disk", ".merged.partial")}: cannot be written: Read-only file system", said[0], StringComparison.Ordinal);
        Assert.Equal("exit 1", said[1]);
    }

    [MountFact]
    public void A_mount_point_as_destination_is_refused_before_the_first_byte()
    {
        string[] said = Script("mount -t tmpfs none disk; \"$@\" merge recipe.yml --out disk --quiet; echo exit $?; ls -A disk");
        Assert.Equal(["cabs: error: disk: is a mount point, which no folder can be renamed to; give a folder in it", "exit 2"], said);
    }

    // merges into a new folder of a small disk; the last lines are the exit code and the blocks still taken
    private string[] Merge(string size, string options) =>
        Script($"mount -t tmpfs -o size={size} none disk; \"$@\" merge recipe.yml --out disk/new/merged --quiet {options}; echo exit $?; ls -A disk; echo used $(df --output=used disk | tail -1)");

    private string[] Script(string text) =>
        Cabs.Finish(Cabs.StartProgram(_folder.Path(), "unshare", "-rm", "sh", "-c", text + " 2>&1", "sh", Cabs.Host, Cabs.Program)) is var outcome
            ? (outcome.Error + outcome.Out).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            : [];
}
