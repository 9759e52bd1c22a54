using CabsPs.Engine.Diagnostics;

namespace CabsPs.Commands;

/// <summary>Puts the rows of a comparison of assignments, which come from the pipeline one by one, together again.</summary>
internal static class StudyRows
{
    /// <summary>The study that the rows are of; null without rows.</summary>
    public static StudyResult? Join(IReadOnlyList<AssignmentComparison> rows)
    {
        if (rows.Count == 0)
            return null;
        string[] vectors = rows[0].TaskVectors;
        return new StudyResult
        {
            BasePath = string.Empty,
            Vectors = vectors,
            OrderCount = rows.Where(r => r.Assignment == Assignment.Sequential).Select(r => string.Join('\0', r.Order)).Distinct(StringComparer.Ordinal).Count(),
            Rows = [.. rows.Select(Row)],
            OrderEffects = [.. rows.GroupBy(r => (r.N, r.M)).SelectMany(shape => vectors.Select((name, v) => Effect(shape, name, v))).OfType<Engine.Diagnostics.OrderEffect>()],
            Warnings = [],
            Duration = TimeSpan.Zero,
            BytesRead = 0,
        };
    }

    // a row has the means over its pairs: one pair with these figures has the same means
    private static StudyRow Row(AssignmentComparison row) =>
        new(row.Assignment.ToString().ToLowerInvariant(), row.N, row.M, row.Order, row.NormKept, row.Density, [new StudyPair(string.Empty, string.Empty, 0, row.MeanJaccard, row.MeanShareOfSmaller)]);

    private static Engine.Diagnostics.OrderEffect? Effect(IGrouping<(int N, int M), AssignmentComparison> shape, string name, int vector)
    {
        double[] norms = [.. shape.Where(r => r.Assignment == Assignment.Sequential).Select(r => r.NormKept[vector])];
        return norms.Length == 0 ? null : new Engine.Diagnostics.OrderEffect(shape.Key.N, shape.Key.M, name, norms.Length, norms.Min(), norms.Average(), norms.Max(), shape.FirstOrDefault(r => r.Assignment == Assignment.Joint)?.NormKept[vector]);
    }
}
