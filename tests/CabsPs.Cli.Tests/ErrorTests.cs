using System.Buffers.Binary;
using System.Text;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Cli.Tests;

/// <summary>Every mistake ends in one line that names what is wrong and where, with its exit code, and leaves nothing behind.</summary>
public sealed class ErrorTests
{
    [Fact]
    public void Missing_tensor() => Broken(1, folder => TensorData.Write(folder.Path("two", "model.safetensors"), DType.F32, ("model.norm.weight", [32], new float[32])), "model.layers.0.weight", "two", "base");

    [Fact]
    public void Shape_mismatch() => Broken(
        1,
        folder => TensorData.Write(folder.Path("two", "model.safetensors"), DType.F32, [.. Models.Tensors.Select(t => (t.Name, t.Name == "model.norm.weight" ? [16L] : t.Shape, new float[t.Name == "model.norm.weight" ? 16 : 512]))]),
        "model.norm.weight", "[32]", "[16]", "two");

    [Fact]
    public void Truncated_file() => Broken(
        1,
        folder =>
        {
            using FileStream file = File.OpenWrite(folder.Path("one", "model.safetensors"));
            file.SetLength(file.Length - 10);
        },
        folder => folder.Path("one", "model.safetensors"));

    [Fact]
    public void Header_that_lies_about_offsets() => Broken(
        1,
        folder =>
        {
            // the last tensor begins where the one before it does
            string path = folder.Path("one", "model.safetensors");
            byte[] bytes = File.ReadAllBytes(path);
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            string header = Encoding.UTF8.GetString(bytes, 8, length);
            string lie = header.Replace("[2048,4096]", "[1048,3096]", StringComparison.Ordinal);
            Assert.NotEqual(header, lie);
            Encoding.UTF8.GetBytes(lie).CopyTo(bytes, 8);
            File.WriteAllBytes(path, bytes);
        },
        "model.layers.0.weight", "model.layers.1.weight", "overlap");

    [Fact]
    public void Unknown_recipe_key() => Broken(2, folder => Models.WriteRecipe(folder, "n: 8, m: 32", "exlude: ['*norm*']"), "recipe.yml line 7", "exlude", "'exclude'");

    [Fact]
    public void Unknown_parameter() => Broken(2, folder => Models.WriteRecipe(folder, "n: 8, m: 32, asignment: joint"), "recipe.yml line 6", "asignment", "'assignment'");

    [Theory]
    [InlineData("n: 33, m: 32", "n is 33 and m is 32")]
    [InlineData("n: 0, m: 32", "'n' is '0'")]
    [InlineData("n: -3, m: 32", "'n' is '-3'")]
    [InlineData("n: 8, m: 0", "'m' is '0'")]
    [InlineData("n: 8, m: half", "'m' is 'half'")]
    public void Wrong_n_or_m(string parameters, string message) => Broken(2, folder => Models.WriteRecipe(folder, parameters + ", weight: 1"), message);

    [Fact]
    public void Missing_recipe() => Broken(2, folder => File.Delete(folder.Path("recipe.yml")), "recipe.yml: no such recipe file");

    [Fact]
    public void Missing_model() => Broken(1, folder => Directory.Delete(folder.Path("two"), recursive: true), "recipe.yml line 5", "two: no such folder or file");

    [Fact]
    public void Output_folder_that_is_not_empty_is_kept_unless_forced()
    {
        Broken(2, folder => File.WriteAllText(Directory.CreateDirectory(folder.Path("merged")) + "/mine.txt", "keep"), "merged: holds files already", "force");

        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        File.WriteAllText(Directory.CreateDirectory(folder.Path("merged")) + "/mine.txt", "keep");
        Cabs.RunIn(folder.Path(), "merge", "recipe.yml", "--out", "merged", "--force").Expect(0);
        Assert.False(File.Exists(folder.Path("merged", "mine.txt")));
        Assert.Equal(["base", "merged", "one", "recipe.yml", "two"], Directory.GetFileSystemEntries(folder.Path()).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData("base")]
    [InlineData("one")]
    [InlineData("two/merged")]
    [InlineData(".")]
    public void Output_inside_or_over_an_input_even_when_forced(string destination)
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        string[] before = Snapshot(folder);
        foreach (string[] more in new string[][] { [], ["--force"], ["--dry-run"] })
            Assert.Contains(destination, Cabs.RunIn(folder.Path(), ["merge", "recipe.yml", "--out", destination, .. more]).ExpectError(2));
        Assert.Equal(before, Snapshot(folder));
    }

