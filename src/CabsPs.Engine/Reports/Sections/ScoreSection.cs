using CabsPs.Engine.Reports.Charts;

namespace CabsPs.Engine.Reports.Sections;

/// <summary>Scores of finished models, with intervals where the judge has them.</summary>
internal sealed class ScoreSection : Section
{
    public override string Id => "scores";

    public override string Title => "Scores";

    public override bool AppliesTo(ReportContent content) => content.Scores.Any(s => s.Rows.Count > 0);

    public override void Write(Markup page, ReportContent content)
    {
        foreach (ReportScores scores in content.Scores.Where(s => s.Rows.Count > 0))
        {
            ReportScore[] references = [.. scores.Rows.Where(r => r.IsReference)];
            bool hasIntervals = scores.Rows.Any(r => double.IsFinite(r.Low) && double.IsFinite(r.High));
            string lines = references.Length == 0 ? string.Empty : $" Dashed lines: {string.Join(", ", references.Select(r => $"{r.Name} {Value(r.Score)}"))}.";
            new IntervalChart
            {
                Title = scores.Name,
                Description = $"{(hasIntervals ? "A dot is a score, the line through it its interval." : "A dot is a score.")}{lines}",
                Data = Table(scores),
                Intervals = [.. scores.Rows.Select(r => new IntervalRow(r.Name, r.Score, r.Low, r.High, r.Group, r.Note))],
                References = [.. references.Select(r => (r.Score, r.Name))],
                Value = Value,
            }.Write(page);
        }
    }

    private static DataTable Table(ReportScores scores)
    {
        bool grouped = scores.Rows.Any(r => r.Group.Length > 0), noted = scores.Rows.Any(r => r.Note.Length > 0), hasIntervals = scores.Rows.Any(r => double.IsFinite(r.Low));
        string[] columns = [.. scores.Rows.SelectMany(r => r.Columns).Select(c => c.Name).Distinct(StringComparer.Ordinal)];
        var table = new DataTable(scores.Name, [.. new[] { "model", grouped ? "group" : null, ">score", hasIntervals ? ">from" : null, hasIntervals ? ">to" : null }.OfType<string>(), .. columns.Select(c => $">{c}"), .. noted ? new[] { "remark" } : []]);
        foreach (ReportScore row in scores.Rows)
        {
            table.Add([
                row.Name,
                .. grouped ? new[] { row.Group } : [],
                Value(row.Score),
                .. hasIntervals ? new[] { Value(row.Low), Value(row.High) } : [],
                .. columns.Select(c => row.Columns.FirstOrDefault(v => v.Name == c).Value ?? "–"),
                .. noted ? new[] { row.Note } : [],
            ]);
        }

        return table;
    }

    private static string Value(double value) => double.IsFinite(value) ? value.ToString(Math.Abs(value) < 10 ? "0.000" : "0.0", System.Globalization.CultureInfo.InvariantCulture) : "–";
}
