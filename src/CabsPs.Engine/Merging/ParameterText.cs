using System.Globalization;

namespace CabsPs.Engine.Merging;

/// <summary>Parameter values as people write them in a recipe.</summary>
public static class ParameterText
{
    /// <summary>The values of a parameter for one model, or for the whole merge.</summary>
    public static string Of(MergeDefinition definition, MethodParameter parameter, ModelInput? model = null)
    {
        // the first condition that fits counts, those of the model before those for all, the default last
        var parts = new List<string>();
        IEnumerable<ParameterCondition> own = model?.Parameters.Conditions(parameter.Name) ?? [];
        foreach (ParameterCondition condition in own.Concat(definition.Parameters.Conditions(parameter.Name)))
        {
            bool always = string.IsNullOrEmpty(condition.Filter) || condition.Filter == "*";
            string value = condition.Values.Count == 1 ? Value(condition.Values[0]) : $"[{string.Join(", ", condition.Values.Select(Value))}]";
            parts.Add(always ? value : $"{value} for {condition.Filter}");
            if (always)
                return string.Join(", ", parts);
        }

        if (parameter.Default is { } given and not "")
            parts.Add(Value(given));
        return parts.Count == 0 ? "-" : string.Join(", ", parts);
    }

    /// <summary>A step after the method and its values.</summary>
    public static string Of(PostStep step) =>
        string.Join(' ', [step.Method.Name, .. step.Method.Parameters.Select(p => $"{p.Name} {Value(step.Parameters.Find(p.Name, string.Empty, 0) ?? p.Default ?? "-")}")]);

    /// <summary>One value.</summary>
    public static string Value(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? string.Empty,
    };
}
