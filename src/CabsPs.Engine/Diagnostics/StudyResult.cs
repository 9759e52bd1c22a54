namespace CabsPs.Engine.Diagnostics;

/// <summary>What CABS keeps with one assignment, one n:m and one order.</summary>
/// <param name="Assignment">sequential, joint or none.</param>
/// <param name="N">Weights kept of every block.</param>
/// <param name="M">Weights of a block.</param>
/// <param name="Order">Names of the task vectors in the order in which they claim positions.</param>
/// <param name="NormKept">‖masked δ‖ / ‖δ‖ of each task vector, in the order of <see cref="StudyResult.Vectors"/>.</param>
/// <param name="Density">Share of weights kept, likewise.</param>
/// <param name="Pairs">How the masks meet, pair by pair, in the order of <see cref="StudyResult.Vectors"/>.</param>
public sealed record StudyRow(string Assignment, int N, int M, IReadOnlyList<string> Order, IReadOnlyList<double> NormKept, IReadOnlyList<double> Density, IReadOnlyList<StudyPair> Pairs)
{
    /// <summary>The smallest norm kept of any vector.</summary>
    public double LeastNormKept => NormKept.Min();

    /// <summary>The mean of the norms kept.</summary>
    public double MeanNormKept => NormKept.Average();

    /// <summary>The difference between the largest norm kept and the smallest: what coming late costs.</summary>
    public double Spread => NormKept.Max() - NormKept.Min();

    /// <summary>The mean Jaccard overlap of all pairs; 0 without pairs.</summary>
    public double MeanJaccard => Pairs.Count == 0 ? 0 : Pairs.Average(p => p.Jaccard);

    /// <summary>The mean share of the smaller mask that is shared; 0 without pairs.</summary>
    public double MeanShareOfSmaller => Pairs.Count == 0 ? 0 : Pairs.Average(p => p.ShareOfSmaller);
}

/// <summary>How the masks of two task vectors meet.</summary>
/// <param name="First">The first vector's name.</param>
/// <param name="Second">The second vector's name.</param>
/// <param name="Shared">Weights both keep.</param>
/// <param name="Jaccard">Shared weights / weights either keeps.</param>
/// <param name="ShareOfSmaller">Shared weights / weights of the smaller mask.</param>
public sealed record StudyPair(string First, string Second, long Shared, double Jaccard, double ShareOfSmaller);

/// <summary>What the order does to one task vector under sequential assignment.</summary>
/// <param name="N">Weights kept of every block.</param>
/// <param name="M">Weights of a block.</param>
/// <param name="Vector">The vector's name.</param>
/// <param name="Orders">How many orders were tried.</param>
/// <param name="Least">The smallest norm kept in any order.</param>
/// <param name="Mean">The mean over the orders.</param>
/// <param name="Most">The largest norm kept in any order.</param>
/// <param name="Joint">The norm kept under joint assignment, which has no order; null where it was not tried.</param>
public sealed record OrderEffect(int N, int M, string Vector, int Orders, double Least, double Mean, double Most, double? Joint)
{
    /// <summary>What the order can cost: the difference between the largest norm kept and the smallest.</summary>
    public double Effect => Most - Least;
}

/// <summary>A study of assignments: every n:m with every order, in one reading of the models.</summary>
public sealed record StudyResult
{
    /// <summary>The base model's full path.</summary>
    public required string BasePath { get; init; }

    /// <summary>Names of the task vectors, in the order of the models.</summary>
    public required IReadOnlyList<string> Vectors { get; init; }

    /// <summary>How many orders there are in all; more than were tried where they were sampled.</summary>
    public required double OrderCount { get; init; }

    /// <summary>All settings: by n:m, then none, joint and sequential in its orders.</summary>
    public required IReadOnlyList<StudyRow> Rows { get; init; }

    /// <summary>What the order does, per n:m and task vector; empty where sequential assignment was not tried.</summary>
    public required IReadOnlyList<OrderEffect> OrderEffects { get; init; }

    /// <summary>What the user may not have meant.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>Wall time.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Bytes read from the models.</summary>
    public required long BytesRead { get; init; }
}
