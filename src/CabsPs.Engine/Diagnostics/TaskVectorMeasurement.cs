using System.Diagnostics;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Diagnostics;

/// <summary>Measures what a merge would keep of its task vectors and how they meet, for any sparsifier, without writing anything. The models are
/// streamed as a merge streams them: one pass, and before it those that the masks themselves need. Figures are the same bits with any number of
/// threads.</summary>
public sealed class TaskVectorMeasurement
{
    private readonly MergeDefinition _definition;
    private readonly MergePlan _plan;
    private readonly MeasuringMethod _method;
    private readonly MergeRun _run;
    private readonly long _bytes;

    private TaskVectorMeasurement(MergeDefinition definition, MergePlan plan, MeasuringMethod method)
    {
        (_definition, _plan, _method) = (definition, plan, method);
        _run = new MergeRun(plan);
        _bytes = ReadingMethod.BytesToRead(plan);
    }

    /// <summary>How far it is; may be asked from any thread at any time.</summary>
    public MergeProgress Progress => _run.Progress with { BytesTotal = _bytes };

    /// <summary>What the user may not have meant.</summary>
    public IReadOnlyList<string> Warnings => _plan.Warnings;

    /// <summary>Opens the models.</summary>
    /// <param name="definition">A merge, of a recipe or of task vectors. The method's weights and what it does where terms meet do not matter.</param>
    /// <param name="options">Threads and memory.</param>
    /// <param name="blockLength">Over blocks of how many weights balance is looked at; null for m with CABS and 256 otherwise.</param>
    /// <param name="cancel">Stops the planning.</param>
    /// <exception cref="CabsException">There is no base, a model cannot be read, or the models do not fit together.</exception>
    public static TaskVectorMeasurement Create(MergeDefinition definition, MergeOptions options, int? blockLength = null, CancellationToken cancel = default)
    {
        var method = new MeasuringMethod(blockLength);
        return new TaskVectorMeasurement(definition, MergePlanner.Plan(method.Replace(definition), options, cancel), method);
    }

    /// <summary>Measures.</summary>
    /// <param name="cancel">Stops within a piece.</param>
    /// <exception cref="CabsException">An input cannot be read, or holds NaN or infinity.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public MeasureResult Execute(CancellationToken cancel = default)
    {
        _run.MeasureOnly(cancel);
        string[] names = [.. _definition.Inputs.Select(i => i.Name)];
        var parts = new MeasuredParts(names, _plan.Model.Layers);
        foreach (TensorPlan tensor in _plan.Tensors)
        {
            if (_method.Find(tensor.Output.Name) is { } found)
                parts.Add(tensor.Output.Name, found);
        }

        IReadOnlyList<MeasuredPart> layers = parts.Layers;
        MeasuredPart total = parts.Total(layers);
        MergeProgress end = _run.Progress;
        return new MeasureResult
        {
            BasePath = (_plan.Base ?? _plan.Donor).Path,
            Method = _definition.Method is Merging.Methods.TaskArithmetic { Sparsifier: null } && _definition.Origin is null ? null : _definition.Method.Name,
            Vectors = [.. total.Vectors.Select(v => v.Name)],
            Sparsifications = [.. total.Vectors.Select(v => Sparsifications.Describe(_definition, Array.IndexOf(names, v.Name)))],
            Total = total,
            Layers = layers,
            Tensors = parts.Tensors,
            LeftOut = _plan.LeftOut,
            Warnings = _plan.Warnings,
            Duration = end.Elapsed,
            BytesRead = end.BytesDone,
            PeakMemory = Process.GetCurrentProcess().PeakWorkingSet64,
            Threads = _plan.Memory.Threads,
        };
    }
}

/// <summary>Says how vectors of a merge are sparsified.</summary>
internal static class Sparsifications
{
    /// <summary>A few words on one vector; null where it is dense.</summary>
    public static string? Describe(MergeDefinition definition, int vector)
    {
        if (definition.Groups.FirstOrDefault(g => g.Members.Contains(vector)) is not { } group)
            return null;
        ParameterSet[] levels = group.Parameters is { } own ? [own] : [definition.Inputs[vector].Parameters, definition.Parameters];
        var known = new Dictionary<string, IReadOnlyList<ParameterCondition>>(StringComparer.Ordinal);
        foreach (string name in group.Sparsifier.Parameters.Select(p => p.Name))
        {
            if (levels.Select(l => l.Conditions(name)).FirstOrDefault(c => c.Count > 0) is { } conditions)
                known.Add(name, conditions);
        }

        bool varies = known.Values.Any(c => c.Count > 1 || c[0].Values.Count > 1 || c[0].Filter is not null) || (group.Parameters is null && definition.Modules.Count > 0);
        return group.Sparsifier.Describe(new ParameterSet(known)) + (varies ? ", not everywhere the same" : string.Empty);
    }
}