    [Theory]
    [InlineData("no command; give merge or check or mergekit-yaml or inspect or compare or measure or optimize or report or verify or methods")]
    [InlineData("unknown command 'mrege'; did you mean 'merge'?", "mrege")]
    [InlineData("unknown option '--verson'; did you mean '--version'?", "--verson")]
    [InlineData("no RECIPE", "merge", "--out", "x")]
    [InlineData("no --out DIR", "merge", "recipe.yml")]
    [InlineData("unknown option '--frce'; did you mean '--force'?", "merge", "--frce", "recipe.yml", "--out", "x")]
    [InlineData("unknown option '--thread'; did you mean '--threads'?", "merge", "recipe.yml", "--out", "x", "--thread=2")]
    [InlineData("unexpected argument 'more.yml'; cabs merge takes RECIPE", "merge", "recipe.yml", "more.yml", "--out", "x")]
    [InlineData("argument missing for option: '--out'", "merge", "recipe.yml", "--out")]
    [InlineData("--threads is '0'; it takes a whole number from 1 up", "merge", "recipe.yml", "--out", "x", "--threads", "0")]
    [InlineData("--max-memory is 'much'; it takes a size", "merge", "recipe.yml", "--out", "x", "--max-memory", "much")]
    [InlineData("--shard-size is '-5GB'; it takes a size", "merge", "recipe.yml", "--out", "x", "--shard-size=-5GB")]
    [InlineData("--dtype is 'int8'; it takes float32, bfloat16", "merge", "recipe.yml", "--out", "x", "--dtype", "int8")]
    [InlineData("--tolerance is '-1'; it takes a number from 0 up", "compare", "base", "one", "--tolerance", "-1")]
    [InlineData("no B", "compare", "base")]
    [InlineData("unknown method 'tise'; did you mean 'ties'?", "methods", "tise")]
    [InlineData("unexpected argument 'ties'; cabs methods takes NAME", "methods", "cabs", "ties")]
    public void Wrong_call(string message, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        string[] before = Snapshot(folder);
        Assert.Contains(message, Cabs.RunIn(folder.Path(), arguments).ExpectError(2));
        Assert.Equal(before, Snapshot(folder));
    }

    [Fact]
    public void Only_debug_shows_the_stack()
    {
        using var folder = new TemporaryFolder();
        Cabs.RunIn(folder.Path(), "inspect", "nowhere").ExpectError(1);
        Outcome outcome = Cabs.RunIn(folder.Path(), "inspect", "nowhere", "--debug").Expect(1);
        Assert.StartsWith("cabs: error: nowhere: no such folder or file", outcome.ErrorLines[0]);
        Assert.Contains("   at CabsPs.Engine.", outcome.Error);
    }

    [Fact]
    public void Help_and_version_go_to_standard_output()
    {
        Outcome help = Cabs.Run("--help").Expect(0);
        Assert.Contains("Examples:", help.Out);
        Assert.Contains("cabs merge recipe.yml --out merged", help.Out);
        Assert.Contains("--shard-size", Cabs.Run("merge", "--help").Expect(0).Out);
        Assert.Matches(@"^\d+\.\d+\.\d+\s*$", Cabs.Run("--version").Expect(0).Out);
    }

    private static void Broken(int code, Action<TemporaryFolder> breakIt, params string[] named) => Broken(code, breakIt, [.. named.Select(n => (Func<TemporaryFolder, string>)(_ => n))]);

    private static void Broken(int code, Action<TemporaryFolder> breakIt, params Func<TemporaryFolder, string>[] named)
    {
        using var folder = new TemporaryFolder();
        Models.WriteSet(folder);
        breakIt(folder);
        string[] before = Snapshot(folder);
        string line = Cabs.RunIn(folder.Path(), "merge", "recipe.yml", "--out", "merged").ExpectError(code);
        Assert.All(named, name => Assert.Contains(name(folder), line));
        Assert.Equal(before, Snapshot(folder));
    }

    private static string[] Snapshot(TemporaryFolder folder) =>
        [.. Directory.EnumerateFileSystemEntries(folder.Path(), "*", SearchOption.AllDirectories).Select(e => File.Exists(e) ? $"{e} {new FileInfo(e).Length}" : e).Order()];
}
