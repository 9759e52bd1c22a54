using CabsPs.Engine.Merging;
using YamlDotNet.RepresentationModel;

namespace CabsPs.Engine.Recipes;

/// <summary>Reads <c>parameters</c> mappings: plain values, gradients over the layers, and values under a filter, as mergekit
/// writes them. What a value may be follows from the methods' declarations.</summary>
/// <param name="document">The recipe.</param>
/// <param name="method">Its method.</param>
/// <param name="resolvePath">The full path of a file that a value names.</param>
/// <param name="problems">Collects what is wrong.</param>
internal sealed class ParameterReader(RecipeDocument document, MergeMethod method, Func<YamlNode, string> resolvePath, Problems problems)
{
    // parameters of mergekit's methods; harmless where another method does not use them
    private static readonly string[] s_elsewhere =
    [
        "weight", "density", "normalize", "rescale", "lambda", "int8_mask", "gamma", "epsilon", "t", "eps", "max_iter", "tol", "scale", "r", "alpha",
        "select_topk", "filter_wise", "normalize_weights", "nuslerp_row_wise", "nuslerp_flatten",
    ];

    /// <summary>Whether the method has a parameter of this name.</summary>
    public bool Knows(string name) => method.Parameters.Any(p => p.Name == name);

    /// <summary>Reads the <c>parameters</c> among some entries; none where there are none.</summary>
    public ParameterSet ReadAt(IReadOnlyDictionary<string, (YamlNode Key, YamlNode Value)> entries, bool underModel) =>
        entries.TryGetValue("parameters", out var given) && !RecipeDocument.IsNull(given.Value) ? Read(given.Value, underModel) : ParameterSet.Empty;

    /// <summary>Reads one mapping.</summary>
    /// <param name="node">The mapping.</param>
    /// <param name="underModel">True under a model, where what applies to the whole merge has no effect.</param>
    public ParameterSet Read(YamlNode node, bool underModel)
    {
        var values = new Dictionary<string, IReadOnlyList<ParameterCondition>>(StringComparer.Ordinal);
        foreach ((string name, (YamlNode key, YamlNode value)) in document.Entries(node, "'parameters'"))
            problems.Attempt(() => Read(name, key, value, underModel, values));
        return new ParameterSet(values);
    }

    private void Read(string name, YamlNode key, YamlNode value, bool underModel, Dictionary<string, IReadOnlyList<ParameterCondition>> values)
    {
        MethodParameter? parameter = method.Parameters.FirstOrDefault(p => p.Name == name);
        if (parameter is null)
        {
            if (!s_elsewhere.Contains(name) && !MethodCatalog.All.Any(m => m.Parameters.Any(p => p.Name == name)))
                throw document.Error(key, $"unknown parameter {Text.Quote(name)} of method {method.Name}{Suggestion.Hint(name, method.Parameters.Select(p => p.Name))}", key: name);
            document.Warn(key, $"'{name}' has no effect with method {method.Name}{(name.Length > 3 ? Suggestion.Hint(name, method.Parameters.Select(p => p.Name)) : string.Empty)}");
        }
        else if (underModel && parameter.Scope == ParameterScope.Global)
        {
            document.Warn(key, $"'{name}' has no effect under a model; it applies to the whole merge and belongs under the top-level 'parameters'");
        }
        else if (Conditions(parameter, value) is { Count: > 0 } conditions)
        {
            values.Add(name, conditions);
        }
    }

    private IReadOnlyList<ParameterCondition> Conditions(MethodParameter parameter, YamlNode node) => node switch
    {
        _ when parameter.Kind == ParameterKind.TensorNames => [new ParameterCondition(null, [new TensorNames(document.Scalars(node, $"'{parameter.Name}'"))])],
        YamlSequenceNode { Children.Count: 0 } => [],
        YamlMappingNode => [Condition(parameter, node)],
        YamlSequenceNode list when list.Children.All(c => c is YamlMappingNode) => [.. list.Select(c => Condition(parameter, c))],
        YamlSequenceNode list when list.Children.All(c => c is YamlScalarNode) => [new ParameterCondition(null, Values(parameter, list))],
        YamlSequenceNode => throw document.Error(node, $"'{parameter.Name}' mixes values and {{filter, value}} entries; use one kind", key: parameter.Name),
        _ => [new ParameterCondition(null, Values(parameter, node))],
    };

    private ParameterCondition Condition(MethodParameter parameter, YamlNode node)
    {
        string? filter = null;
        YamlNode? value = null;
        foreach ((string name, (YamlNode key, YamlNode entry)) in document.Entries(node, $"an entry of '{parameter.Name}'"))
        {
            if (name == "filter")
                filter = RecipeDocument.IsNull(entry) ? null : Filter(entry);
            else if (name == "value")
                value = entry;
            else
                throw document.Error(key, $"unknown key '{name}' in an entry of '{parameter.Name}'; it takes 'filter' and 'value'", key: name);
        }

        if (value is null)
            throw document.Error(node, $"an entry of '{parameter.Name}' has no 'value'", key: parameter.Name);
        return new ParameterCondition(filter, Values(parameter, value));
    }

    private string Filter(YamlNode node) => node is YamlScalarNode scalar && YamlScalar.Value(scalar) is string text
        ? text
        : throw document.Error(node, "a 'filter' is one text, a part of tensor names; put a number or a word such as yes in quotes, and give several filters as several entries", key: "filter");

    private List<object> Values(MethodParameter parameter, YamlNode node)
    {
        if (node is YamlSequenceNode { Children.Count: 0 })
            throw document.Error(node, $"the list for '{parameter.Name}' is empty", key: parameter.Name);
        var values = new List<object>();
        foreach (YamlNode item in node is YamlSequenceNode list ? list.Children : [node])
        {
            if (item is not YamlScalarNode given || YamlScalar.Value(given, parameter) is not { } value)
                throw document.Error(item, $"'{parameter.Name}' is {(item is YamlScalarNode scalar ? Text.Quote(scalar.Value ?? string.Empty) : "nested")}; it takes {parameter.Expectation}", CabsError.ParameterInvalid, parameter.Name);
            values.Add(parameter.Kind == ParameterKind.Path ? resolvePath(item) : value);
        }

        return values;
    }
}
