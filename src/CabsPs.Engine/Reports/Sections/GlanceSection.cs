using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Reports.Sections;

/// <summary>The few figures that a reader wants first, and what may not have been meant.</summary>
internal sealed class GlanceSection : Section
{
    public override string Id => "glance";

    public override string Title => "At a glance";

    public override bool AppliesTo(ReportContent content) => content.Merges.Count > 0;

    public override void Write(Markup page, ReportContent content)
    {
        foreach (ReportMerge merge in content.Merges)
        {
            Heading(page, merge.Name, content.Merges.Count);
            page.Element("p", Sentence(merge), ("class", "lede"));
            page.Open("dl", ("class", "tiles"));
            foreach ((string name, string value, string aside) in Tiles(merge))
                page.Open("div").Element("dt", name).Open("dd").Element("b", value).Element("span", aside).Close(2);
            page.Close();
            Warn(page, merge.Warnings);
        }
    }

    // reads as one sentence: 4 models into base by cabs: …
    private static string Sentence(ReportMerge merge)
    {
        string[] names = [.. merge.Values.Select(v => Markup.Short(v.Model, 60))];
        string models = names.Length <= 6 ? string.Join(", ", names) : $"{string.Join(", ", names.Take(5))} and {names.Length - 5} more";
        string into = merge.Models.FirstOrDefault(m => m.IsBase) is { } model ? $" into {Markup.Short(model.Name, 60)}" : string.Empty;
        string does = merge.Summary.Length == 0 ? string.Empty : $": {merge.Summary.TrimEnd('.')}";
        return $"{models}{into}, by {merge.Method}{does}.{(merge.Path is null ? " Planned, not carried out." : string.Empty)}";
    }

    private static IEnumerable<(string, string, string)> Tiles(ReportMerge merge)
    {
        int merged = merge.Tensors.Count(t => t.Action == TensorAction.Merge);
        yield return ("Tensors merged", Figures.Whole(merged), $"{merge.Tensors.Count - merged} copied, {merge.LeftOut.Count} left out");
        yield return ("Parameters", Text.Count(merge.Tensors.Sum(t => t.Count)), $"{Text.Bytes(merge.Files.Sum(f => f.ByteLength))} in {Figures.Of(merge.Files.Count, "file")}");
        if (merge.Vectors.Any(v => v.KeptShare < 1))
            yield return ("Norm kept", $"{Figures.Percent(merge.Vectors.Min(v => v.NormKept))} to {Figures.Percent(merge.Vectors.Max(v => v.NormKept))}", $"in {Figures.Percent(merge.Vectors.Average(v => v.KeptShare))} of the weights, on average");
        if (merge.Overlaps.Count > 0)
            yield return ("Largest overlap", Figures.Percent(merge.Overlaps.Max(o => o.ShareOfSmaller)), "of the smaller mask of a pair");
        if (merge.Cost is not { } cost)
            yield break;
        if (cost.Duration is { } time)
            yield return ("Time", Text.Time(time), $"{Text.Bytes((cost.BytesRead + cost.BytesWritten) / Math.Max(time.TotalSeconds, 1e-9))}/s read and written");
        else
            yield return ("To read", Text.Bytes(cost.BytesRead), $"about {Text.Bytes(cost.Buffers)} of memory for buffers");
        if (cost.PeakMemory is { } peak)
            yield return ("Peak memory", Text.Bytes(peak), $"of the process, {Figures.Of(cost.Threads, "thread")}");
    }

    private static void Warn(Markup page, IReadOnlyList<string> warnings)
    {
        if (warnings.Count == 0)
            return;
        page.Open("div", ("class", "warn"), ("role", "note")).Element("h4", warnings.Count == 1 ? "What may not have been meant" : $"{warnings.Count} things that may not have been meant").Open("ul");
        foreach (string warning in warnings.Take(50))
            page.Element("li", Markup.Name(warning));
        page.Close(2);
    }
}
