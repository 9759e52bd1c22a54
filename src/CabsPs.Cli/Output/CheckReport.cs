using CabsPs.Engine;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;

namespace CabsPs.Cli.Output;

/// <summary>What a check of a recipe found.</summary>
internal static class CheckReport
{
    private const int ShownProblems = 40;

    /// <summary>Writes it for a person: problems and warnings as messages, costs as data.</summary>
    public static void Write(Streams streams, RecipeReport found)
    {
        foreach (string warning in found.Warnings)
            streams.Message($"warning: {warning}");
        foreach (CabsException problem in found.Problems.Take(ShownProblems))
            streams.Message($"error: {problem.Message}");
        if (found.Problems.Count > ShownProblems)
            streams.Message($"error: … and {found.Problems.Count - ShownProblems} more; --json lists all");
        var report = new Report();
        var steps = new Table("result", "method", ">models", ">tensors", ">merged", ">size", ">memory");
        foreach (RecipeStep step in found.Steps)
        {
            MergePlan plan = step.Plan;
            steps.Add(step.Name ?? "(result)", plan.Definition.Method.Name, $"{plan.Models.Count}", $"{plan.Tensors.Count}", $"{plan.Tensors.Count(t => t.Action == TensorAction.Merge)}", Text.Bytes(plan.OutputFiles.Sum(f => f.ByteLength)), Text.Bytes(plan.Memory.ExpectedBytes));
        }

        report.Add(steps);
        var costs = new Table();
        if (found.Steps.Count > 0)
        {
            costs.Add("to read", Text.Bytes(found.BytesToRead));
            costs.Add("disk needed", Text.Bytes(found.DiskNeeded));
            costs.Add("disk free", found.DiskFree is { } free ? Text.Bytes(free) : "unknown");
            costs.Add("memory", $"about {Text.Bytes(found.Memory)}");
            if (found.Time is { } time)
                costs.Add("time", $"about {Text.Time(time)}, if writing is as fast as reading");
        }

        report.Add(costs);
        report.Add(found.Problems.Count == 0 ? "The recipe can run." : $"{Words.Of(found.Problems.Count, "problem")}; the recipe cannot run.");
        report.WriteTo(streams);
    }

    /// <summary>Writes it for a program.</summary>
    public static void WriteJson(Streams streams, RecipeReport found) => Json.Write(streams, json =>
    {
        json.WriteBoolean("ok", found.Problems.Count == 0);
        json.Objects("problems", found.Problems, problem =>
        {
            json.WriteString("error", problem.Error.ToString());
            json.WriteString("message", problem.Message);
            json.WriteString("target", problem.Target?.ToString());
        });
        json.Strings("warnings", found.Warnings);
        json.Objects("results", found.Steps, step =>
        {
            json.WriteString("name", step.Name);
            json.WriteString("method", step.Plan.Definition.Method.Name);
            json.Strings("models", step.Plan.Models.Select(m => m.Path));
            json.WriteNumber("tensors", step.Plan.Tensors.Count);
            json.WriteNumber("parameters", step.Plan.Tensors.Sum(t => t.Output.Count));
            json.WriteNumber("bytes", step.Plan.OutputFiles.Sum(f => f.ByteLength));
            json.WriteNumber("expectedMemory", step.Plan.Memory.ExpectedBytes);
        });
        json.WriteNumber("bytesToRead", found.BytesToRead);
        json.WriteNumber("diskNeeded", found.DiskNeeded);
        if (found.DiskFree is { } free)
            json.WriteNumber("diskFree", free);
        json.WriteNumber("expectedMemory", found.Memory);
        if (found.Time is { } time)
            json.WriteNumber("estimatedSeconds", Math.Round(time.TotalSeconds, 3));
    });
}
