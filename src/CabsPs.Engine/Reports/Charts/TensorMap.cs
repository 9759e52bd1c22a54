namespace CabsPs.Engine.Reports.Charts;

/// <summary>Which tensors had what done to them, as a grid of kinds of tensors by layers.</summary>
internal sealed class TensorMap : Chart
{
    private const int Header = 22;
    private const int RowHeight = 20;
    private const int LongestLabel = 19;

    /// <summary>Kinds of tensors: their names around the layer's number.</summary>
    public required IReadOnlyList<string> Rows { get; init; }

    /// <summary>How many layers there are.</summary>
    public required int Layers { get; init; }

    /// <summary>Per row and layer what was done, an index into <see cref="Actions"/>, and what the cell says; null where there is no such tensor.</summary>
    public required IReadOnlyList<IReadOnlyList<(int Action, string Says)?>> Cells { get; init; }

    /// <summary>What can be done.</summary>
    public required IReadOnlyList<string> Actions { get; init; }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Key => Actions;

    /// <inheritdoc/>
    protected override int Left => 12 + (int)(Math.Min(LongestLabel, Rows.Max(r => r.Length)) * 6.6);

    /// <inheritdoc/>
    protected override string PatchOf(int series) => $"cell a{series}";

    /// <inheritdoc/>
    protected override int Height => Header + (Rows.Count * RowHeight) + 4;

    /// <inheritdoc/>
    protected override void Draw(Markup page)
    {
        double width = 1.0 / Layers;
        int every = (Layers + 7) / 8;
        for (int layer = 0; layer < Layers; layer += every)
            Label(page, $"{layer}", Figures.Across((layer + 0.5) * width), Header - 8, "tick c");
        for (int r = 0; r < Rows.Count; r++)
        {
            Label(page, Markup.Short(Rows[r], LongestLabel), "-10", Header + (r * RowHeight) + 14, "tick e small");
            for (int layer = 0; layer < Layers; layer++)
            {
                if (Cells[r][layer] is not (int action, string says))
                    continue;
                double y = Header + (r * RowHeight);
                page.Empty("rect", ("class", $"cell a{action}"), ("x", Figures.Across(layer * width)), ("y", Figures.At(y)), ("width", Figures.Across(width)), ("height", $"{RowHeight}"));
                AddMark(layer * width, y, width, RowHeight, says);
            }
        }
    }
}
