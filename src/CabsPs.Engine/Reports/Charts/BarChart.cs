namespace CabsPs.Engine.Reports.Charts;

/// <summary>A row of a bar chart: a name and one bar for each series.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Values">One per series.</param>
internal sealed record BarRow(string Name, params IReadOnlyList<double> Values);

/// <summary>Bars from left to right under their names, which so have all the width they need.</summary>
internal sealed class BarChart : Chart
{
    private const int BarHeight = 14;

    /// <summary>The rows.</summary>
    public required IReadOnlyList<BarRow> Bars { get; init; }

    /// <summary>What the bars of a row are.</summary>
    public required IReadOnlyList<string> SeriesNames { get; init; }

    /// <summary>How a value is written.</summary>
    public required Func<double, string> Value { get; init; }

    /// <summary>The value of a bar that is as long as there is room; the largest value where it is null.</summary>
    public double? Full { get; init; }

    private int RowHeight => 24 + (SeriesNames.Count * (BarHeight + 2)) + 8;

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Key => SeriesNames.Count > 1 ? SeriesNames : [];

    /// <inheritdoc/>
    protected override string PatchOf(int series) => $"bar s{series}";

    /// <inheritdoc/>
    protected override int Right => 64;

    /// <inheritdoc/>
    protected override int Height => Bars.Count * RowHeight;

    /// <inheritdoc/>
    protected override void Draw(Markup page)
    {
        double full = Full ?? Bars.SelectMany(b => b.Values).Where(double.IsFinite).DefaultIfEmpty(1).Max();
        for (int r = 0; r < Bars.Count; r++)
        {
            double y = r * RowHeight;
            Label(page, Markup.Short(Bars[r].Name, 44), "0", y + 18, "name");
            for (int s = 0; s < SeriesNames.Count; s++)
            {
                double value = Bars[r].Values[s], top = y + 24 + (s * (BarHeight + 2)), length = full > 0 && double.IsFinite(value) ? Math.Clamp(value / full, 0, 1) : 0;
                page.Empty("rect", ("class", "track"), ("x", "0"), ("y", Figures.At(top)), ("width", "100%"), ("height", $"{BarHeight}"));
                page.Empty("rect", ("class", $"bar s{s}"), ("x", "0"), ("y", Figures.At(top)), ("width", Figures.Across(length)), ("height", $"{BarHeight}"));
                page.Element("text", Value(value), ("class", "value"), ("x", "100%"), ("y", Figures.At(top + 12)), ("dx", "8"));
            }

            AddMark(0, y + 4, 1, RowHeight - 6, $"{Bars[r].Name}\n{string.Join('\n', SeriesNames.Select((n, s) => $"{n}: {Value(Bars[r].Values[s])}"))}");
        }
    }
}
