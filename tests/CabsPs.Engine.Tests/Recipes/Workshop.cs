using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;

namespace CabsPs.Engine.Tests.Recipes;

/// <summary>A folder with small models and recipes over them.</summary>
public sealed class Workshop : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>A path in the folder.</summary>
    public string Path(params string[] parts) => _folder.Path(parts);

    /// <summary>Writes a model of the names a decoder has: embedding, layers, norm and head.</summary>
    /// <param name="name">Its folder.</param>
    /// <param name="layers">How many layers.</param>
    /// <param name="value">The values of a tensor.</param>
    /// <param name="config">config.json; a plain one when null.</param>
    /// <param name="prefix">What the layers' names begin with.</param>
    /// <param name="type">The stored type.</param>
    /// <param name="rows">Rows of embedding and head.</param>
    public Workshop Model(string name, int layers, Func<string, int, float> value, string? config = null, string prefix = "model.layers.", DType type = DType.F32, int rows = 6)
    {
        string[] names = ["model.embed_tokens.weight", .. Enumerable.Range(0, layers).SelectMany(l => new[] { "norm.weight", "mlp.up.weight", "attn.q.weight", "attn.k.weight" }.Select(s => $"{prefix}{l}.{s}")), "model.norm.weight", "lm_head.weight"];
        TensorData.Write(Path(name, "model.safetensors"), type, [.. names.Select(n =>
        {
            long[] shape = n.Contains("norm", StringComparison.Ordinal) ? [4] : n.Contains("embed", StringComparison.Ordinal) || n.StartsWith("lm_head", StringComparison.Ordinal) ? [rows, 4] : [5, 4];
            return (n, shape, Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(i => value(n, i)).ToArray());
        })]);
        File.WriteAllText(Path(name, "config.json"), config ?? $"{{\n  \"architectures\": [\"LlamaForCausalLM\"],\n  \"num_hidden_layers\": {layers},\n  \"tie_word_embeddings\": false,\n  \"vocab_size\": {rows},\n  \"torch_dtype\": \"{type.TorchName()}\"\n}}");
        return this;
    }

    /// <summary>Values that look random and depend on model, tensor and place.</summary>
    public static Func<string, int, float> Noise(int seed) => (name, index) =>
    {
        uint hash = 2166136261u ^ ((uint)seed * 2654435761u);
        foreach (char c in $"{name}#{index}")
            hash = (hash ^ c) * 16777619u;
        hash ^= hash >> 15;
        return (float)((hash * 2246822519u) / 4294967296.0) - 0.5f;
    };

    /// <summary>Reads a recipe.</summary>
    public RecipeFile Read(string recipe)
    {
        File.WriteAllText(Path("recipe.yml"), recipe);
        return Recipe.ReadFile(Path("recipe.yml"), Path());
    }

    /// <summary>Runs a recipe and opens its result.</summary>
    public Checkpoint Merge(string recipe, string result = "merged", MergeOptions? options = null)
    {
        using RecipePlan plan = RecipePlan.Create(Read(recipe), options ?? new MergeOptions(), Path(result));
        foreach (RecipeStep step in plan.Steps)
            plan.Execute(step);
        return Checkpoint.Open(Path(result));
    }

    /// <summary>The first value of a tensor.</summary>
    public static double First(Checkpoint model, string tensor) => TensorData.Values(model.Find(tensor)!)[0];

    /// <summary>Asserts that two models have the same tensors, bit for bit.</summary>
    public static void AssertSame(Checkpoint expected, Checkpoint actual)
    {
        Assert.Equal(expected.Tensors.Select(t => (t.Name, t.Type)), actual.Tensors.Select(t => (t.Name, t.Type)));
        foreach (TensorInfo tensor in expected.Tensors)
            Assert.True(TensorData.Bytes(tensor).AsSpan().SequenceEqual(TensorData.Bytes(actual.Find(tensor.Name)!)), $"{tensor.Name} differs");
    }

    public void Dispose() => _folder.Dispose();
}
