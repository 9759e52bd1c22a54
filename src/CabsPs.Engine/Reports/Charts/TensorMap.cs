namespace CabsPs.Engine.Reports.Charts;

/// <summary>Which tensors had what done to them, as a grid of kinds of tensors by layers.</summary>
internal sealed class TensorMap : Chart
{
    private const int Header = 22;
    private const int RowHeight = 20;

    /// <summary>Kinds of tensors: their names around the layer's number.</summary>
    public required IReadOnlyList<string> Rows { get; init; }

    /// <summary>How many layers there are.</summary>
    public required int Layers { get; init; }

    /// <summary>Per row and layer what was done, an index into <see cref="Actions"/>, and what the cell says; null where there is no such tensor.</summary>
    public required IReadOnlyList<IReadOnlyList<(int Action, string Says)?>> Cells { get; init; }

    /// <summary>What can be done.</summary>
    public required IReadOnlyList<string> Actions { get; init; }

    private int LongestRow => Math.Min(26, Rows.Max(r => r.Length));

    /// <inheritdoc/>
    protected override int Left => 12 + (int)(LongestRow * 6.6);

    /// <inheritdoc/>
    protected override int Height => Header + (Rows.Count * RowHeight) + 34;

    /// <inheritdoc/>
    protected override void Draw(Markup page)
    {
        double width = 1.0 / Layers;
        int every = (Layers + 11) / 12;
        for (int layer = 0; layer < Layers; layer += every)
            Label(page, $"{layer}", Figures.Across((layer + 0.5) * width), Header - 8, "tick c");
        for (int r = 0; r < Rows.Count; r++)
        {
            Label(page, Markup.Short(Rows[r], 26), "-10", Header + (r * RowHeight) + 14, "tick e small");
            for (int layer = 0; layer < Layers; layer++)
            {
                if (Cells[r][layer] is not (int action, string says))
                    continue;
                double y = Header + (r * RowHeight);
                page.Empty("rect", ("class", $"cell a{action}"), ("x", Figures.Across(layer * width)), ("y", Figures.At(y)), ("width", Figures.Across(width)), ("height", $"{RowHeight}"));
                AddMark(layer * width, y, width, RowHeight, says);
            }
        }

        double bottom = Header + (Rows.Count * RowHeight) + 12, x = 0;
        for (int a = 0; a < Actions.Count; a++)
        {
            page.Empty("rect", ("class", $"cell a{a}"), ("x", Figures.At(x)), ("y", Figures.At(bottom)), ("width", "14"), ("height", "12"));
            Label(page, Actions[a], Figures.At(x + 20), bottom + 10, "tick");
            x += 38 + (Actions[a].Length * 7);
        }
    }
}
