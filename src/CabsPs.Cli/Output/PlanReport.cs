using CabsPs.Engine;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Cli.Output;

/// <summary>A plan for a person: <c>cabs merge --dry-run</c>.</summary>
internal static class PlanReport
{
    private const int ShownLines = 60;

    /// <summary>Writes the plan.</summary>
    public static void Write(Streams streams, MergePlan plan, string? destination, string? name = null)
    {
        MergeDefinition definition = plan.Definition;
        var report = new Report();
        var facts = new Table();
        if (name is not null)
            facts.Add("document", name);
        facts.Add("method", $"{definition.Method.Name}: {definition.Method.Summary}");
        facts.Add(plan.Base is null ? "config" : "base", Describe(plan.Donor));
        if (destination is not null)
            facts.Add("output", Path.GetFullPath(destination));
        string parameters = string.Join(", ", definition.Method.Parameters.Where(p => p.Scope == ParameterScope.Global).Select(p => $"{p.Name} {ParameterText.Of(definition, p)}"));
        if (parameters.Length > 0)
            facts.Add("parameters", parameters);
        if (definition.Post.Count > 0)
            facts.Add("then", string.Join(", ", definition.Post.Select(ParameterText.Of)));
        if (definition.Include.Count > 0)
            facts.Add("include", string.Join(", ", definition.Include));
        if (definition.Exclude.Count > 0)
            facts.Add("exclude", string.Join(", ", definition.Exclude));
        report.Add(facts);
        report.Add(Experts(plan));
        report.Add(Slices(definition));
        AddTensors(report, plan);
        report.Add(Files(plan));
        report.Add(Costs(plan));
        report.Add("Dry run: nothing was written.");
        report.WriteTo(streams);
    }

    private static string Describe(Checkpoint model) =>
        $"{model.Path} ({string.Join(", ", new[] { model.Config?.Architecture ?? model.Config?.ModelType, model.MainType?.ToString(), $"{Text.Count(model.ParameterCount)} parameters" }.OfType<string>())})";

    private static Table Experts(MergePlan plan)
    {
        // with slices, values stand with the slices' sources
        MethodParameter[] parameters = [.. plan.Definition.Method.Parameters.Where(p => p.Scope == ParameterScope.Model && plan.Definition.Modules.Count == 0)];
        var table = new Table(["expert", .. parameters.Select(p => $">{p.Name}"), "type", "model"]);
        for (int i = 0; i < plan.Inputs.Count; i++)
        {
            ModelInput input = plan.Definition.Inputs[i];
            table.Add([input.Name, .. parameters.Select(p => ParameterText.Of(plan.Definition, p, input)), plan.Inputs[i].MainType?.ToString() ?? "-", input.Path]);
        }

        return table;
    }

    private static Table Slices(MergeDefinition definition)
    {
        var table = new Table("module", ">slice", "layers of");
        foreach (MergeModule module in definition.Modules)
        {
            for (int i = 0; i < module.Slices.Count; i++)
                table.Add(module.Name ?? "-", $"{i + 1}", string.Join(" + ", module.Slices[i].Sources.Select(s => $"{s.Name}{(s.Layers is { } layers ? $" {layers}" : string.Empty)}")));
        }

        return table;
    }

    private static void AddTensors(Report report, MergePlan plan)
    {
        var table = new Table("tensor", "action", "type", "shape", ">tensors");
        var lines = TensorFolding.Fold(plan.Tensors.Select(t => (t.Output.Name, new[] { Words.Of(t.Action), Types(t), t.Source.ShapeText }))).ToList();
        foreach ((string name, string[] facts, int count) in lines.Take(ShownLines))
            table.Add([name, .. facts, $"{count}"]);
        report.Add(table);
        if (lines.Count > ShownLines)
            report.Add($"… and {lines.Count - ShownLines} more lines; --json lists all tensors");
        string actions = string.Join(", ", plan.Tensors.GroupBy(t => t.Action).OrderBy(g => g.Key).Select(g => $"{Words.Of(g.Key)} {g.Count()}"));
        report.Add($"{Words.Of(plan.Tensors.Count, "tensor")}: {actions}; left out {plan.LeftOut.Count}; {Text.Count(plan.Tensors.Sum(t => t.Output.Count))} parameters");
        foreach (LeftOutTensor left in plan.LeftOut.Take(ShownLines))
            report.Add($"left out of {left.Model}: {left.Tensor}; {left.Reason}");
        if (plan.LeftOut.Count > ShownLines)
            report.Add($"… and {plan.LeftOut.Count - ShownLines} more left out; --json lists all");
    }

    private static string Types(TensorPlan tensor)
    {
        IEnumerable<DType> read = tensor.Sources.Select(i => i.Type).Distinct();
        string from = string.Join("+", read);
        return from == tensor.Output.Type.ToString() ? from : $"{from} to {tensor.Output.Type}";
    }

    private static Table Files(MergePlan plan)
    {
        var table = new Table("file", ">size");
        foreach (OutputFile file in plan.OutputFiles)
            table.Add(file.Name, Text.Bytes(file.ByteLength));
        return table;
    }

    private static Table Costs(MergePlan plan)
    {
        var facts = new Table();
        facts.Add("to read", Text.Bytes(plan.BytesToRead));
        facts.Add("to write", Text.Bytes(plan.OutputFiles.Sum(f => f.ByteLength)));
        facts.Add("memory", $"about {Text.Bytes(plan.Memory.ExpectedBytes)}");
        facts.Add("threads", $"{plan.Memory.Threads}");
        foreach (string warning in plan.Warnings)
            facts.Add("warning", warning);
        return facts;
    }
}
