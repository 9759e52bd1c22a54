using CabsPs.Engine.Diagnostics;
using CabsPs.Engine.Reports.Charts;

namespace CabsPs.Engine.Reports.Sections;

/// <summary>Layers of one stack of a measured model (<c>model.layers.</c>; an encoder and a decoder are two), and drawings of a figure over them.</summary>
/// <param name="Prefix">What their names begin with.</param>
/// <param name="Layers">The layers.</param>
internal sealed record LayerStack(string Prefix, IReadOnlyList<MeasuredPart> Layers)
{
    /// <summary>The stacks of a measurement that have at least two layers.</summary>
    public static IReadOnlyList<LayerStack> Of(MeasureResult measure) =>
        [.. measure.Layers.Where(l => l.Layer is not null).GroupBy(l => l.Name[..^$"{l.Layer}".Length], StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => new LayerStack(g.Key, [.. g.OrderBy(l => l.Layer)]))];

    /// <summary>Kinds of tensors (names behind the layer's number) as labels: without what all of them end with.</summary>
    public static IReadOnlyList<string> KindLabels(IReadOnlyList<string> kinds)
    {
        const string Weight = ".weight";
        int ending = kinds.All(k => k.Length > Weight.Length + 1 && k.EndsWith(Weight, StringComparison.Ordinal)) ? Weight.Length : 0;
        return [.. kinds.Select(k => k[..^ending].TrimStart('.'))];
    }

    /// <summary>Draws a figure by layer: lines for a few names, shades for more.</summary>
    /// <param name="page">The page.</param>
    /// <param name="title">What the figure is.</param>
    /// <param name="description">What to see.</param>
    /// <param name="names">Whose figures: task vectors, or pairs of them.</param>
    /// <param name="figure">The figure of a layer and a name; NaN where there is none.</param>
    /// <param name="write">How it is written.</param>
    /// <param name="others">Parts outside the layers, for the table.</param>
    public void Draw(Markup page, string title, string description, IReadOnlyList<string> names, Func<MeasuredPart, string, double> figure, Func<double, string> write, IReadOnlyList<MeasuredPart> others)
    {
        var data = new DataTable(title, ["layer", .. names.Select(n => $">{n}")]);
        foreach (MeasuredPart part in Layers.Concat(others))
            data.Add([part.Layer is { } number ? $"{number}" : part.Name.Trim('(', ')'), .. names.Select(n => write(figure(part, n)))]);
        string full = $"{title}{(Prefix is "model.layers." or "layers." ? string.Empty : $", {Markup.Short(Prefix, 40)}*")}";
        if (names.Count <= Chart.SeriesStyles)
        {
            new LineChart
            {
                Title = full,
                Description = description,
                Data = data,
                Lines = [.. names.Select(n => new Series(n, [.. Layers.Select(l => ((double)l.Layer!.Value, figure(l, n)))]))],
                Across = "layer",
                IsCount = true,
                FromZero = true,
                Value = write,
            }.Write(page);
            return;
        }

        double[] values = [.. names.SelectMany(n => Layers.Select(l => figure(l, n))).Where(double.IsFinite).DefaultIfEmpty(0)];
        new HeatMap
        {
            Title = full,
            Description = description,
            Data = data,
            Rows = names,
            Columns = [.. Layers.Select(l => $"{l.Layer}")],
            Across = "layer",
            Cells = [.. names.Select(n => (IReadOnlyList<HeatCell?>)[.. Layers.Select(l => new HeatCell(figure(l, n), $"layer {l.Layer}, {Markup.Short(n, 60)}\n{write(figure(l, n))}"))])],
            Range = (Math.Min(0, values.Min()), values.Max()),
            Value = write,
        }.Write(page);
    }
}
