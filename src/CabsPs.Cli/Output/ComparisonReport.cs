using CabsPs.Engine;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Diagnostics;

namespace CabsPs.Cli.Output;

/// <summary>How two checkpoints differ, for a person.</summary>
internal static class ComparisonReport
{
    /// <summary>Writes the tensors that differ and the totals.</summary>
    /// <param name="streams">Where to.</param>
    /// <param name="result">What was found.</param>
    /// <param name="every">Equal tensors too.</param>
    public static void Write(Streams streams, ComparisonResult result, bool every)
    {
        var report = new Report();
        var facts = new Table();
        facts.Add("A", result.First.Path);
        facts.Add("B", result.Second.Path);
        report.Add(facts);
        var table = new Table("tensor", "result", "type", "shape", ">max", ">mean", ">changed");
        foreach (TensorDifference tensor in result.Tensors.Where(t => every || t.Kind != DifferenceKind.Equal || t.TypesDiffer))
            table.Add([tensor.Name, Words.Of(tensor.Kind), Both(tensor, t => t.Type.ToString()), Both(tensor, t => t.ShapeText), .. Figures(tensor.Figures)]);
        if (table.Rows.Count > 0)
            table.Add(["total", result.AreEqual ? "equal" : "differ", string.Empty, string.Empty, .. Figures(result.Total)]);
        report.Add(table);
        string counts = string.Join(", ", result.Tensors.GroupBy(t => t.Kind).OrderBy(g => g.Key).Select(g => $"{g.Count()} {Words.Of(g.Key)}"));
        int types = result.Tensors.Count(t => t.TypesDiffer && t.Figures is not null);
        report.Add($"{Words.Of(result.Tensors.Count, "tensor")}: {counts}{(types > 0 ? $"; {types} compared across types" : string.Empty)}");
        DifferenceFigures total = result.Total;
        report.Add($"{Words.Of(total.Count, "value")}: {total.Changed} changed ({Words.Percent(total.ChangedShare)}){(result.Tolerance > 0 ? $" by more than {Text.Significant(result.Tolerance)}" : string.Empty)}, max {Number(total.Maximum)}, mean {Number(total.Mean)}");
        report.WriteTo(streams);
    }

    private static string Both(TensorDifference tensor, Func<TensorInfo, string> fact)
    {
        string[] facts = [.. new[] { tensor.First, tensor.Second }.OfType<TensorInfo>().Select(fact).Distinct()];
        return string.Join(" / ", facts);
    }

    private static string[] Figures(DifferenceFigures? figures) =>
        figures is null ? ["-", "-", "-"] : [Number(figures.Maximum), Number(figures.Mean), Words.Percent(figures.ChangedShare)];

    private static string Number(double value) => double.IsFinite(value) ? Text.Significant(value) : "infinite";
}
