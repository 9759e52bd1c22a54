using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using YamlDotNet.RepresentationModel;

namespace CabsPs.Engine.Recipes;

/// <summary>Reads mergekit's recipe language, extended by SPEC §8, into a merge definition.</summary>
public sealed class Recipe
{
    private static readonly string[] s_keys = ["merge_method", "base_model", "models", "parameters", "dtype", "out_dtype", "include", "exclude", "missing", "tokenizer", "tokenizer_source", "chat_template", "post"];
    private static readonly string[] s_unsupported = ["slices", "modules", "name"];
    private static readonly string[] s_modelKeys = ["model", "parameters"];
    private static readonly string[] s_modelReferenceKeys = ["model", "path", "lora", "revision", "override_architecture"];
    private readonly RecipeDocument _document;
    private readonly string _folder;
    private readonly List<string> _warnings = [];

    private Recipe(string path)
    {
        _document = RecipeDocument.Read(path);
        _folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
    }

    /// <summary>Reads a recipe file. Model paths are relative to the current folder, then to the recipe's.</summary>
    /// <param name="path">The recipe.</param>
    /// <param name="workingFolder">What counts as the current folder; the process's when null.</param>
    /// <exception cref="CabsException">The recipe is wrong; the message names the line.</exception>
    public static MergeDefinition Read(string path, string? workingFolder = null) =>
        new Recipe(path).Define(workingFolder ?? Directory.GetCurrentDirectory());

    private MergeDefinition Define(string workingFolder)
    {
        IReadOnlyDictionary<string, (YamlNode Key, YamlNode Value)> entries = _document.Entries(_document.Root, "a recipe");
        foreach ((string name, (YamlNode key, _)) in entries)
        {
            if (name.StartsWith("x-", StringComparison.Ordinal))
                _warnings.Add($"{_document.At(key)}: '{name}' has no effect of its own");
            else if (s_unsupported.Contains(name))
                throw _document.Error(key, $"'{name}' is not supported; a recipe lists whole models under 'models'", key: name);
            else if (!s_keys.Contains(name))
                throw _document.Error(key, $"unknown key '{name}'{Suggestion.Hint(name, s_keys)}", key: name);
        }

        YamlNode methodNode = Required(entries, "merge_method");
        string methodName = _document.Scalar(methodNode, "'merge_method'");
        MergeMethod method = MethodCatalog.Find(methodName)
            ?? throw _document.Error(methodNode, MethodCatalog.Unknown(methodName), key: "merge_method");
        string? basePath = entries.TryGetValue("base_model", out var given0) && !RecipeDocument.IsNull(given0.Value) ? ModelPath(given0.Value, workingFolder) : null;
        // both are read, so that a wrong one is told even where the other wins
        DType? stored = OutputType(entries, "out_dtype"), type = OutputType(entries, "dtype");
        var tokenizer = new TokenizerReader(_document, node => ModelPath(node, workingFolder));
        var parameters = new ParameterReader(_document, method, _warnings);
        List<ModelInput> inputs = Inputs(Required(entries, "models"), method, basePath, parameters, workingFolder);
        return new MergeDefinition
        {
            Method = method,
            BasePath = basePath,
            Inputs = inputs,
            Parameters = entries.TryGetValue("parameters", out var given) && !RecipeDocument.IsNull(given.Value) ? parameters.Read(given.Value, underModel: false) : ParameterSet.Empty,
            Groups = method.Sparsifier is { } sparsifier && inputs.Count > 0 ? [new SparsifierGroup(sparsifier, [.. Enumerable.Range(0, inputs.Count)])] : [],
            Post = PostReader.Read(_document, entries),
            Include = Patterns(entries, "include"),
            Exclude = Patterns(entries, "exclude"),
            OutputType = stored ?? type,
            SkipMissing = SkipsMissing(entries),
            Tokenizer = tokenizer.Read(entries),
            ChatTemplate = tokenizer.ReadTemplate(entries),
            Warnings = _warnings,
        };
    }

    private YamlNode Required(IReadOnlyDictionary<string, (YamlNode Key, YamlNode Value)> entries, string key) =>
        entries.TryGetValue(key, out var entry) && !RecipeDocument.IsNull(entry.Value)
            ? entry.Value
            : throw _document.Error(_document.Root, $"the recipe has no '{key}'", key: key);

