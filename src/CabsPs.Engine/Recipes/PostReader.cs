using CabsPs.Engine.Merging;
using YamlDotNet.RepresentationModel;

namespace CabsPs.Engine.Recipes;

/// <summary>Reads a recipe's <c>post</c>: the steps after the method, each a mapping of <c>method</c> and <c>parameters</c>.</summary>
internal static class PostReader
{
    private static readonly string[] s_keys = ["method", "parameters"];

    /// <summary>The steps, in order.</summary>
    /// <param name="document">The recipe.</param>
    /// <param name="entries">Its top-level entries.</param>
    public static IReadOnlyList<PostStep> Read(RecipeDocument document, IReadOnlyDictionary<string, (YamlNode Key, YamlNode Value)> entries)
    {
        if (!entries.TryGetValue("post", out var entry) || RecipeDocument.IsNull(entry.Value))
            return [];
        if (entry.Value is not YamlSequenceNode list)
            throw document.Error(entry.Value, "'post' must be a list of steps, such as [{method: lines, parameters: {alpha: auto, beta: 0.5}}]", key: "post");
        return [.. list.Select(item => Step(document, item))];
    }

    private static PostStep Step(RecipeDocument document, YamlNode node)
    {
        var entries = document.Entries(node, "an entry of 'post'");
        foreach ((string name, (YamlNode key, _)) in entries)
        {
            if (!s_keys.Contains(name))
                throw document.Error(key, $"unknown key {Text.Quote(name)} in an entry of 'post'{Suggestion.Hint(name, s_keys)}", key: name);
        }

        if (!entries.TryGetValue("method", out var method))
            throw document.Error(node, "an entry of 'post' has no 'method'", key: "method");
        string text = document.Scalar(method.Value, "'method'");
        PostMethod step = PostCatalog.Find(text) ?? throw document.Error(method.Value, PostCatalog.Unknown(text), key: "method");
        var values = new Dictionary<string, IReadOnlyList<ParameterCondition>>(StringComparer.Ordinal);
        if (entries.TryGetValue("parameters", out var given) && !RecipeDocument.IsNull(given.Value))
        {
            foreach ((string name, (YamlNode key, YamlNode value)) in document.Entries(given.Value, "'parameters'"))
                values.Add(name, [new ParameterCondition(null, [Value(document, step, name, key, value)])]);
        }

        foreach (MethodParameter parameter in step.Parameters)
        {
            if (parameter.Default is null && !values.ContainsKey(parameter.Name))
                throw document.Error(node, $"step {step.Name} has no '{parameter.Name}'; give {parameter.Expectation}", CabsError.ParameterInvalid, parameter.Name);
        }

        return new PostStep(step, new ParameterSet(values));
    }

    private static object Value(RecipeDocument document, PostMethod step, string name, YamlNode key, YamlNode node)
    {
        MethodParameter parameter = step.Parameters.FirstOrDefault(p => p.Name == name)
            ?? throw document.Error(key, $"unknown parameter {Text.Quote(name)} of step {step.Name}{Suggestion.Hint(name, step.Parameters.Select(p => p.Name))}", key: name);
        string text = document.Scalar(node, $"'{name}'");
        return YamlScalar.Value((YamlScalarNode)node, parameter)
            ?? throw document.Error(node, $"'{name}' is {Text.Quote(text)}; it takes {parameter.Expectation}", CabsError.ParameterInvalid, name);
    }
}
