using CabsPs.Engine.Merging;
using CabsPs.Engine.TaskVectors;

namespace CabsPs.Engine.Diagnostics;

/// <summary>n of every m weights.</summary>
/// <param name="N">Weights kept of a block.</param>
/// <param name="M">Weights of a block.</param>
public readonly record struct BlockShape(int N, int M)
{
    /// <inheritdoc/>
    public override string ToString() => $"{N}:{M}";

    /// <summary>Reads <c>64:256</c>, or a share and a length such as <c>0.25:256</c>, which is rounded to whole weights.</summary>
    public static bool TryParse(string text, out BlockShape shape)
    {
        shape = default;
        System.Globalization.CultureInfo culture = System.Globalization.CultureInfo.InvariantCulture;
        if (text.Split(':') is not [var first, var second]
            || !int.TryParse(second, System.Globalization.NumberStyles.None, culture, out int m) || m < 1 || m > CabsSparsifier.MaxBlockLength)
            return false;
        if (int.TryParse(first, System.Globalization.NumberStyles.None, culture, out int n))
            shape = new BlockShape(n, m);
        else if (double.TryParse(first, System.Globalization.NumberStyles.AllowDecimalPoint, culture, out double share))
            shape = new BlockShape((int)Math.Round(share * m), m);
        return shape.N >= 1 && shape.N <= m;
    }
}

/// <summary>What a study tries.</summary>
public sealed record StudyOptions
{
    /// <summary>The block shapes.</summary>
    public IReadOnlyList<BlockShape> Shapes { get; init; } = [new BlockShape(64, 256)];

    /// <summary>The assignments: sequential, joint, none.</summary>
    public IReadOnlyList<string> Assignments { get; init; } = ["none", "joint", "sequential"];

    /// <summary>How many orders of sequential assignment are tried at most; all where there are no more.</summary>
    public int MaxOrders { get; init; } = 24;

    /// <summary>What a sample of orders starts from.</summary>
    public long Seed { get; init; }

    /// <summary>What an incomplete last block keeps: proportional, drop or keep.</summary>
    public string Tail { get; init; } = "proportional";
}

/// <summary>Compares CABS' assignments and orders over the same task vectors. All settings are computed from one reading of the models; joint
/// assignment needs another one before it.</summary>
public sealed class AssignmentStudy
{
    private readonly MergeDefinition _definition;
    private readonly MergePlan _plan;
    private readonly StudyMethod _method;
    private readonly MergeRun _run;
    private readonly long _bytes;

    private AssignmentStudy(MergeDefinition definition, MergePlan plan, StudyMethod method)
    {
        (_definition, _plan, _method) = (definition, plan, method);
        _run = new MergeRun(plan);
        _bytes = ReadingMethod.BytesToRead(plan);
    }

    /// <summary>How far it is; may be asked from any thread at any time.</summary>
    public MergeProgress Progress => _run.Progress with { BytesTotal = _bytes };

    /// <summary>Opens the models.</summary>
    /// <param name="definition">A merge of a recipe or of task vectors; how it sparsifies does not matter.</param>
    /// <param name="study">What to try.</param>
    /// <param name="options">Threads and memory.</param>
    /// <param name="cancel">Stops the planning.</param>
    /// <exception cref="CabsException">There is no base, a model cannot be read, or a setting cannot be.</exception>
    public static AssignmentStudy Create(MergeDefinition definition, StudyOptions study, MergeOptions options, CancellationToken cancel = default)
    {
        if (study.Shapes.Count == 0 || study.Assignments.Count == 0)
            throw new CabsException(CabsError.ParameterInvalid, "there is nothing to compare; give at least one n:m and one assignment", "shapes");
        if (study.MaxOrders < 1)
            throw new CabsException(CabsError.ParameterInvalid, $"the number of orders is {study.MaxOrders}; it takes a whole number from 1 up", "orders");
        int[] vectors = [.. Enumerable.Range(0, definition.Inputs.Count).Where(i => definition.Inputs[i].Contributes && !IsBase(definition, i))];
        var settings = new List<StudySetting>();
        foreach (BlockShape shape in study.Shapes.Distinct())
        {
            foreach (string assignment in study.Assignments.Distinct())
            {
                ParameterSet parameters = CabsSparsifier.Instance.ParametersOf(("n", shape.N), ("m", shape.M), ("assignment", assignment), ("tail", study.Tail));
                IReadOnlyList<int[]> orders = assignment == "sequential" ? AssignmentOrders.Choose(vectors.Length, study.MaxOrders, study.Seed) : [[.. Enumerable.Range(0, vectors.Length)]];
                settings.AddRange(orders.Select(o => new StudySetting(shape, assignment, [.. o.Select(i => vectors[i])], parameters)));
            }
        }

        var method = new StudyMethod(settings);
        return new AssignmentStudy(definition, MergePlanner.Plan(method.Replace(definition) with { Groups = [] }, options, cancel), method);
    }

    /// <summary>Computes all settings.</summary>
    /// <param name="cancel">Stops within a piece.</param>
    /// <exception cref="CabsException">An input cannot be read, or holds NaN or infinity.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public StudyResult Execute(CancellationToken cancel = default)
    {
        _run.MeasureOnly(cancel);
        string[] names = [.. _definition.Inputs.Select(i => i.Name)];
        StudySums sums = _method.AddUp(_plan.Tensors.Select(t => t.Output.Name), names.Length);
        int[] vectors = [.. Enumerable.Range(0, names.Length).Where(i => sums.Count[i] > 0)];
        var rows = _method.Settings.Select((s, i) => sums.Row(s, i, vectors, names)).ToList();
        MergeProgress end = _run.Progress;
        return new StudyResult
        {
            BasePath = (_plan.Base ?? _plan.Donor).Path,
            Vectors = [.. vectors.Select(v => names[v])],
            OrderCount = AssignmentOrders.Count(vectors.Length),
            Rows = rows,
            OrderEffects = [.. Effects(rows, [.. vectors.Select(v => names[v])])],
            Warnings = _plan.Warnings,
            Duration = end.Elapsed,
            BytesRead = end.BytesDone,
        };
    }

    private static bool IsBase(MergeDefinition definition, int input) =>
        definition.BasePath is { } path && Checkpoints.ModelPaths.AreSame(path, definition.Inputs[input].Path);

    private static IEnumerable<OrderEffect> Effects(IReadOnlyList<StudyRow> rows, string[] names)
    {
        foreach (var shape in rows.GroupBy(r => (r.N, r.M)))
        {
            StudyRow[] orders = [.. shape.Where(r => r.Assignment == "sequential")];
            StudyRow? joint = shape.FirstOrDefault(r => r.Assignment == "joint");
            if (orders.Length == 0)
                continue;
            for (int v = 0; v < names.Length; v++)
                yield return new OrderEffect(shape.Key.N, shape.Key.M, names[v], orders.Length, orders.Min(o => o.NormKept[v]), orders.Average(o => o.NormKept[v]), orders.Max(o => o.NormKept[v]), joint?.NormKept[v]);
        }
    }
}
