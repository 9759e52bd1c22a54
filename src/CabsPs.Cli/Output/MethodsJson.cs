using System.Text.Json;
using CabsPs.Engine.Merging;

namespace CabsPs.Cli.Output;

/// <summary>Merge methods for a program.</summary>
internal static class MethodsJson
{
    /// <summary>Writes one method, or all of them.</summary>
    public static void Write(Streams streams, MergeMethod? method) => Json.Write(streams, json =>
    {
        if (method is null)
            json.Objects("methods", MethodCatalog.All, m => Write(json, m));
        else
            Write(json, method);
    });

    private static void Write(Utf8JsonWriter json, MergeMethod method)
    {
        json.WriteString("name", method.Name);
        json.WriteString("summary", method.Summary);
        json.WriteString("formula", method.Formula);
        json.WriteString("source", method.Source);
        json.WriteString("base", MethodsReport.Of(method.BaseRule));
        json.WriteStartObject("models");
        json.WriteNumber("minimum", method.InputCount.Minimum);
        if (method.InputCount.Maximum < int.MaxValue)
            json.WriteNumber("maximum", method.InputCount.Maximum);
        else
            json.WriteNull("maximum");
        json.WriteEndObject();
        json.Objects("parameters", method.Parameters, p =>
        {
            json.WriteString("name", p.Name);
            json.WriteString("kind", JsonNamingPolicy.CamelCase.ConvertName(p.Kind.ToString()));
            json.WriteString("scope", p.Scope == ParameterScope.Model ? "model" : "merge");
            json.WriteBoolean("required", p.Default is null);
            Default(json, p.Default);
            Limit(json, "minimum", p.Minimum);
            Limit(json, "maximum", p.Maximum);
            json.Strings("words", p.Words);
            json.WriteString("description", p.Description);
        });
    }

    private static void Default(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case double number:
                json.Number("default", number);
                break;
            case bool flag:
                json.WriteBoolean("default", flag);
                break;
            case string word:
                json.WriteString("default", word);
                break;
            default:
                json.WriteNull("default");
                break;
        }
    }

    private static void Limit(Utf8JsonWriter json, string name, double limit)
    {
        if (double.IsFinite(limit))
            json.WriteNumber(name, limit);
        else
            json.WriteNull(name);
    }
}
