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
            Warn(page, merge.Plan.Warnings);
        }
    }

    // reads as one sentence: 4 models into base by cabs: …
    private static string Sentence(ReportMerge merge)
    {
        MergeDefinition definition = merge.Plan.Definition;
        string[] names = [.. definition.Inputs.Where(i => i.Contributes).Select(i => Markup.Short(i.Name, 60))];
        string models = names.Length <= 6 ? string.Join(", ", names) : $"{string.Join(", ", names.Take(5))} and {names.Length - 5} more";
        string into = merge.Plan.Base is { } model ? $" into {Markup.Short(model.Name, 60)}" : string.Empty;
        return $"{models}{into}, by {definition.Method.Name}: {definition.Method.Summary}{(definition.Method.Summary.EndsWith('.') ? string.Empty : ".")}{(merge.Result is null ? " Planned, not carried out." : string.Empty)}";
    }

    private static IEnumerable<(string, string, string)> Tiles(ReportMerge merge)
    {
        MergePlan plan = merge.Plan;
        int merged = plan.Tensors.Count(t => t.Action == TensorAction.Merge);
        yield return ("Tensors merged", Figures.Whole(merged), $"{plan.Tensors.Count - merged} copied, {plan.LeftOut.Count} left out");
        yield return ("Parameters", Text.Count(plan.Tensors.Sum(t => t.Output.Count)), $"{Text.Bytes(plan.Layout.ByteLength)} in {Figures.Of(plan.Layout.Shards.Count, "file")}");
        if (merge.Result is not { } result)
        {
            yield return ("To read", Text.Bytes(plan.BytesToRead), $"about {Text.Bytes(plan.Memory.ExpectedBytes)} of memory");
            yield break;
        }

        if (result.Vectors.Count > 0 && result.Vectors.Any(v => v.KeptShare < 1))
            yield return ("Norm kept", $"{Figures.Percent(result.Vectors.Min(v => v.NormKept))} to {Figures.Percent(result.Vectors.Max(v => v.NormKept))}", $"in {Figures.Percent(result.Vectors.Average(v => v.KeptShare))} of the weights, on average");
        if (result.Overlaps.Count > 0)
            yield return ("Largest overlap", Figures.Percent(result.Overlaps.Max(o => o.ShareOfSmaller)), "of the smaller mask of a pair");
        yield return ("Time", Text.Time(result.Duration), $"{Text.Bytes(result.BytesPerSecond)}/s read and written");
        yield return ("Peak memory", Text.Bytes(result.PeakMemory), $"of the process, {Figures.Of(result.Threads, "thread")}");
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
