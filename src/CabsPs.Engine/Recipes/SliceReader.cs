using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using YamlDotNet.RepresentationModel;
using Entries = System.Collections.Generic.IReadOnlyDictionary<string, (YamlDotNet.RepresentationModel.YamlNode Key, YamlDotNet.RepresentationModel.YamlNode Value)>;

namespace CabsPs.Engine.Recipes;

/// <summary>Reads what a recipe merges: <c>models</c>, <c>slices</c> and <c>modules</c>.</summary>
internal sealed class SliceReader(RecipeDocument document, MergeMethod method, string? basePath, ModelResolver models, ParameterReader parameters, Problems problems)
{
    private static readonly string[] s_modelKeys = ["model", "parameters"];
    private static readonly string[] s_sourceKeys = ["model", "layer_range", "parameters"];
    private static readonly string[] s_sliceKeys = ["sources", "base_model", "parameters", "residual_weight"];
    private static readonly string[] s_moduleKeys = ["models", "slices", "parameters"];

    /// <summary>Reads <c>models</c>: one slice of whole models. A base that is not listed takes part as the last model where the
    /// method treats it like the others.</summary>
    public MergeSlice Whole(YamlNode node)
    {
        List<ModelInput> found = Inputs(node, "models", s_modelKeys, basePath);
        if (method.BaseRule == BaseRule.Ignored && basePath is not null && !found.Any(f => models.AreSame(f.Path, basePath)))
            found.Add(new ModelInput(ModelPaths.Names([basePath])[0], basePath, ParameterSet.Empty) { Origin = document.At(node) });
        return new MergeSlice(found) { BasePath = basePath, Origin = document.At(node) };
    }

    /// <summary>Reads <c>slices</c>.</summary>
    public IReadOnlyList<MergeSlice> Slices(YamlNode node)
    {
        var slices = new List<MergeSlice>();
        bool complete = true;
        foreach (YamlNode item in Items(node, "slices"))
            complete &= problems.Attempt(() => slices.Add(Slice(item)));
        return complete ? slices : throw new IncompleteException();
    }

    /// <summary>Reads <c>modules</c>.</summary>
    public IReadOnlyList<MergeModule> Modules(YamlNode node)
    {
        Entries entries = document.Entries(node, "'modules'");
        if (entries.Count == 0)
            throw document.Error(node, "'modules' names none", key: "modules");
        return [.. entries.Select(e => Module(e.Key, e.Value.Key, e.Value.Value))];
    }

    private MergeModule Module(string name, YamlNode key, YamlNode node)
    {
        Entries entries = document.Entries(node, $"module {Text.Quote(name)}");
        document.CheckKeys(entries, s_moduleKeys, $"module {Text.Quote(name)}");
        bool whole = entries.ContainsKey("models");
        if (whole == entries.ContainsKey("slices"))
            throw document.Error(key, $"module {Text.Quote(name)} takes one of 'models' and 'slices'", key: name);
        return new MergeModule(name, whole ? [Whole(entries["models"].Value)] : Slices(entries["slices"].Value))
        {
            Parameters = parameters.ReadAt(entries, underModel: false),
            Origin = document.At(key),
        };
    }

    private MergeSlice Slice(YamlNode node)
    {
        Entries entries = document.Entries(node, "an entry of 'slices'");
        document.CheckKeys(entries, s_sliceKeys, "an entry of 'slices'");
        if (entries.TryGetValue("residual_weight", out var residual))
            document.Warn(residual.Key, "'residual_weight' has no effect");
        if (!entries.TryGetValue("sources", out var list))
            throw document.Error(node, "an entry of 'slices' has no 'sources'", key: "sources");
        string? own = entries.TryGetValue("base_model", out var given) && !RecipeDocument.IsNull(given.Value) ? models.Resolve(document, given.Value) : basePath;
        List<ModelInput> sources = Inputs(list.Value, "sources", s_sourceKeys, own);
        foreach (ModelInput source in sources)
        {
            if (source.Layers!.Value.Count != sources[0].Layers!.Value.Count)
                throw new CabsException(CabsError.RecipeInvalid, $"{source.Origin}: {source.Name} gives {source.Layers.Value.Count} layers ({source.Layers}) and {sources[0].Name} gives {sources[0].Layers!.Value.Count} ({sources[0].Layers}); the sources of a slice need the same number", "layer_range");
        }

        if (method.BaseRule != BaseRule.Ignored && own is not null && !sources.Any(s => models.AreSame(s.Path, own)))
            throw document.Error(list.Value, $"the base {own} is no source of this slice; method {method.Name} needs to know which layers of it to use, so list it with its layer_range", key: "sources");
        return new MergeSlice(sources) { BasePath = own, Parameters = parameters.ReadAt(entries, underModel: false), Origin = document.At(node) };
    }

