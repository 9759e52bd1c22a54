using CabsPs.Engine.Diagnostics;
using CabsPs.Engine.Reports.Charts;

namespace CabsPs.Engine.Reports.Sections;

/// <summary>What the order of assignment does: the norm kept of each expert over all orders tried, and every setting in a table.</summary>
internal sealed class StudySection : Section
{
    private const int MostListed = 400;

    public override string Id => "order";

    public override string Title => "What the order does";

    public override bool AppliesTo(ReportContent content) => content.Studies.Any(s => s.Result.Rows.Count > 0);

    public override void Write(Markup page, ReportContent content)
    {
        foreach (ReportStudy study in content.Studies.Where(s => s.Result.Rows.Count > 0))
        {
            Heading(page, study.Name, content.Studies.Count);
            Write(page, study.Result);
        }
    }

    private static void Write(Markup page, StudyResult study)
    {
        if (study.OrderEffects.MaxBy(e => e.Effect) is { } worst)
        {
            page.Element("p", $"The place in the order decides most for {Markup.Short(worst.Vector, 60)} at {worst.N}:{worst.M}: it keeps between {Figures.Percent(worst.Least)} and {Figures.Percent(worst.Most)} of its norm over {Figures.Of(worst.Orders, "order")}{(worst.Joint is { } joint ? $"; joint assignment, which has no order, leaves it {Figures.Percent(joint)}" : string.Empty)}.", ("class", "lede"));
            var data = new DataTable("Norm kept over the orders", "expert", "n:m", ">orders", ">least", ">mean", ">most", ">effect", ">joint");
            foreach (OrderEffect effect in study.OrderEffects)
                data.Add(effect.Vector, $"{effect.N}:{effect.M}", $"{effect.Orders}", Figures.Percent(effect.Least), Figures.Percent(effect.Mean), Figures.Percent(effect.Most), Figures.Percent(effect.Effect), effect.Joint is { } value ? Figures.Percent(value) : "–");
            new IntervalChart
            {
                Title = "Norm kept over the orders",
                Description = "The line runs from the worst place in the order to the best, the dot is the mean over the orders.",
                Data = data,
                Intervals = [.. study.OrderEffects.OrderBy(e => e.N / (double)e.M).Select(e => new IntervalRow(e.Vector, e.Mean, e.Least, e.Most, $"{e.N}:{e.M}", e.Joint is { } value ? $"joint {Figures.Percent(value)}" : string.Empty))],
                Value = Figures.Share,
            }.Write(page);
        }

        var table = new DataTable("Every setting", ["assignment", "n:m", "order", .. study.Vectors.Select(v => $">{v}"), ">least", ">spread", ">mean Jaccard"]);
        foreach (StudyRow row in study.Rows.Take(MostListed))
        {
            string order = row.Assignment == "sequential" ? string.Join(" → ", row.Order) : "–";
            table.Add([row.Assignment, $"{row.N}:{row.M}", order, .. row.NormKept.Select(Figures.Percent), Figures.Percent(row.LeastNormKept), Figures.Percent(row.Spread), Figures.Percent(row.MeanJaccard)]);
        }

        if (table.Count <= 12)
            table.Write(page);
        else
            table.WriteFolded(page, study.Rows.Count > MostListed ? $"The first {MostListed} of {study.Rows.Count} settings" : $"All {study.Rows.Count} settings: norm kept of every expert");
    }
}
