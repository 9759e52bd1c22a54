using System.Globalization;
using System.Text.Json;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Integrity;

/// <summary>Writes a definition as JSON: all that decides which bytes a merge gives, besides the bytes of its models.</summary>
internal static class PlanText
{
    /// <summary>Writes the members of the plan.</summary>
    public static void Write(Utf8JsonWriter json, MergeDefinition definition)
    {
        json.WriteString("method", definition.Method.Name);
        json.WriteString("base", definition.BasePath);
        List(json, "models", definition.Inputs, input => Write(json, input));
        if (definition.Modules.Count > 0)
            List(json, "modules", definition.Modules, module => Write(json, module));
        Write(json, "parameters", definition.Parameters);
        if (definition.Groups.Count > 0)
            List(json, "groups", definition.Groups, group => Write(json, group));
        if (definition.Post.Count > 0)
        {
            List(json, "post", definition.Post, step =>
            {
                json.WriteString("method", step.Method.Name);
                Write(json, "parameters", step.Parameters);
            });
        }

        Texts(json, "include", definition.Include);
        Texts(json, "exclude", definition.Exclude);
        if (definition.OutputType is { } type)
            json.WriteString("dtype", type.TorchName());
        json.WriteNumber("seed", definition.Seed);
        Flag(json, "skipMissing", definition.SkipMissing);
        Flag(json, "allowNonFinite", definition.AllowNonFinite);
        Flag(json, "truncateEmbeddings", definition.TruncateEmbeddings);
        if (definition.Tokenizer is { } tokenizer)
            Write(json, tokenizer);
        if (definition.ChatTemplate is { } template)
            json.WriteString("chatTemplate", template);
    }

    private static void Write(Utf8JsonWriter json, ModelInput input)
    {
        json.WriteString("name", input.Name);
        json.WriteString("path", input.Path);
        if (input.Layers is { } layers)
            json.WriteString("layers", layers.ToString());
        if (!input.Contributes)
            json.WriteBoolean("masksOnly", true);
        Write(json, "parameters", input.Parameters);
    }

    private static void Write(Utf8JsonWriter json, MergeModule module)
    {
        if (module.Name is { } name)
            json.WriteString("name", name);
        List(json, "slices", module.Slices, slice =>
        {
            json.WriteString("base", slice.BasePath);
            List(json, "sources", slice.Sources, source => Write(json, source));
            Write(json, "parameters", slice.Parameters);
        });
        Write(json, "parameters", module.Parameters);
    }

    private static void Write(Utf8JsonWriter json, SparsifierGroup group)
    {
        json.WriteString("sparsifier", group.Sparsifier.Name);
        json.WriteString("members", string.Join(' ', group.Members));
        if (group.Parameters is { } own)
            Write(json, "parameters", own);
    }

    private static void Write(Utf8JsonWriter json, TokenizerSettings tokenizer)
    {
        json.WriteStartObject("tokenizer");
        json.WriteString("source", tokenizer.SourceModel ?? tokenizer.Source.ToString().ToLowerInvariant());
        json.WriteNumber("padToMultipleOf", tokenizer.PadToMultipleOf);
        List(json, "tokens", tokenizer.Tokens, rule =>
        {
            json.WriteString("token", rule.Token);
            Flag(json, "force", rule.Force);
            if (rule.Source is ModelRow row)
            {
                json.WriteString("model", row.Model);
                json.WriteString("row", row.Id?.ToString(CultureInfo.InvariantCulture) ?? row.Token ?? rule.Token);
            }
        });
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, ParameterSet parameters)
    {
        if (!parameters.Names.Any())
            return;
        json.WriteStartObject(name);
        foreach (string parameter in parameters.Names)
            json.WriteString(parameter, string.Join("; ", parameters.Conditions(parameter).Select(Of)));
        json.WriteEndObject();
    }

    private static string Of(ParameterCondition condition)
    {
        string values = condition.Values.Count == 1 ? Of(condition.Values[0]) : $"[{string.Join(", ", condition.Values.Select(Of))}]";
        return string.IsNullOrEmpty(condition.Filter) || condition.Filter == "*" ? values : $"{values} for {condition.Filter}";
    }

    private static string Of(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty,
    };

    private static void List<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<T> members)
    {
        json.WriteStartArray(name);
        foreach (T item in items)
        {
            json.WriteStartObject();
            members(item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Texts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        if (texts.Count == 0)
            return;
        json.WriteStartArray(name);
        foreach (string text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static void Flag(Utf8JsonWriter json, string name, bool value)
    {
        if (value)
            json.WriteBoolean(name, value);
    }
}
