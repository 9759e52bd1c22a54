using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Diagnostics;

/// <summary>How a tensor of one checkpoint relates to the tensor of that name in another.</summary>
public enum DifferenceKind
{
    /// <summary>No value differs by more than the tolerance.</summary>
    Equal,

    /// <summary>Values differ by more than the tolerance.</summary>
    Values,

    /// <summary>The shapes differ; values were not compared.</summary>
    Shape,

    /// <summary>The types have no common values to compare: a complex one and another.</summary>
    Type,

    /// <summary>Only the first checkpoint has it.</summary>
    OnlyInFirst,

    /// <summary>Only the second checkpoint has it.</summary>
    OnlyInSecond,
}

/// <summary>The difference of one tensor between two checkpoints.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="First">Where the first checkpoint has it, or null.</param>
/// <param name="Second">Where the second checkpoint has it, or null.</param>
/// <param name="Kind">How the two relate.</param>
/// <param name="Figures">The differences of the values; null where none were compared.</param>
public sealed record TensorDifference(string Name, TensorInfo? First, TensorInfo? Second, DifferenceKind Kind, DifferenceFigures? Figures)
{
    /// <summary>Whether both have the tensor, but as different types; its values were compared all the same.</summary>
    public bool TypesDiffer => First is { } a && Second is { } b && a.Type != b.Type;
}

/// <summary>Differences of compared values, of one tensor or of several together.</summary>
/// <param name="Count">Values compared.</param>
/// <param name="Changed">Values that differ by more than the tolerance.</param>
/// <param name="Maximum">The largest absolute difference; infinite where a NaN faces a number or another NaN.</param>
/// <param name="Sum">The sum of the absolute differences.</param>
public sealed record DifferenceFigures(long Count, long Changed, double Maximum, double Sum)
{
    /// <summary>No values.</summary>
    public static readonly DifferenceFigures None = new(0, 0, 0, 0);

    /// <summary>The mean absolute difference.</summary>
    public double Mean => Count == 0 ? 0 : Sum / Count;

    /// <summary>The share of values that differ by more than the tolerance.</summary>
    public double ChangedShare => Count == 0 ? 0 : Changed / (double)Count;

    /// <summary>These values and others together.</summary>
    public DifferenceFigures With(DifferenceFigures other) =>
        new(Count + other.Count, Changed + other.Changed, Math.Max(Maximum, other.Maximum), Sum + other.Sum);
}
