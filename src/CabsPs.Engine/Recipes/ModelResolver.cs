using YamlDotNet.RepresentationModel;

namespace CabsPs.Engine.Recipes;

/// <summary>Finds the models that a recipe names: results of other documents first, then folders and files, from the current folder
/// and then from the recipe's.</summary>
/// <param name="workingFolder">The current folder.</param>
/// <param name="recipeFolder">The recipe's.</param>
/// <param name="stages">Per named document the path that stands for its result.</param>
internal sealed class ModelResolver(string workingFolder, string recipeFolder, IReadOnlyDictionary<string, string> stages)
{
    private const string Remedy = "adapters are not supported as inputs; fold the adapter into its model first";
    private static readonly string[] s_modelKeys = ["model", "lora", "override_architecture"];
    private static readonly string[] s_pathKeys = ["path", "revision"];
    private readonly Dictionary<string, string> _real = new(StringComparer.Ordinal);

    /// <summary>Whether two paths lead to the same model. Links are followed once per path: a recipe of many slices asks often.</summary>
    public bool AreSame(string a, string b) => string.Equals(Real(a), Real(b), StringComparison.Ordinal);

    private string Real(string path) => _real.TryGetValue(path, out string? real) ? real : _real[path] = Checkpoints.ModelPaths.Resolve(path);

    /// <summary>The model's path.</summary>
    /// <param name="document">The document.</param>
    /// <param name="node">A text, or a mapping <c>{model: {path: …}}</c>.</param>
    /// <exception cref="CabsException">There is no such model.</exception>
    public string Resolve(RecipeDocument document, YamlNode node)
    {
        if (node is not YamlMappingNode)
            return Find(document, node, document.Scalar(node, "a model"), mayHaveParts: true);
        var entries = document.Entries(node, "a model");
        document.CheckKeys(entries, s_modelKeys, "a model");
        if (entries.TryGetValue("lora", out var lora) && !RecipeDocument.IsNull(lora.Value))
            throw document.Error(lora.Key, Remedy, key: "lora");
        if (entries.TryGetValue("override_architecture", out var architecture) && !RecipeDocument.IsNull(architecture.Value))
            document.Warn(architecture.Key, "'override_architecture' has no effect; layers are found from the tensors' names");
        if (!entries.TryGetValue("model", out var model))
            throw document.Error(node, "a model written as a mapping is {model: {path: …}}", key: "model");
        return model.Value is YamlMappingNode ? FindMapped(document, model.Value) : Find(document, model.Value, document.Scalar(model.Value, "a model"), mayHaveParts: true);
    }

    /// <summary>The path of a file that is no model, looked for where models are.</summary>
    /// <param name="document">The document.</param>
    /// <param name="node">The path.</param>
    /// <exception cref="CabsException">There is no such file.</exception>
    public string ResolveFile(RecipeDocument document, YamlNode node)
    {
        string text = document.Scalar(node, "a path");
        return (text.Contains('\0', StringComparison.Ordinal) ? null : OnDisk(text))
            ?? throw document.Error(node, $"{text}: no such file or folder, neither from the current folder nor from the recipe's", CabsError.CheckpointNotFound, text);
    }

    private string FindMapped(RecipeDocument document, YamlNode node)
    {
        var entries = document.Entries(node, "a model's 'model'");
        document.CheckKeys(entries, s_pathKeys, "a model's 'model'");
        if (!entries.TryGetValue("path", out var path))
            throw document.Error(node, "a model's 'model' has no 'path'", key: "path");
        if (entries.TryGetValue("revision", out var revision) && !RecipeDocument.IsNull(revision.Value))
            document.Warn(revision.Key, "'revision' has no effect; models are read from disk as they are");
        return Find(document, path.Value, document.Scalar(path.Value, "'path'"), mayHaveParts: false);
    }

    private string Find(RecipeDocument document, YamlNode node, string text, bool mayHaveParts)
    {
        if (text.Length == 0 || text.Contains('\0', StringComparison.Ordinal))
            throw document.Error(node, $"{Text.Quote(text)} is not a path", CabsError.CheckpointNotFound, text);
        if (stages.TryGetValue(text, out string? stage))
            return stage;
        if (OnDisk(text) is { } whole)
            return whole;
        if (mayHaveParts && text.Contains('+', StringComparison.Ordinal))
            throw document.Error(node, $"{Text.Cut(text)}: {Remedy}", CabsError.CheckpointNotFound, text);
        int at = text.LastIndexOf('@');
        if (mayHaveParts && at > 0 && OnDisk(text[..at]) is { } found)
        {
            document.Warn(node, $"'{text[at..]}' has no effect; models are read from disk as they are");
            return found;
        }

        string hint = stages.Count > 0 ? Suggestion.Hint(text, stages.Keys) : string.Empty;
        throw document.Error(node, $"{Text.Cut(text)}: no such folder or file, neither from the current folder nor from the recipe's; models are read from disk, not from a hub{hint}", CabsError.CheckpointNotFound, text);
    }

    private string? OnDisk(string text)
    {
        if (text == "~" || text.StartsWith("~/", StringComparison.Ordinal))
            text = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + text[1..];
        foreach (string folder in new[] { workingFolder, recipeFolder })
        {
            string candidate = Path.GetFullPath(text, folder);
            if (Directory.Exists(candidate) || File.Exists(candidate))
                return candidate;
        }

        return null;
    }
}
