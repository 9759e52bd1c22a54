using CabsPs.Engine.Diagnostics;

namespace CabsPs.Engine.Reports.Sections;

/// <summary>How evenly the weights that stay are spread: over blocks, rows and layers.</summary>
internal sealed class BalanceSection : Section
{
    public override string Id => "balance";

    public override string Title => "Balance";

    public override bool AppliesTo(ReportContent content) => Sparse(content).Any();

    public override void Write(Markup page, ReportContent content)
    {
        page.Element("p", "How unevenly a mask keeps: the coefficient of variation (standard deviation over mean) of the share kept, over blocks of consecutive weights, over rows and over layers. 0 is perfectly even.");
        foreach (ReportMeasurement measurement in Sparse(content))
        {
            Heading(page, measurement.Name, Sparse(content).Count());
            MeasureResult measure = measurement.Result;
            var table = new DataTable("Unevenness of what is kept", "expert", ">over blocks", ">over rows", ">over layers");
            foreach (MeasuredVector vector in measure.Total.Vectors)
                table.Add(vector.Name, Variation(vector.Balance.Blocks), Variation(vector.Balance.Rows), Variation(vector.Balance.Layers));
            table.Write(page);
            MeasuredPart[] others = [.. measure.Layers.Where(l => l.Layer is null)];
            foreach (LayerStack stack in LayerStack.Of(measure))
            {
                Draw(page, stack, measure, "Weights kept by layer", "The share of a layer's weights that stays. Level lines are an even spread over the layers.", v => v.Density, Figures.Percent, others);
                Draw(page, stack, measure, "Unevenness over rows, by layer", "Coefficient of variation of the share kept, over the rows of a layer's matrices.", v => v.Balance.Rows, Figures.Number, others);
                Draw(page, stack, measure, "Unevenness over blocks, by layer", "The same over blocks of consecutive weights; CABS keeps it at 0, except where zeros leave a block without enough to keep.", v => v.Balance.Blocks, Figures.Number, others);
            }
        }
    }

    private static IEnumerable<ReportMeasurement> Sparse(ReportContent content) => content.Measurements.Where(m => m.Result.Total.Vectors.Any(v => v.Density < 1));

    private static void Draw(Markup page, LayerStack stack, MeasureResult measure, string title, string description, Func<MeasuredVector, double?> figure, Func<double, string> write, MeasuredPart[] others)
    {
        double Of(MeasuredPart part, string name) => part.Vectors.FirstOrDefault(v => v.Name == name) is { } vector ? figure(vector) ?? double.NaN : double.NaN;
        double[] values = [.. stack.Layers.SelectMany(l => measure.Vectors.Select(n => Of(l, n))).Where(double.IsFinite)];
        // a drawing of nothing but zeros, or of nothing, is a sentence
        if (values.Length > 0 && values.All(v => v == 0))
            page.Element("p", $"{title}: 0 everywhere.");
        else if (values.Length > 0)
            stack.Draw(page, title, description, measure.Vectors, Of, write, others);
    }

    private static string Variation(double? value) => value is { } known ? Figures.Number(known) : "–";
}
