using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;

namespace CabsPs.Engine.Tests;

/// <summary>Small models in a folder of their own, and merges of them. Recipes name the models by folder.</summary>
public sealed class Workbench : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private int _count;

    public string Path(params string[] parts) => _folder.Path(parts);

    /// <summary>Writes a model of one-dimensional float32 tensors.</summary>
    public void Model(string name, params (string Name, float[] Values)[] tensors) =>
        Model(name, DType.F32, [.. tensors.Select(t => (t.Name, new[] { (long)t.Values.Length }, t.Values))]);

    /// <summary>Writes a model of tensors of one type.</summary>
    public void Model(string name, DType type, params (string Name, long[] Shape, float[] Values)[] tensors) =>
        TensorData.Write(Path(name, "model.safetensors"), type, tensors);

    /// <summary>Writes a model of raw tensors.</summary>
    public void Raw(string name, params (string Name, DType Type, long[] Shape, byte[] Bytes)[] tensors) =>
        TensorData.WriteRaw(Path(name, "model.safetensors"), tensors);

    /// <summary>Writes a base and experts with one tensor <c>w</c> each, named base, a, b, c …</summary>
    public void Vectors(float[] inBase, params float[][] experts)
    {
        Model("base", ("w", inBase));
        for (int i = 0; i < experts.Length; i++)
            Model(((char)('a' + i)).ToString(), ("w", experts[i]));
    }

    /// <summary>Writes a file beside the models.</summary>
    public string Write(string text, params string[] parts)
    {
        string path = Path(parts);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Reads a recipe given as text.</summary>
    public MergeDefinition Read(string recipe) => Recipe.Read(Write(recipe, "recipe.yml"), Path());

    /// <summary>A recipe over the base and models, with parameters in YAML's flow form.</summary>
    public static string Cabs(string parameters, params string[] models) => Text("cabs", parameters, models);

    /// <summary>A recipe of a method; a model may carry parameters of its own: <c>a {weight: 2}</c>.</summary>
    public static string Text(string method, string parameters, params string[] models) =>
        $"merge_method: {method}\nbase_model: base\nmodels:\n" + string.Concat(models.Select(m =>
        {
            int space = m.IndexOf(' ', StringComparison.Ordinal);
            return space < 0 ? $"  - model: {m}\n" : $"  - model: {m[..space]}\n    parameters: {m[(space + 1)..]}\n";
        })) + $"parameters: {{{parameters}}}\n";

    public MergePlan Plan(string recipe, MergeOptions? options = null) => MergePlanner.Plan(Read(recipe), options ?? new MergeOptions());

    /// <summary>Merges into a new folder.</summary>
    public MergeResult Run(string recipe, MergeOptions? options = null) => Run(Read(recipe), options);

    /// <summary>Merges into a new folder.</summary>
    public MergeResult Run(MergeDefinition definition, MergeOptions? options = null) =>
        new MergeRun(MergePlanner.Plan(definition, options ?? new MergeOptions { Threads = 1 })).Execute(Path($"merged-{++_count}"));

    /// <summary>Merges and opens the result.</summary>
    public Checkpoint Merge(string recipe, MergeOptions? options = null) => Checkpoint.Open(Run(recipe, options).Path);

    /// <summary>Merges and reads one float32 tensor of the result.</summary>
    public float[] Merged(string recipe, string tensor = "w") => Floats(Merge(recipe), tensor);

    public static float[] Floats(Checkpoint model, string tensor)
    {
        TensorInfo found = model.Find(tensor) ?? throw new Xunit.Sdk.XunitException($"{tensor} is missing");
        Assert.Equal(DType.F32, found.Type);
        return System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(TensorData.Bytes(found)).ToArray();
    }

    /// <summary>Runs something that must fail with an expected error in one line.</summary>
    public static CabsException Fails(CabsError error, Func<object?> action)
    {
        var failure = Assert.Throws<CabsException>(() => { action(); });
        Assert.Equal(error, failure.Error);
        Assert.DoesNotContain('\n', failure.Message);
        Assert.DoesNotContain('\r', failure.Message);
        return failure;
    }

    /// <summary>Asserts that two arrays hold the same bits; a zero has a sign, a NaN its bits.</summary>
    public static void AssertSameBits(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i]), $"element {i}: expected {expected[i]:R}, got {actual[i]:R}");
    }

    public void Dispose() => _folder.Dispose();
}
