using System.Text.Json;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;

namespace CabsPs.Cli.Output;

/// <summary>A plan for a program: <c>cabs merge --dry-run --json</c>.</summary>
internal static class PlanJson
{
    /// <summary>Writes the plans of a recipe: of one merge its members, of several a list.</summary>
    public static void Write(Streams streams, IReadOnlyList<RecipeStep> steps, Func<RecipeStep, string?> destination) => Json.Write(streams, json =>
    {
        json.WriteBoolean("dryRun", true);
        if (steps is [var only])
        {
            Write(json, only.Plan, destination(only));
            return;
        }

        json.Objects("plans", steps, step =>
        {
            json.WriteString("name", step.Name);
            Write(json, step.Plan, destination(step));
        });
    });

    private static void Write(Utf8JsonWriter json, MergePlan plan, string? destination)
    {
        MergeDefinition definition = plan.Definition;
        json.WriteString("method", definition.Method.Name);
        json.WriteString("output", destination is null ? null : Path.GetFullPath(destination));
        json.WriteStartObject(plan.Base is null ? "config" : "base");
        json.WriteString("path", plan.Donor.Path);
        json.WriteString("architecture", plan.Donor.Config?.Architecture);
        json.WriteString("dtype", plan.Donor.MainType?.ToString());
        json.WriteNumber("parameters", plan.Donor.ParameterCount);
        json.WriteEndObject();
        json.WriteStartObject("parameters");
        foreach (MethodParameter parameter in definition.Method.Parameters.Where(p => p.Scope == ParameterScope.Global))
            json.WriteString(parameter.Name, ParameterText.Of(definition, parameter));
        json.WriteEndObject();
        json.Objects("experts", definition.Inputs.Zip(plan.Inputs), expert =>
        {
            json.WriteString("name", expert.First.Name);
            json.WriteString("path", expert.First.Path);
            json.WriteString("dtype", expert.Second.MainType?.ToString());
            json.WriteStartObject("parameters");
            foreach (MethodParameter parameter in definition.Method.Parameters.Where(p => p.Scope == ParameterScope.Model))
                json.WriteString(parameter.Name, ParameterText.Of(definition, parameter, expert.First));
            json.WriteEndObject();
        });
        json.Strings("post", definition.Post.Select(ParameterText.Of));
        json.Strings("include", definition.Include);
        json.Strings("exclude", definition.Exclude);
        json.Tensors(plan.Tensors, plan.LeftOut, plan.Warnings);
        json.Objects("files", plan.OutputFiles, file =>
        {
            json.WriteString("name", file.Name);
            json.WriteNumber("bytes", file.ByteLength);
        });
        json.WriteString("dtype", plan.ConfigType?.ToString());
        json.WriteNumber("bytesToRead", plan.BytesToRead);
        json.WriteNumber("bytesToWrite", plan.OutputFiles.Sum(f => f.ByteLength));
        json.WriteNumber("expectedMemory", plan.Memory.ExpectedBytes);
        json.WriteNumber("threads", plan.Memory.Threads);
    }
}
