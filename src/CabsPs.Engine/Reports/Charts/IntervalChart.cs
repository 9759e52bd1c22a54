namespace CabsPs.Engine.Reports.Charts;

/// <summary>A row of an interval chart.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Value">The value.</param>
/// <param name="Low">The interval's lower end; not finite without one.</param>
/// <param name="High">Its upper end.</param>
/// <param name="Group">The heading it stands under; empty for none.</param>
/// <param name="Note">A word or two behind its name.</param>
internal sealed record IntervalRow(string Name, double Value, double Low, double High, string Group = "", string Note = "");

/// <summary>Values with their intervals, one under the other on one scale.</summary>
internal sealed class IntervalChart : Chart
{
    private const int RowHeight = 40;
    private const int GroupHeight = 34;
    private const int Header = 20;

    /// <summary>The rows; those of a group stand together.</summary>
    public required IReadOnlyList<IntervalRow> Intervals { get; init; }

    /// <summary>How a value is written.</summary>
    public required Func<double, string> Value { get; init; }

    /// <summary>Values that all are measured against, such as the base and the experts, as lines from top to bottom.</summary>
    public IReadOnlyList<(double Value, string Name)> References { get; init; } = [];

    /// <inheritdoc/>
    protected override int Left => 4;

    /// <inheritdoc/>
    protected override int Right => 62;

    /// <inheritdoc/>
    protected override int Height => Header + (Intervals.Count * RowHeight) + (Intervals.Select(i => i.Group).Where(g => g.Length > 0).Distinct().Count() * GroupHeight) + 8;

    /// <inheritdoc/>
    protected override void Draw(Markup page)
    {
        Scale scale = Scale.Over(Intervals.SelectMany(i => new[] { i.Value, i.Low, i.High }).Concat(References.Select(r => r.Value)), 0.04, 4);
        foreach (double tick in scale.Ticks)
        {
            page.Empty("line", ("class", "grid"), ("x1", Figures.Across(scale.At(tick))), ("x2", Figures.Across(scale.At(tick))), ("y1", $"{Header}"), ("y2", $"{Height}"));
            Label(page, Figures.Tick(Value(tick)), Figures.Across(scale.At(tick)), Header - 7, "tick c");
        }

        foreach ((double value, _) in References)
            page.Empty("line", ("class", "reference"), ("x1", Figures.Across(scale.At(value))), ("x2", Figures.Across(scale.At(value))), ("y1", $"{Header}"), ("y2", $"{Height}"));
        double y = Header;
        string group = string.Empty;
        foreach (IntervalRow row in Intervals)
        {
            if (row.Group.Length > 0 && row.Group != group)
            {
                Label(page, Markup.Short(row.Group, 60), "0", y + 24, "group");
                y += GroupHeight;
                group = row.Group;
            }

            DrawRow(page, scale, row, y);
            y += RowHeight;
        }
    }

    private void DrawRow(Markup page, Scale scale, IntervalRow row, double y)
    {
        page.Open("text", ("class", "name"), ("x", "0"), ("y", Figures.At(y + 14))).Text(Markup.Short(row.Name, 44));
        if (row.Note.Length > 0)
            page.Element("tspan", row.Note, ("class", "aside"), ("dx", "8"));
        page.Close();
        double middle = y + 26;
        bool hasInterval = double.IsFinite(row.Low) && double.IsFinite(row.High);
        if (hasInterval)
            page.Empty("line", ("class", "interval"), ("x1", Figures.Across(scale.At(row.Low))), ("x2", Figures.Across(scale.At(row.High))), ("y1", Figures.At(middle)), ("y2", Figures.At(middle)));
        if (double.IsFinite(row.Value))
            Dot(page, scale.At(row.Value), middle, 0);
        page.Element("text", Value(row.Value), ("class", "value"), ("x", "100%"), ("y", Figures.At(middle + 4)), ("dx", "8"));
        AddMark(0, y, 1, RowHeight - 2, $"{row.Name}{(row.Note.Length > 0 ? $" ({row.Note})" : string.Empty)}\n{Value(row.Value)}{(hasInterval ? $", {Value(row.Low)} to {Value(row.High)}" : string.Empty)}");
    }
}
