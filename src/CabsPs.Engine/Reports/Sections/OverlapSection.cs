using CabsPs.Engine.Diagnostics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Reports.Charts;

namespace CabsPs.Engine.Reports.Sections;

/// <summary>How the task vectors meet: overlap of their masks, conflicts of sign, cosines.</summary>
internal sealed class OverlapSection : Section
{
    private const int MostPairsByLayer = 28;

    public override string Id => "overlap";

    public override string Title => "Where the experts meet";

    public override bool AppliesTo(ReportContent content) => content.Measurements.Any(m => m.Result.Total.Pairs.Count > 0) || Unmeasured(content).Any();

    public override void Write(Markup page, ReportContent content)
    {
        int count = content.Measurements.Count + Unmeasured(content).Count();
        foreach (ReportMeasurement measurement in content.Measurements.Where(m => m.Result.Total.Pairs.Count > 0))
        {
            Heading(page, measurement.Name, count);
            Write(page, measurement.Result);
        }

        foreach (ReportMerge merge in Unmeasured(content))
        {
            Heading(page, merge.Name, count);
            Write(page, merge);
        }
    }

    // without a measurement a merge itself knows the overlap of its masks
    private static IEnumerable<ReportMerge> Unmeasured(ReportContent content) =>
        content.Measurements.Count > 0 ? [] : content.Merges.Where(m => m.Overlaps.Count > 0);

    private static void Write(Markup page, MeasureResult measure)
    {
        IReadOnlyList<MeasuredPair> pairs = measure.Total.Pairs;
        MeasuredPair most = pairs.MaxBy(p => p.Jaccard)!, conflict = pairs.MaxBy(p => p.ConflictShare)!;
        page.Element("p", most.Shared == 0
            ? "No position is kept by two experts."
            : $"{Markup.Short(most.First, 40)} and {Markup.Short(most.Second, 40)} overlap most: {Figures.Percent(most.Jaccard)} of the positions that either keeps. Where masks meet, up to {Figures.Percent(conflict.ConflictShare)} of the signs conflict ({Markup.Short(conflict.First, 40)} and {Markup.Short(conflict.Second, 40)}).");
        page.Open("div", ("class", "panels"));
        Matrix(page, measure.Vectors, pairs.Select(p => (p.First, p.Second, p.Jaccard)), "Overlap of the masks", "Jaccard: positions that both keep, as a share of those that either keeps.", Figures.Percent, Figures.ShortShare);
        if (pairs.Any(p => p.Shared > 0))
            Matrix(page, measure.Vectors, pairs.Select(p => (p.First, p.Second, p.Shared == 0 ? double.NaN : p.ConflictShare)), "Sign conflicts", "Of the positions that both keep, the share whose deltas have opposite signs.", Figures.Percent, Figures.ShortShare);
        Matrix(page, measure.Vectors, pairs.Select(p => (p.First, p.Second, p.Cosine)), "Cosine of the task vectors", "Of the whole vectors, before anything is dropped: 1 the same direction, 0 unrelated, −1 opposite.", Figures.Number, Figures.ShortNumber);
        page.Close();
        WriteTable(page, pairs);
        if (pairs.Any(p => p.Shared > 0) && pairs.Count <= MostPairsByLayer)
        {
            foreach (LayerStack stack in LayerStack.Of(measure))
            {
                stack.Draw(
                    page,
                    "Overlap by layer",
                    "Jaccard overlap of each pair of masks.",
                    [.. pairs.Select(p => $"{p.First} + {p.Second}")],
                    (part, name) => part.Pairs.FirstOrDefault(p => $"{p.First} + {p.Second}" == name)?.Jaccard ?? double.NaN,
                    Figures.Percent,
                    [.. measure.Layers.Where(l => l.Layer is null)]);
            }
        }
    }

    private static void Write(Markup page, ReportMerge merge)
    {
        Matrix(page, [.. merge.Vectors.Select(v => v.Name)], merge.Overlaps.Select(p => (p.First, p.Second, p.Jaccard)), "Overlap of the masks", "Jaccard: positions that both keep, as a share of those that either keeps.", Figures.Percent, Figures.ShortShare);
        var table = new DataTable("Pairs", "first", "second", ">shared", ">Jaccard", ">of the smaller");
        foreach (PairSummary pair in merge.Overlaps)
            table.Add(pair.First, pair.Second, Text.Count(pair.Shared), Figures.Percent(pair.Jaccard), Figures.Percent(pair.ShareOfSmaller));
        table.Write(page);
    }

    private static void WriteTable(Markup page, IReadOnlyList<MeasuredPair> pairs)
    {
        var table = new DataTable("Every pair", "first", "second", ">shared", ">Jaccard", ">of the smaller", ">sign conflicts", ">cosine", ">cosine of what is kept");
        foreach (MeasuredPair pair in pairs)
            table.Add(pair.First, pair.Second, Text.Count(pair.Shared), Figures.Percent(pair.Jaccard), Figures.Percent(pair.ShareOfSmaller), pair.Shared == 0 ? "–" : Figures.Percent(pair.ConflictShare), Figures.Number(pair.Cosine), Figures.Number(pair.CosineKept));
        if (pairs.Count <= 15)
            table.Write(page);
        else
            table.WriteFolded(page, $"All {pairs.Count} pairs");
    }

    private static void Matrix(Markup page, IReadOnlyList<string> names, IEnumerable<(string First, string Second, double Value)> pairs, string title, string description, Func<double, string> write, Func<double, string> shorten)
    {
        var values = new Dictionary<(string, string), double>();
        var data = new DataTable(title, "first", "second", $">{title}");
        foreach ((string first, string second, double value) in pairs)
        {
            values[(first, second)] = values[(second, first)] = value;
            data.Add(first, second, write(value));
        }

        double[] known = [.. values.Values.Where(double.IsFinite).DefaultIfEmpty(0)];
        // tenths: nothing is made of differences that do not matter
        double from = Math.Floor(Math.Min(0, known.Min()) * 10) / 10, to = Math.Max(from + 0.1, Math.Ceiling(known.Max() * 10) / 10);
        new HeatMap
        {
            Title = title,
            Description = description,
            Data = data,
            Rows = [.. names.Select((n, i) => $"{n} {i + 1}")],
            Columns = [.. names.Select((_, i) => $"{i + 1}")],
            Cells = [.. names.Select(a => (IReadOnlyList<HeatCell?>)[.. names.Select(b => a == b || !values.TryGetValue((a, b), out double value) ? null : new HeatCell(value, $"{Markup.Short(a, 60)} and {Markup.Short(b, 60)}\n{write(value)}", names.Count <= 6 ? shorten(value) : string.Empty))])],
            Range = (from, to),
            Value = write,
        }.Write(page);
    }
}