    private List<ModelInput> Inputs(YamlNode node, MergeMethod method, string? basePath, ParameterReader parameters, string workingFolder)
    {
        if (node is not YamlSequenceNode list || list.Children.Count == 0)
            throw _document.Error(node, "'models' must be a list of models", key: "models");
        var found = new List<(string Path, ParameterSet Parameters)>();
        foreach (YamlNode item in list)
        {
            IReadOnlyDictionary<string, (YamlNode Key, YamlNode Value)> entries = _document.Entries(item, "an entry of 'models'");
            foreach ((string name, (YamlNode key, _)) in entries)
            {
                if (!s_modelKeys.Contains(name))
                    throw _document.Error(key, $"unknown key '{name}' in an entry of 'models'{Suggestion.Hint(name, s_modelKeys)}{(parameters.Knows(name) ? "; parameters of a model stand under its 'parameters'" : string.Empty)}", key: name);
            }

            if (!entries.TryGetValue("model", out var model))
                throw _document.Error(item, "an entry of 'models' has no 'model'", key: "model");
            string path = ModelPath(model.Value, workingFolder);
            ParameterSet own = entries.TryGetValue("parameters", out var given) && !RecipeDocument.IsNull(given.Value) ? parameters.Read(given.Value, underModel: true) : ParameterSet.Empty;
            if (method.BaseRule != BaseRule.Ignored && basePath is not null && ModelPaths.AreSame(path, basePath))
                continue;
            if (found.Any(f => ModelPaths.AreSame(f.Path, path)))
                throw _document.Error(model.Value, $"model {path} stands twice in 'models'; give it one entry", CabsError.DuplicateModel, path);
            found.Add((path, own));
        }

        if (method.BaseRule == BaseRule.Ignored && basePath is not null && !found.Any(f => ModelPaths.AreSame(f.Path, basePath)))
            found.Add((basePath, ParameterSet.Empty));
        IReadOnlyList<string> names = ModelPaths.Names([.. found.Select(f => f.Path)]);
        return [.. found.Select((f, i) => new ModelInput(names[i], f.Path, f.Parameters))];
    }

    private string ModelPath(YamlNode node, string workingFolder)
    {
        if (node is YamlMappingNode)
        {
            IReadOnlyDictionary<string, (YamlNode Key, YamlNode Value)> entries = _document.Entries(node, "a model");
            if (entries.TryGetValue("lora", out var lora) && !RecipeDocument.IsNull(lora.Value))
                throw _document.Error(lora.Key, "adapters are not supported as inputs; fold the adapter into its model first", key: "lora");
            foreach ((string name, (YamlNode key, YamlNode value)) in entries)
            {
                if (!s_modelReferenceKeys.Contains(name))
                    throw _document.Error(key, $"unknown key '{name}' in a model{Suggestion.Hint(name, s_modelReferenceKeys)}", key: name);
                if (name is "revision" or "override_architecture" && !RecipeDocument.IsNull(value))
                    _warnings.Add($"{_document.At(key)}: '{name}' has no effect; models are read from disk as they are");
            }

            return entries.TryGetValue("model", out var model) ? ModelPath(model.Value, workingFolder)
                : entries.TryGetValue("path", out var path) ? ModelPath(path.Value, workingFolder)
                : throw _document.Error(node, "a model needs a 'path'", key: "path");
        }

        string text = _document.Scalar(node, "a model");
        if (text.Length == 0 || text.Contains('\0', StringComparison.Ordinal))
            throw _document.Error(node, $"{Text.Quote(text)} is not a path", CabsError.CheckpointNotFound, text);
        foreach (string folder in new[] { workingFolder, _folder })
        {
            string candidate = Path.GetFullPath(text, folder);
            if (Directory.Exists(candidate) || File.Exists(candidate))
                return candidate;
        }

        throw text.Contains('+', StringComparison.Ordinal)
            ? _document.Error(node, $"{text}: adapters are not supported as inputs; fold the adapter into its model first", CabsError.CheckpointNotFound, text)
            : _document.Error(node, $"{text}: no such folder or file, neither from the current folder nor from the recipe's; models are read from disk, not from a hub", CabsError.CheckpointNotFound, text);
    }

    private IReadOnlyList<string> Patterns(IReadOnlyDictionary<string, (YamlNode Key, YamlNode Value)> entries, string key) =>
        entries.TryGetValue(key, out var entry) && !RecipeDocument.IsNull(entry.Value) ? _document.Scalars(entry.Value, $"'{key}'") : [];

    private DType? OutputType(IReadOnlyDictionary<string, (YamlNode Key, YamlNode Value)> entries, string key)
    {
        if (!entries.TryGetValue(key, out var entry) || RecipeDocument.IsNull(entry.Value))
            return null;
        string text = _document.Scalar(entry.Value, $"'{key}'");
        return DTypes.TryParse(text, out DType type)
            ? type
            : throw _document.Error(entry.Value, $"'{key}' is {Text.Quote(text)}; it takes float32, bfloat16, float16 or float64", CabsError.ParameterInvalid, key);
    }

    private bool SkipsMissing(IReadOnlyDictionary<string, (YamlNode Key, YamlNode Value)> entries)
    {
        if (!entries.TryGetValue("missing", out var entry))
            return false;
        return _document.Scalar(entry.Value, "'missing'") switch
        {
            "skip" => true,
            "error" => false,
            var other => throw _document.Error(entry.Value, $"'missing' is {Text.Quote(other)}; it takes skip or error", CabsError.ParameterInvalid, "missing"),
        };
    }
}