    private List<ModelInput> Inputs(YamlNode node, string what, string[] keys, string? own)
    {
        var found = new List<ModelInput>();
        bool complete = true;
        foreach (YamlNode item in Items(node, what))
        {
            complete &= problems.Attempt(() =>
            {
                ModelInput input = Input(item, what, keys, own);
                if (found.Any(f => models.AreSame(f.Path, input.Path)))
                    throw new CabsException(CabsError.DuplicateModel, $"{input.Origin}: model {input.Path} stands twice in '{what}'; give it one entry{(what == "sources" ? ", or a slice of its own" : string.Empty)}", input.Path);
                found.Add(input);
            });
        }

        return complete ? found : throw new IncompleteException();
    }

    private ModelInput Input(YamlNode node, string what, string[] keys, string? own)
    {
        Entries entries = document.Entries(node, $"an entry of '{what}'");
        if (entries.Keys.FirstOrDefault(k => !keys.Contains(k) && parameters.Knows(k)) is { } misplaced)
            throw document.Error(entries[misplaced].Key, $"unknown key '{misplaced}' in an entry of '{what}'; parameters of a model stand under its 'parameters'", key: misplaced);
        if (!keys.Contains("layer_range") && entries.TryGetValue("layer_range", out var range))
            throw document.Error(range.Key, "'layer_range' has no place under 'models', which takes whole models; use 'slices'", key: "layer_range");
        document.CheckKeys(entries, keys, $"an entry of '{what}'");
        if (!entries.TryGetValue("model", out var model))
            throw document.Error(node, $"an entry of '{what}' has no 'model'", key: "model");
        string? found = null;
        bool exists = problems.Attempt(() => found = models.Resolve(document, model.Value));
        ParameterSet given = parameters.ReadAt(entries, underModel: true);
        if (!exists)
            throw new IncompleteException();
        string path = found!;
        bool isBase = method.BaseRule != BaseRule.Ignored && own is not null && models.AreSame(path, own);
        if (isBase && entries.TryGetValue("parameters", out var useless))
            document.Warn(useless.Key, $"parameters of the base have no effect with method {method.Name}");
        return new ModelInput(ModelPaths.Names([path])[0], path, isBase ? ParameterSet.Empty : given)
        {
            Layers = keys.Contains("layer_range") ? Range(node, entries) : null,
            Origin = document.At(node),
        };
    }

    private LayerRange Range(YamlNode node, Entries entries)
    {
        if (!entries.TryGetValue("layer_range", out var entry))
            throw document.Error(node, "a source has no 'layer_range'; give [first, end), such as [0, 16] for the first 16 layers", key: "layer_range");
        if (entry.Value is not YamlSequenceNode { Children: [YamlScalarNode first, YamlScalarNode end] } || Layer(first) is not { } from || Layer(end) is not { } to)
            throw document.Error(entry.Value, "'layer_range' must be two whole numbers: [first, end)", CabsError.ParameterInvalid, "layer_range");
        return from < to
            ? new LayerRange(from, to)
            : throw document.Error(entry.Value, $"'layer_range' [{from}, {to}] holds no layer; the end is not part of it and must be larger", CabsError.ParameterInvalid, "layer_range");
    }

    private static int? Layer(YamlScalarNode node)
    {
        double? number = YamlScalar.Value(node) is double value ? value
            : node.Value is { } text && int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int parsed) ? parsed : null;
        return number is >= 0 and <= int.MaxValue && number == Math.Floor(number.Value) ? (int)number.Value : null;
    }

    private IEnumerable<YamlNode> Items(YamlNode node, string what) =>
        node is YamlSequenceNode { Children.Count: > 0 } list ? list.Children : throw document.Error(node, $"'{what}' must be a list with at least one entry", key: what);
}
