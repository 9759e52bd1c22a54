using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Reports;

/// <summary>A merge as a report tells it: what was or will be done, and what came of it.</summary>
/// <param name="Name">What the report calls it.</param>
/// <param name="Method">The method's name.</param>
public sealed record ReportMerge(string Name, string Method)
{
    /// <summary>The method in a sentence; empty where this version does not know it.</summary>
    public string Summary { get; init; } = string.Empty;

    /// <summary>What the method computes.</summary>
    public string Formula { get; init; } = string.Empty;

    /// <summary>Where the formula comes from.</summary>
    public string Source { get; init; } = string.Empty;

    /// <summary>The models read, the base first.</summary>
    public IReadOnlyList<ReportModel> Models { get; init; } = [];

    /// <summary>Names of the parameters that a model may have a value of its own for.</summary>
    public IReadOnlyList<string> ValueNames { get; init; } = [];

    /// <summary>The models that were merged, in their order, and their values.</summary>
    public IReadOnlyList<(string Model, IReadOnlyList<string> Values)> Values { get; init; } = [];

    /// <summary>Parameters and values of the merge as a whole.</summary>
    public IReadOnlyList<(string Name, string Value)> Facts { get; init; } = [];

    /// <summary>The result's tensors.</summary>
    public IReadOnlyList<ReportTensor> Tensors { get; init; } = [];

    /// <summary>Tensors of experts that do not reach the result.</summary>
    public IReadOnlyList<LeftOutTensor> LeftOut { get; init; } = [];

    /// <summary>What the user may not have meant.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Per task vector its weight and what was kept; empty before the merge ran.</summary>
    public IReadOnlyList<VectorSummary> Vectors { get; init; } = [];

    /// <summary>The overlap of every pair of masks; empty before the merge ran.</summary>
    public IReadOnlyList<PairSummary> Overlaps { get; init; } = [];

    /// <summary>The result's files.</summary>
    public IReadOnlyList<OutputFile> Files { get; init; } = [];

    /// <summary>The result's folder; null before the merge ran.</summary>
    public string? Path { get; init; }

    /// <summary>What it cost or would cost; null where that is not known.</summary>
    public ReportCost? Cost { get; init; }

    /// <summary>A merge that ran.</summary>
    public static ReportMerge Of(MergeResult result) => Of(System.IO.Path.GetFileName(result.Path), result.Plan) with
    {
        Vectors = result.Vectors,
        Overlaps = result.Overlaps,
        Files = [.. result.Files.Select(f => new OutputFile(System.IO.Path.GetFileName(f.Path), f.ByteLength))],
        Path = result.Path,
        Cost = new ReportCost(result.BytesRead, result.BytesWritten, result.Threads) { Duration = result.Duration, PeakMemory = result.PeakMemory, Buffers = result.Plan.Memory.ExpectedBytes },
    };

    /// <summary>A merge that is planned.</summary>
    /// <param name="name">What the report calls it.</param>
    /// <param name="plan">What it does.</param>
    public static ReportMerge Of(string name, MergePlan plan)
    {
        MergeDefinition definition = plan.Definition;
        MergeMethod method = definition.Method;
        // with slices, values stand with the slices' sources
        MethodParameter[] own = [.. method.Parameters.Where(p => p.Scope == ParameterScope.Model && definition.Modules.Count == 0)];
        return new ReportMerge(name, method.Name)
        {
            Summary = method.Summary,
            Formula = method.Formula,
            Source = method.Source,
            Models = [.. plan.Models.OrderBy(m => !ReferenceEquals(m, plan.Base)).Select(m => ReportModel.Of(m, ReferenceEquals(m, plan.Base)))],
            ValueNames = [.. own.Select(p => p.Name)],
            Values = [.. definition.Inputs.Where(i => i.Contributes).Select(i => (i.Name, (IReadOnlyList<string>)[.. own.Select(p => ParameterText.Of(definition, p, i))]))],
            Facts = [.. FactsOf(definition)],
            Tensors = [.. plan.Tensors.Select(t => new ReportTensor(t.Output.Name, t.Action, t.Output.Type.ToString(), string.Join("+", t.Sources.Select(i => i.Type).Distinct()), t.Output.Shape, t.Output.Count))],
            LeftOut = plan.LeftOut,
            Warnings = plan.Warnings,
            Files = plan.OutputFiles,
            Cost = new ReportCost(plan.BytesToRead, plan.Layout.TensorBytes, plan.Memory.Threads) { Buffers = plan.Memory.ExpectedBytes },
        };
    }

    private static IEnumerable<(string, string)> FactsOf(MergeDefinition definition)
    {
        foreach (MethodParameter parameter in definition.Method.Parameters.Where(p => p.Scope == ParameterScope.Global))
            yield return (parameter.Name, ParameterText.Of(definition, parameter));
        foreach (SparsifierGroup group in definition.Groups.Where(g => g.Parameters is not null))
            yield return ("sparsified", $"{group.Sparsifier.Describe(group.Parameters!)}: {string.Join(", ", group.Members.Select(m => definition.Inputs[m].Name))}");
        foreach (PostStep step in definition.Post)
            yield return ("then", ParameterText.Of(step));
        if (definition.Include.Count > 0)
            yield return ("include", string.Join(", ", definition.Include));
        if (definition.Exclude.Count > 0)
            yield return ("exclude", string.Join(", ", definition.Exclude));
        if (definition.OutputType is { } type)
            yield return ("stored as", type.ToString());
        if (definition.Seed != 0)
            yield return ("seed", $"{definition.Seed}");
    }
}

/// <summary>A model that a merge reads.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsBase">Whether it is the base.</param>
/// <param name="Path">Its full path.</param>
public sealed record ReportModel(string Name, bool IsBase, string Path)
{
    /// <summary>Its architecture; null where it is not known.</summary>
    public string? Architecture { get; init; }

    /// <summary>The type that most weights have; null where it is not known.</summary>
    public string? Type { get; init; }

    /// <summary>Tensors, weights and bytes; null where they are not known.</summary>
    public (int Tensors, long Parameters, long Bytes)? Size { get; init; }

    /// <summary>An open model.</summary>
    internal static ReportModel Of(Checkpoint model, bool isBase) => new(model.Name, isBase, model.Path)
    {
        Architecture = model.Config?.Architecture ?? model.Config?.ModelType,
        Type = model.MainType?.ToString(),
        Size = (model.Tensors.Count, model.ParameterCount, model.ByteLength),
    };
}

/// <summary>A tensor of the result.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Action">What happens to it.</param>
/// <param name="Type">What it is stored as.</param>
/// <param name="From">The types of its inputs; empty where they are not known.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Count">Weights.</param>
public sealed record ReportTensor(string Name, TensorAction Action, string Type, string From, IReadOnlyList<long> Shape, long Count);

/// <summary>What a merge cost, or would cost.</summary>
/// <param name="BytesRead">Bytes read.</param>
/// <param name="BytesWritten">Bytes of tensors written.</param>
/// <param name="Threads">Threads.</param>
public sealed record ReportCost(long BytesRead, long BytesWritten, int Threads)
{
    /// <summary>Wall time; null before the merge ran.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>The process's largest resident size, in bytes; null before the merge ran.</summary>
    public long? PeakMemory { get; init; }

    /// <summary>What buffers were expected to take, in bytes.</summary>
    public long Buffers { get; init; }
}
