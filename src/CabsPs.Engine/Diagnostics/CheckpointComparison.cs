using System.Diagnostics;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Diagnostics;

/// <summary>Compares two checkpoints value by value, in pieces, in memory that does not grow with them. Types need not be the
/// same: values are compared in float64 (64-bit integers with each other exactly). Two NaNs are equal when their bits are, zeros
/// whatever their sign.</summary>
public sealed class CheckpointComparison
{
    private readonly Checkpoint _first;
    private readonly Checkpoint _second;
    private readonly double _tolerance;
    private readonly Stopwatch _clock = new();
    private readonly CheckpointReader _reader = new();
    private readonly List<(string Name, TensorInfo? First, TensorInfo? Second)> _pairs;
    private string _current = string.Empty;

    /// <summary>Pairs the tensors of two checkpoints.</summary>
    /// <param name="first">One checkpoint.</param>
    /// <param name="second">The other.</param>
    /// <param name="tolerance">The largest absolute difference that counts as equal.</param>
    public CheckpointComparison(Checkpoint first, Checkpoint second, double tolerance = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tolerance);
        (_first, _second, _tolerance) = (first, second, tolerance);
        _pairs = [.. first.Tensors.Select(t => t.Name).Union(second.Tensors.Select(t => t.Name), StringComparer.Ordinal)
            .Order(NaturalOrder.Instance).Select(name => (name, first.Find(name), second.Find(name)))];
    }

    /// <summary>How far the comparison is; may be asked from any thread at any time.</summary>
    public MergeProgress Progress => new(
        _reader.BytesRead,
        _pairs.Where(p => KindOf(p.First, p.Second) is null).Sum(p => p.First!.ByteLength + p.Second!.ByteLength),
        _current,
        _clock.Elapsed);

    /// <summary>Compares. Threads never show in the result.</summary>
    /// <param name="threads">Tensors compared at a time; 0 means one per core.</param>
    /// <param name="cancel">Stops within a piece.</param>
    /// <exception cref="CabsException">A file cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The comparison was cancelled.</exception>
    public ComparisonResult Execute(int threads = 0, CancellationToken cancel = default)
    {
        _clock.Start();
        var differences = new TensorDifference[_pairs.Count];
        try
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = threads > 0 ? threads : Environment.ProcessorCount, CancellationToken = cancel };
            Parallel.For(0, differences.Length, options, i => differences[i] = Compare(_pairs[i].Name, _pairs[i].First, _pairs[i].Second, cancel));
        }
        catch (AggregateException e)
        {
            cancel.ThrowIfCancellationRequested();
            throw e.InnerExceptions.OfType<CabsException>().FirstOrDefault() ?? e.InnerExceptions[0];
        }
        finally
        {
            _reader.Dispose();
            _clock.Stop();
        }

        return new ComparisonResult(_first, _second, _tolerance, differences);
    }

    // null: the values decide
    private static DifferenceKind? KindOf(TensorInfo? first, TensorInfo? second)
    {
        if (second is null)
            return DifferenceKind.OnlyInFirst;
        if (first is null)
            return DifferenceKind.OnlyInSecond;
        if (!first.Shape.SequenceEqual(second.Shape))
            return DifferenceKind.Shape;
        return first.Type != second.Type && (first.Type == DType.C64 || second.Type == DType.C64) ? DifferenceKind.Type : null;
    }

    private TensorDifference Compare(string name, TensorInfo? first, TensorInfo? second, CancellationToken cancel)
    {
        if (KindOf(first, second) is { } kind)
            return new TensorDifference(name, first, second, kind, null);
        _current = name;
        DifferenceFigures figures = new ValueComparison(_reader, first!, second!, _tolerance).Execute(cancel);
        return new TensorDifference(name, first, second, figures.Changed == 0 ? DifferenceKind.Equal : DifferenceKind.Values, figures);
    }
}

/// <summary>What a comparison found.</summary>
/// <param name="First">One checkpoint.</param>
/// <param name="Second">The other.</param>
/// <param name="Tolerance">The largest absolute difference that counts as equal.</param>
/// <param name="Tensors">All tensors of either, in natural order of their names.</param>
public sealed record ComparisonResult(Checkpoint First, Checkpoint Second, double Tolerance, IReadOnlyList<TensorDifference> Tensors)
{
    /// <summary>True when both have the same tensors with the same shapes and values; types may differ.</summary>
    public bool AreEqual => Tensors.All(t => t.Kind == DifferenceKind.Equal);

    /// <summary>The figures of all compared values together, added in the order of the tensors.</summary>
    public DifferenceFigures Total => Tensors.Aggregate(DifferenceFigures.None, (sum, t) => t.Figures is { } figures ? sum.With(figures) : sum);
}
