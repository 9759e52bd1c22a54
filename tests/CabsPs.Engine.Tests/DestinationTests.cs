using CabsPs.Engine.Merging;
using static CabsPs.Engine.Tests.Workbench;

namespace CabsPs.Engine.Tests;

/// <summary>Where a result may go, and what happens to what is there.</summary>
public sealed class DestinationTests
{
    private static readonly string s_recipe = Text("task_arithmetic", "weight: 1", "a");

    private static Workbench Models()
    {
        var bench = new Workbench();
        bench.Vectors([1], [2]);
        return bench;
    }

    private static MergeResult Merge(Workbench bench, string destination, bool force = false) =>
        new MergeRun(bench.Plan(s_recipe, new MergeOptions { Force = force })).Execute(destination);

    [Fact]
    public void A_new_folder_and_its_parents_are_made()
    {
        using Workbench bench = Models();
        Assert.Equal(bench.Path("x", "y", "out"), Merge(bench, bench.Path("x", "y", "out")).Path);
        Assert.Equal(["out"], Directory.GetFileSystemEntries(bench.Path("x", "y")).Select(e => Path.GetFileName(e)));
    }

    [Fact]
    public void An_empty_folder_is_used()
    {
        using Workbench bench = Models();
        Directory.CreateDirectory(bench.Path("out"));
        Merge(bench, bench.Path("out") + "/");
        Assert.True(File.Exists(bench.Path("out", "model.safetensors")));
    }

    [Fact]
    public void A_folder_with_files_is_refused_and_left_alone()
    {
        using Workbench bench = Models();
        string mine = bench.Write("mine", "out", "notes.txt");
        CabsException failure = Fails(CabsError.OutputNotEmpty, () => Merge(bench, bench.Path("out")));
        Assert.Equal($"{bench.Path("out")}: holds files already; give a new folder or force replacing it", failure.Message);
        Assert.Equal([mine], Directory.GetFileSystemEntries(bench.Path("out")));
    }

    [Fact]
    public void Force_replaces_it_when_the_result_is_complete()
    {
        using Workbench bench = Models();
        bench.Write("mine", "out", "notes.txt");
        Merge(bench, bench.Path("out"), force: true);
        Assert.Equal(["README.md", "cabs.json", "model.safetensors"], Directory.GetFileSystemEntries(bench.Path("out")).Select(e => Path.GetFileName(e)).Order(StringComparer.Ordinal));
        Assert.Equal(["a", "base", "out", "recipe.yml"], Directory.GetFileSystemEntries(bench.Path()).Select(e => Path.GetFileName(e)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_failed_forced_merge_keeps_what_was_there()
    {
        using Workbench bench = Models();
        bench.Write("mine", "out", "notes.txt");
        bench.Model("a", ("w", [float.NaN]));
        Fails(CabsError.NonFiniteInput, () => Merge(bench, bench.Path("out"), force: true));
        Assert.Equal("mine", File.ReadAllText(bench.Path("out", "notes.txt")));
    }

    [Fact]
    public void A_file_is_refused_even_with_force()
    {
        using Workbench bench = Models();
        string file = bench.Write("mine", "out");
        Fails(CabsError.OutputIsFile, () => Merge(bench, file, force: true));
        Assert.Equal("mine", File.ReadAllText(file));
    }

    [Theory]
    [InlineData("base")]
    [InlineData("a/")]
    [InlineData("a/inside")]
    [InlineData("link-to-a")]
    [InlineData("link-to-a/inside")]
    [InlineData("link-to-all/a")]
    [InlineData(".")]
    public void An_input_is_never_replaced_not_even_by_another_name(string destination)
    {
        using Workbench bench = Models();
        Directory.CreateSymbolicLink(bench.Path("link-to-a"), bench.Path("a"));
        Directory.CreateSymbolicLink(bench.Path("link-to-all"), bench.Path());
        Fails(CabsError.OutputIsInput, () => Merge(bench, bench.Path(destination), force: true));
        Assert.True(File.Exists(bench.Path("a", "model.safetensors")) && File.Exists(bench.Path("base", "model.safetensors")));
    }

    [Fact]
    public void An_input_given_by_a_link_protects_the_real_folder()
    {
        using Workbench bench = Models();
        Directory.Move(bench.Path("a"), bench.Path("real"));
        Directory.CreateSymbolicLink(bench.Path("a"), bench.Path("real"));
        Fails(CabsError.OutputIsInput, () => Merge(bench, bench.Path("real"), force: true));
        Assert.True(File.Exists(bench.Path("real", "model.safetensors")));
    }

    [Fact]
    public void A_linked_weight_file_protects_the_folder_it_lies_in()
    {
        using Workbench bench = Models();
        Directory.CreateDirectory(bench.Path("blobs"));
        File.Move(bench.Path("a", "model.safetensors"), bench.Path("blobs", "abc"));
        File.CreateSymbolicLink(bench.Path("a", "model.safetensors"), bench.Path("blobs", "abc"));
        Fails(CabsError.OutputIsInput, () => Merge(bench, bench.Path("blobs"), force: true));
    }

    [Fact]
    public void A_folder_whose_name_begins_like_an_inputs_is_free()
    {
        using Workbench bench = Models();
        Merge(bench, bench.Path("a-merged"));
        Assert.True(File.Exists(bench.Path("a-merged", "model.safetensors")));
    }
}
