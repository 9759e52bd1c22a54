using CabsPs.Engine.Checkpoints;

namespace CabsPs.Cli.Tests;

/// <summary>Small models and recipes to call the program with.</summary>
public static class Models
{
    /// <summary>Tensors of every model: two layers and a norm.</summary>
    public static readonly (string Name, long[] Shape)[] Tensors =
        [("model.layers.0.weight", [16, 32]), ("model.layers.1.weight", [16, 32]), ("model.norm.weight", [32])];

    /// <summary>Writes a base, two experts, and a recipe that merges them; returns the recipe's path.</summary>
    public static string WriteSet(TemporaryFolder folder, string parameters = "n: 8, m: 32, weight: 0.5", string extra = "")
    {
        Write(folder.Path("base"), 0);
        Write(folder.Path("one"), 1);
        Write(folder.Path("two"), 2);
        File.WriteAllText(folder.Path("base", "config.json"), "{\"architectures\": [\"TinyForCausalLM\"], \"model_type\": \"tiny\", \"torch_dtype\": \"float32\"}");
        return WriteRecipe(folder, parameters, extra);
    }

    /// <summary>Writes a recipe over the models of <see cref="WriteSet"/>.</summary>
    public static string WriteRecipe(TemporaryFolder folder, string parameters, string extra = "")
    {
        string path = folder.Path("recipe.yml");
        File.WriteAllText(path, $"merge_method: cabs\nbase_model: base\nmodels:\n  - model: one\n  - model: two\nparameters: {{ {parameters} }}\n{extra}\n");
        return path;
    }

    /// <summary>Writes a model with values of its own.</summary>
    public static void Write(string path, int seed, DType type = DType.F32, params (string Name, long[] Shape)[] more)
    {
        var random = new Random(seed);
        TensorData.Write(Path.Combine(path, "model.safetensors"), type, [.. Tensors.Concat(more).Select(t =>
            (t.Name, t.Shape, Enumerable.Range(0, (int)t.Shape.Aggregate((a, b) => a * b)).Select(_ => random.NextSingle() - 0.5f).ToArray()))]);
    }

    /// <summary>A model of the golden set.</summary>
    public static string Golden(string name) => Path.Combine(GoldenCases.Load("cabs")[0].Folder, "models", name);

    /// <summary>The folder of the digits models: the repository's copy, else the one beside it.</summary>
    public static string Digits
    {
        get
        {
            string own = Path.Combine(GoldenCases.Root, "examples", "digits");
            string? upright = Directory.Exists(own) ? Directory.EnumerateDirectories(own, "upright", SearchOption.AllDirectories).FirstOrDefault() : null;
            return upright is null ? Path.GetFullPath(Path.Combine(GoldenCases.Root, "..", "shared", "zoo", "digits")) : Path.GetDirectoryName(upright)!;
        }
    }
}
