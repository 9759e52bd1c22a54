using CabsPs.Engine.Diagnostics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Reports.Charts;

namespace CabsPs.Engine.Reports.Sections;

/// <summary>What is left of each expert: the norm kept, in all, by layer and by tensor.</summary>
internal sealed class NormSection : Section
{
    private const int MostCells = 3000;
    private const int MostKinds = 24;

    public override string Id => "norm";

    public override string Title => "What is left of each expert";

    public override bool AppliesTo(ReportContent content) => content.Measurements.Count > 0 || content.Merges.Any(m => m.Vectors.Count > 0);

    public override void Write(Markup page, ReportContent content)
    {
        ReportMerge[] unmeasured = content.Measurements.Count > 0 ? [] : [.. content.Merges.Where(m => m.Vectors.Count > 0)];
        foreach (ReportMeasurement measurement in content.Measurements)
        {
            Heading(page, measurement.Name, content.Measurements.Count);
            Write(page, measurement.Result);
        }

        foreach (ReportMerge merge in unmeasured)
        {
            Heading(page, merge.Name, unmeasured.Length);
            Write(page, merge);
        }
    }

    private static void Write(Markup page, MeasureResult measure)
    {
        var table = new DataTable("Experts", "expert", "sparsified by", ">weights", ">kept", ">share kept", ">norm", ">norm kept");
        foreach ((MeasuredVector vector, string? how) in measure.Total.Vectors.Zip(measure.Sparsifications))
            table.Add(vector.Name, how ?? "nothing, it is dense", Text.Count(vector.Count), Text.Count(vector.Kept), Figures.Percent(vector.Density), Figures.Number(vector.Norm), Figures.Percent(vector.NormKept));
        Bars(page, table, measure.Total.Vectors.Select(v => (v.Name, v.NormKept, v.Density)));
        foreach (LayerStack stack in LayerStack.Of(measure))
            stack.Draw(page, "Norm kept by layer", "‖kept δ‖ / ‖δ‖ of each expert, layer by layer.", measure.Vectors, (part, name) => part.Vectors.FirstOrDefault(v => v.Name == name)?.NormKept ?? double.NaN, Figures.Percent, [.. measure.Layers.Where(l => l.Layer is null)]);
        WriteTensors(page, measure);
    }

    private static void Write(Markup page, ReportMerge merge)
    {
        var table = new DataTable("Experts", "expert", ">weight", ">kept", ">share kept", ">norm kept");
        foreach (VectorSummary vector in merge.Vectors)
            table.Add(vector.Name, Figures.Short(vector.Weight), Text.Count(vector.Kept), Figures.Percent(vector.KeptShare), Figures.Percent(vector.NormKept));
        Bars(page, table, merge.Vectors.Select(v => (v.Name, v.NormKept, v.KeptShare)));
    }

    private static void Bars(Markup page, DataTable table, IEnumerable<(string Name, double NormKept, double Density)> vectors)
    {
        BarRow[] rows = [.. vectors.Select(v => new BarRow(v.Name, v.NormKept, v.Density))];
        new BarChart
        {
            Title = "Norm kept and weights kept",
            Description = "The share of a task vector's norm that its mask leaves, and the share of weights it takes for that.",
            Data = table,
            SeriesNames = ["norm kept", "weights kept"],
            Bars = rows,
            Full = Math.Max(1, rows.SelectMany(r => r.Values).Where(double.IsFinite).DefaultIfEmpty(1).Max()),
            Value = Figures.Share,
        }.Write(page);
    }

    // per expert a grid of kinds of tensors by layers
    private static void WriteTensors(Markup page, MeasureResult measure)
    {
        var table = new DataTable("Norm kept by tensor", ["tensor", ">weights", .. measure.Vectors.Select(v => $">{v}")]);
        foreach (MeasuredPart tensor in measure.Tensors.Take(MostCells))
            table.Add([tensor.Name, Text.Count(tensor.Count), .. measure.Vectors.Select(n => Figures.Percent(tensor.Vectors.FirstOrDefault(v => v.Name == n)?.NormKept ?? double.NaN))]);
        page.Open("details").Element("summary", "Norm kept, tensor by tensor");
        var stack = measure.Tensors.Select(t => (Part: t, Split: LayerMap.Split(t.Name))).Where(t => t.Split is not null).GroupBy(t => t.Split!.Value.Prefix, StringComparer.Ordinal).OrderByDescending(g => g.Count()).FirstOrDefault();
        if (stack is not null)
        {
            string[] kinds = [.. stack.Select(t => t.Split!.Value.Suffix).Distinct(StringComparer.Ordinal)];
            int[] layers = [.. stack.Select(t => t.Split!.Value.Layer).Distinct().Order()];
            if (layers.Length > 3 && kinds.Length <= MostKinds && kinds.Length * layers.Length * measure.Vectors.Count <= MostCells)
            {
                Dictionary<(string, int), MeasuredPart> parts = stack.ToDictionary(t => (t.Split!.Value.Suffix, t.Split.Value.Layer), t => t.Part);
                foreach (string name in measure.Vectors)
                    Grid(page, name, kinds, layers, parts);
            }
        }

        table.Write(page);
        page.Close();
    }

    private static void Grid(Markup page, string name, string[] kinds, int[] layers, Dictionary<(string, int), MeasuredPart> parts)
    {
        HeatCell? Cell(string kind, int layer) => parts.GetValueOrDefault((kind, layer))?.Vectors.FirstOrDefault(v => v.Name == name) is { } vector
            ? new HeatCell(vector.NormKept, $"layer {layer}, {Markup.Short(kind.TrimStart('.'), 60)}\n{Figures.Percent(vector.NormKept)} of the norm in {Figures.Percent(vector.Density)} of the weights")
            : null;
        var data = new DataTable($"Norm kept of {name}", ["layer", .. kinds.Select(k => $">{k.TrimStart('.')}")]);
        foreach (int layer in layers)
            data.Add([$"{layer}", .. kinds.Select(k => Figures.Percent(Cell(k, layer)?.Value ?? double.NaN))]);
        new HeatMap
        {
            Title = $"Norm kept of {Markup.Short(name, 60)}",
            Description = "One row per kind of tensor, one column per layer.",
            Data = data,
            Rows = LayerStack.KindLabels(kinds),
            Columns = [.. layers.Select(l => $"{l}")],
            Across = "layer",
            Cells = [.. kinds.Select(k => (IReadOnlyList<HeatCell?>)[.. layers.Select(l => Cell(k, l))])],
            Range = (0, 1),
            Value = Figures.Percent,
        }.Write(page);
    }
}
