namespace CabsPs.Engine.Reports.Charts;

/// <summary>A cell of a heat map.</summary>
/// <param name="Value">Its value, which chooses the shade; not finite where there is nothing to show.</param>
/// <param name="Says">What it says when pointed at.</param>
/// <param name="Shown">What stands in it; nothing where cells are too many for words.</param>
internal sealed record HeatCell(double Value, string Says, string Shown = "");

/// <summary>A grid of shades: overlaps of masks, layers by experts, tensors by layers.</summary>
internal sealed class HeatMap : Chart
{
    private const int Steps = 9;
    private const int Header = 22;

    /// <summary>Names of the rows.</summary>
    public required IReadOnlyList<string> Rows { get; init; }

    /// <summary>Names of the columns; shown as far as they fit.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>The cells, by row and column; null where there is none.</summary>
    public required IReadOnlyList<IReadOnlyList<HeatCell?>> Cells { get; init; }

    /// <summary>The values of the lightest and of the darkest shade.</summary>
    public required (double Low, double High) Range { get; init; }

    /// <summary>How a value is written, for the scale below the grid.</summary>
    public required Func<double, string> Value { get; init; }

    /// <summary>What the columns count; nothing where their names say it.</summary>
    public string Across { get; init; } = string.Empty;

    private int RowHeight => Rows.Count > 24 ? 18 : Columns.Count > 12 ? 24 : 40;

    // where cells are small, names leave them their room
    private int LongestRow => Math.Min(Columns.Count > 12 ? 19 : 22, Rows.Max(r => r.Length));

    /// <inheritdoc/>
    protected override int Left => 12 + (int)(LongestRow * 6.8);

    /// <inheritdoc/>
    protected override int Height => Header + (Rows.Count * RowHeight) + 42;

    /// <inheritdoc/>
    protected override void Draw(Markup page)
    {
        DrawLabels(page);
        double width = 1.0 / Columns.Count;
        for (int r = 0; r < Rows.Count; r++)
        {
            for (int c = 0; c < Columns.Count; c++)
            {
                if (Cells[r][c] is not { } cell)
                    continue;
                double y = Header + (r * RowHeight);
                string shade = double.IsFinite(cell.Value) ? $"h{Step(cell.Value)}" : "hx";
                page.Empty("rect", ("class", $"cell {shade}"), ("x", Figures.Across(c * width)), ("y", Figures.At(y)), ("width", Figures.Across(width)), ("height", $"{RowHeight}"));
                if (cell.Shown.Length > 0)
                    Label(page, cell.Shown, Figures.Across((c + 0.5) * width), y + (RowHeight / 2.0) + 4.5, $"in {shade}");
                AddMark(c * width, y, width, RowHeight, cell.Says);
            }
        }

        DrawScale(page);
    }

    private int Step(double value) => Range.High > Range.Low ? Math.Clamp((int)((value - Range.Low) / (Range.High - Range.Low) * Steps), 0, Steps - 1) : 0;

    private void DrawLabels(Markup page)
    {
        for (int r = 0; r < Rows.Count; r++)
            Label(page, Markup.Short(Rows[r], LongestRow), "-10", Header + (r * RowHeight) + (RowHeight / 2.0) + 4.5, "tick e");
        // as many as have room on a phone
        int room = Math.Max(1, 20 / Math.Max(1, Columns.Max(c => Math.Min(c.Length, 12))));
        int every = Columns.Count <= room ? 1 : (Columns.Count + room - 1) / room;
        for (int c = 0; c < Columns.Count; c += every)
            Label(page, Markup.Short(Columns[c], 12), Figures.Across((c + 0.5) / Columns.Count), Header - 8, "tick c");
    }

    private void DrawScale(Markup page)
    {
        double y = Header + (Rows.Count * RowHeight) + 12;
        for (int i = 0; i < Steps; i++)
            page.Empty("rect", ("class", $"h{i}"), ("x", $"{i * 14}"), ("y", Figures.At(y)), ("width", "14"), ("height", "10"));
        Label(page, $"{Figures.Tick(Value(Range.Low))} to {Figures.Tick(Value(Range.High))}", $"{(Steps * 14) + 8}", y + 9, "tick");
        if (Across.Length > 0)
            Label(page, Across, "100%", y + 9, "axis e");
    }
}
