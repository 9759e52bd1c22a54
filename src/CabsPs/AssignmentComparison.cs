using CabsPs.Engine.Diagnostics;

namespace CabsPs;

/// <summary>What CABS keeps with one assignment, one n:m and one order. In the pipeline it also has a property <c>NormKept_NAME</c> per task vector.</summary>
public sealed class AssignmentComparison
{
    internal AssignmentComparison(StudyRow row, IReadOnlyList<string> vectors)
    {
        Assignment = Enum.Parse<Assignment>(row.Assignment, ignoreCase: true);
        (N, M, Order) = (row.N, row.M, [.. row.Order]);
        TaskVectors = [.. vectors];
        NormKept = [.. row.NormKept];
        Density = [.. row.Density];
        (LeastNormKept, MeanNormKept, Spread) = (row.LeastNormKept, row.MeanNormKept, row.Spread);
        (MeanJaccard, MeanShareOfSmaller) = (row.MeanJaccard, row.MeanShareOfSmaller);
    }

    /// <summary>The assignment.</summary>
    public Assignment Assignment { get; }

    /// <summary>Weights kept of every block.</summary>
    public int N { get; }

    /// <summary>Weights of a block.</summary>
    public int M { get; }

    /// <summary>The task vectors in the order in which they claim positions; it matters to Sequential alone.</summary>
    public string[] Order { get; }

    /// <summary>Names of the task vectors, in pipeline order.</summary>
    public string[] TaskVectors { get; }

    /// <summary>‖kept δ‖ / ‖δ‖ of each, in pipeline order.</summary>
    public double[] NormKept { get; }

    /// <summary>Share of weights kept of each, in pipeline order.</summary>
    public double[] Density { get; }

    /// <summary>The smallest norm kept.</summary>
    public double LeastNormKept { get; }

    /// <summary>The mean of the norms kept.</summary>
    public double MeanNormKept { get; }

    /// <summary>The largest norm kept less the smallest.</summary>
    public double Spread { get; }

    /// <summary>The mean Jaccard overlap of all pairs.</summary>
    public double MeanJaccard { get; }

    /// <summary>The mean share of the smaller mask that pairs share.</summary>
    public double MeanShareOfSmaller { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{N}:{M} {Assignment} {string.Join(", ", Order)}";
}

/// <summary>What the order of sequential assignment does to one task vector.</summary>
public sealed class OrderEffect
{
    internal OrderEffect(Engine.Diagnostics.OrderEffect effect) =>
        (N, M, Name, OrderCount, Least, Mean, Most, Effect, Joint) = (effect.N, effect.M, effect.Vector, effect.Orders, effect.Least, effect.Mean, effect.Most, effect.Effect, effect.Joint);

    /// <summary>Weights kept of every block.</summary>
    public int N { get; }

    /// <summary>Weights of a block.</summary>
    public int M { get; }

    /// <summary>The task vector's name.</summary>
    public string Name { get; }

    /// <summary>How many orders were tried.</summary>
    public int OrderCount { get; }

    /// <summary>The smallest norm kept in any order.</summary>
    public double Least { get; }

    /// <summary>The mean over the orders.</summary>
    public double Mean { get; }

    /// <summary>The largest norm kept in any order.</summary>
    public double Most { get; }

    /// <summary>The largest less the smallest: what the order can cost.</summary>
    public double Effect { get; }

    /// <summary>The norm kept with joint assignment, which has no order; null where it was not tried.</summary>
    public double? Joint { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} at {N}:{M}";
}
