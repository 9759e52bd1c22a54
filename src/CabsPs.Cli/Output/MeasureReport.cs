using CabsPs.Engine;
using CabsPs.Engine.Diagnostics;

namespace CabsPs.Cli.Output;

/// <summary>What task vectors keep and how they meet, for a person.</summary>
internal static class MeasureReport
{
    /// <summary>Writes a measurement.</summary>
    /// <param name="streams">Where to.</param>
    /// <param name="result">What was found.</param>
    /// <param name="every">Tensor by tensor too.</param>
    public static void Write(Streams streams, MeasureResult result, bool every)
    {
        var report = new Report();
        MeasuredPart total = result.Total;
        var vectors = new Table("expert", "sparsified", ">kept", ">share kept", ">norm", ">norm kept", ">CV blocks", ">CV rows", ">CV layers");
        foreach ((int i, MeasuredVector v) in total.Vectors.Index())
            vectors.Add(v.Name, result.Sparsifications[i] ?? "dense", Text.Count(v.Kept), Words.Percent(v.Density), Text.Significant(v.Norm), Words.Percent(v.NormKept), Variation(v.Balance.Blocks), Variation(v.Balance.Rows), Variation(v.Balance.Layers));
        report.Add(vectors);
        var pairs = new Table("overlap", ">shared", ">Jaccard", ">of the smaller", ">sign conflicts", ">cosine", ">cosine kept");
        foreach (MeasuredPair p in total.Pairs)
            pairs.Add($"{p.First} + {p.Second}", Text.Count(p.Shared), Text.Significant(p.Jaccard), Words.Percent(p.ShareOfSmaller), Words.Percent(p.ConflictShare), Text.Significant(p.Cosine), Text.Significant(p.CosineKept));
        report.Add(pairs);
        if (streams.OutIsTerminal)
            Draw(report, total);
        report.Add(Parts("norm kept by layer", result.Layers, result.Vectors));
        if (every)
            report.Add(Parts("norm kept by tensor", result.Tensors, result.Vectors));
        report.Add($"{Words.Of(result.Tensors.Count, "tensor")}, {Text.Count(total.Count)} weights, left out {result.LeftOut.Count}; read {Text.Bytes(result.BytesRead)} in {Text.Time(result.Duration)}, peak memory {Text.Bytes(result.PeakMemory)}, {Words.Of(result.Threads, "thread")}");
        report.WriteTo(streams);
    }

    /// <summary>Writes a study.</summary>
    public static void Write(Streams streams, StudyResult result)
    {
        var report = new Report();
        var rows = new Table(["n:m", "assignment", "order", .. result.Vectors.Select(v => $">{v}"), ">least", ">spread", ">Jaccard", ">of the smaller"]);
        foreach (StudyRow row in result.Rows)
            rows.Add([$"{row.N}:{row.M}", row.Assignment, row.Assignment == "sequential" ? string.Join(", ", row.Order) : "-", .. row.NormKept.Select(Words.Percent), Words.Percent(row.LeastNormKept), Words.Percent(row.Spread), Text.Significant(row.MeanJaccard), Words.Percent(row.MeanShareOfSmaller)]);
        report.Add(rows);
        var effects = new Table("n:m", "expert", ">orders", ">least", ">mean", ">most", ">order effect", ">joint");
        foreach (OrderEffect e in result.OrderEffects)
            effects.Add($"{e.N}:{e.M}", e.Vector, e.Orders.ToString(System.Globalization.CultureInfo.InvariantCulture), Words.Percent(e.Least), Words.Percent(e.Mean), Words.Percent(e.Most), Words.Percent(e.Effect), e.Joint is { } joint ? Words.Percent(joint) : "-");
        report.Add(effects);
        int tried = result.OrderEffects.Count == 0 ? 0 : result.OrderEffects[0].Orders;
        report.Add($"norm kept of each expert in {Words.Of(result.Rows.Count, "setting")}{(tried > 0 ? $", {tried} of {Text.Count(result.OrderCount)} orders" : string.Empty)}; read {Text.Bytes(result.BytesRead)} in {Text.Time(result.Duration)}");
        report.WriteTo(streams);
    }

    // what the tables above say, as pictures
    private static void Draw(Report report, MeasuredPart total)
    {
        string[] names = [.. total.Vectors.Select(v => v.Name)];
        var bars = new double[names.Length, 1];
        for (int i = 0; i < names.Length; i++)
            bars[i, 0] = total.Vectors[i].NormKept;
        var none = new Table("expert", ">norm kept");
        foreach (MeasuredVector v in total.Vectors)
            none.Add(v.Name, Words.Percent(v.NormKept));
        report.Add(new Drawing("norm kept", names, ["norm kept"], bars, true, none));
        if (names.Length < 2)
            return;
        report.Add(Matrix("overlap (Jaccard)", names, total.Matrix(p => p.Jaccard)));
        report.Add(Matrix("cosine of the task vectors", names, total.Matrix(p => p.Cosine)));
    }

    private static Drawing Matrix(string heading, string[] names, double[,] values) => new(heading, names, names, values, false, Figures(heading, names, names, values));

    private static Drawing Parts(string heading, IReadOnlyList<MeasuredPart> parts, IReadOnlyList<string> vectors)
    {
        var values = new double[parts.Count, vectors.Count];
        for (int r = 0; r < parts.Count; r++)
        {
            for (int c = 0; c < vectors.Count; c++)
                values[r, c] = parts[r].Vectors.FirstOrDefault(v => v.Name == vectors[c])?.NormKept ?? double.NaN;
        }

        string[] names = [.. parts.Select(p => p.Name)];
        return new Drawing(heading, names, vectors, values, false, Figures(heading, names, vectors, values));
    }

    private static Table Figures(string heading, IReadOnlyList<string> rows, IReadOnlyList<string> columns, double[,] values)
    {
        var table = new Table([heading, .. columns.Select(c => $">{c}")]);
        for (int r = 0; r < rows.Count; r++)
            table.Add([rows[r], .. columns.Select((_, c) => double.IsNaN(values[r, c]) ? "-" : Text.Significant(values[r, c]))]);
        return table;
    }

    private static string Variation(double? value) => value is { } known ? Text.Significant(known) : "-";
}
