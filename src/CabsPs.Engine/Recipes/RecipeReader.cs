using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using YamlDotNet.RepresentationModel;
using Entries = System.Collections.Generic.IReadOnlyDictionary<string, (YamlDotNet.RepresentationModel.YamlNode Key, YamlDotNet.RepresentationModel.YamlNode Value)>;

namespace CabsPs.Engine.Recipes;

/// <summary>Reads one document of a recipe file into a merge definition.</summary>
internal sealed class RecipeReader(RecipeDocument document, ModelResolver models, Problems problems)
{
    private static readonly string[] s_keys =
        ["merge_method", "base_model", "models", "slices", "modules", "parameters", "dtype", "out_dtype", "tokenizer", "tokenizer_source", "chat_template", "include", "exclude", "missing", "name", "post"];

    private static readonly string[] s_bodies = ["models", "slices", "modules"];

    /// <summary>The definition; null when too much is wrong to make one.</summary>
    public MergeDefinition? Read()
    {
        Entries entries = document.Entries(document.Root, "a recipe");
        foreach ((string name, (YamlNode key, _)) in entries)
            problems.Attempt(() => CheckKey(name, key));
        MergeMethod? method = null;
        string? basePath = null;
        bool complete = problems.Attempt(() => method = Method(entries));
        complete &= problems.Attempt(() => basePath = Given(entries, "base_model") is { } node ? models.Resolve(document, node) : null);
        var definition = new MergeDefinition { Method = method!, Inputs = [], Origin = document.At(document.Root) };
        problems.Attempt(() => definition = definition with { OutputType = OutputType(entries) });
        problems.Attempt(() => definition = definition with { Include = Patterns(entries, "include"), Exclude = Patterns(entries, "exclude"), SkipMissing = SkipsMissing(entries) });
        problems.Attempt(() => definition = WithTokenizer(definition, entries));
        problems.Attempt(() => definition = definition with { Post = PostReader.Read(document, entries) });
        if (!complete)
            return null;
        if (method!.BaseRule == BaseRule.Required && basePath is null)
            complete &= problems.Attempt(() => throw document.Error(document.Root, $"method {method.Name} needs a base model; give 'base_model'", key: "base_model"));
        var parameters = new ParameterReader(document, method, node => models.ResolveFile(document, node), problems);
        complete &= problems.Attempt(() => definition = definition with { Parameters = parameters.ReadAt(entries, underModel: false) });
        complete &= problems.Attempt(() => definition = WithModels(definition with { BasePath = basePath }, entries, parameters));
        return complete ? definition : null;
    }

    private MergeDefinition WithModels(MergeDefinition definition, Entries entries, ParameterReader parameters)
    {
        string[] given = [.. s_bodies.Where(b => Given(entries, b) is not null)];
        if (given.Length == 0)
            throw document.Error(document.Root, "there is nothing to merge; give 'models', 'slices' or 'modules'", key: "models");
        if (given.Length > 1)
            throw document.Error(entries[given[1]].Key, $"'{given[0]}' and '{given[1]}' stand together; keep one", key: given[1]);
        MergeMethod method = definition.Method;
        var reader = new SliceReader(document, method, definition.BasePath, models, parameters, problems);
        YamlNode body = entries[given[0]].Value;
        IReadOnlyList<MergeModule> modules = given[0] switch
        {
            "models" => [new MergeModule(null, [reader.Whole(body)])],
            "slices" => [new MergeModule(null, reader.Slices(body))],
            _ => reader.Modules(body),
        };
        // what stands in several slices is one model
        var inputs = new List<ModelInput>();
        foreach (MergeSlice slice in modules.SelectMany(m => m.Slices))
        {
            bool hasBase = method.BaseRule != BaseRule.Ignored && slice.BasePath is not null;
            inputs.AddRange(slice.Sources.Where(s => !(hasBase && models.AreSame(s.Path, slice.BasePath!)) && !inputs.Any(i => models.AreSame(i.Path, s.Path))));
        }

        IReadOnlyList<string> names = ModelPaths.Names([.. inputs.Select(i => i.Path)]);
        string NameOf(ModelInput source) => inputs.FindIndex(i => models.AreSame(i.Path, source.Path)) is >= 0 and var index ? names[index] : source.Name;
        if (given[0] == "models")
            return definition with { Inputs = [.. inputs.Select((input, i) => input with { Name = names[i] })], Groups = Groups(method, inputs.Count) };
        return definition with
        {
            Modules = [.. modules.Select(m => m with { Slices = [.. m.Slices.Select(s => s with { Sources = [.. s.Sources.Select(i => i with { Name = NameOf(i) })] })] })],
            Inputs = [.. inputs.Select((input, i) => new ModelInput(names[i], input.Path, ParameterSet.Empty))],
            Groups = Groups(method, inputs.Count),
        };
    }

    private static IReadOnlyList<SparsifierGroup> Groups(MergeMethod method, int inputs) =>
        method.Sparsifier is { } sparsifier && inputs > 0 ? [new SparsifierGroup(sparsifier, [.. Enumerable.Range(0, inputs)])] : [];

    private MergeMethod Method(Entries entries)
    {
        YamlNode node = Given(entries, "merge_method") ?? throw document.Error(document.Root, "the recipe has no 'merge_method'", key: "merge_method");
        string name = document.Scalar(node, "'merge_method'");
        return MethodCatalog.Find(name) ?? throw document.Error(node, MethodCatalog.Unknown(name), key: "merge_method");
    }

    private void CheckKey(string name, YamlNode key)
    {
        if (name.StartsWith("x-", StringComparison.Ordinal))
            document.Warn(key, $"'{name}' has no effect of its own");
        else if (!s_keys.Contains(name))
            throw document.Error(key, $"unknown key {Text.Quote(name)}{Hint(name)}", key: name);
    }

    private static string Hint(string name)
    {
        bool isParameter = MethodCatalog.All.Any(m => m.Parameters.Any(p => p.Name == name));
        return isParameter ? "; a parameter stands under 'parameters'" : Suggestion.Hint(name, s_keys);
    }

    private MergeDefinition WithTokenizer(MergeDefinition definition, Entries entries)
    {
        var reader = new TokenizerReader(document, node => models.Resolve(document, node));
        return definition with { Tokenizer = reader.Read(entries), ChatTemplate = reader.ReadTemplate(entries) };
    }

    private IReadOnlyList<string> Patterns(Entries entries, string key) =>
        Given(entries, key) is { } node ? document.Scalars(node, $"'{key}'") : [];

    private DType? OutputType(Entries entries)
    {
        DType? type = Type(entries, "dtype");
        return Type(entries, "out_dtype") ?? type;
    }

    private DType? Type(Entries entries, string key)
    {
        if (Given(entries, key) is not { } node)
            return null;
        string text = document.Scalar(node, $"'{key}'");
        return DTypes.TryParse(text, out DType type)
            ? type
            : throw document.Error(node, $"'{key}' is {Text.Quote(text)}; it takes float32, bfloat16, float16 or float64", CabsError.ParameterInvalid, key);
    }

    private bool SkipsMissing(Entries entries)
    {
        if (Given(entries, "missing") is not { } node)
            return false;
        return document.Scalar(node, "'missing'") switch
        {
            "skip" => true,
            "error" => false,
            var other => throw document.Error(node, $"'missing' is {Text.Quote(other)}; it takes skip or error", CabsError.ParameterInvalid, "missing"),
        };
    }

    private static YamlNode? Given(Entries entries, string key) =>
        entries.TryGetValue(key, out var entry) && !RecipeDocument.IsNull(entry.Value) ? entry.Value : null;
}
