using CabsPs.Engine;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Cli.Output;

/// <summary>A checkpoint for a person.</summary>
internal static class InspectReport
{
    /// <summary>Writes what the headers say.</summary>
    /// <param name="streams">Where to.</param>
    /// <param name="model">The checkpoint.</param>
    /// <param name="every">Every tensor on a line of its own.</param>
    public static void Write(Streams streams, Checkpoint model, bool every)
    {
        var report = new Report();
        var facts = new Table();
        facts.Add("model", model.Path);
        facts.Add("architecture", string.Join(", ", new[] { model.Config?.Architecture, model.Config?.ModelType }.OfType<string>()) is { Length: > 0 } name ? name : "unknown (no config.json names it)");
        facts.Add("tensors", $"{model.Tensors.Count}{(model.TiesEmbeddings ? "; the output head shares the embedding" : string.Empty)}");
        facts.Add("parameters", $"{model.ParameterCount} ({Text.Count(model.ParameterCount)})");
        facts.Add("types", string.Join(", ", Types(model).Select(t => $"{t.Type} {Words.Percent(t.Share)}")));
        facts.Add("size", Text.Bytes(model.ByteLength));
        report.Add(facts);
        report.Add(Files(model));
        report.Add(every ? Every(model) : Folded(model));
        report.WriteTo(streams);
    }

    /// <summary>The types and which share of the parameters each has, largest first.</summary>
    public static IEnumerable<(DType Type, long Count, double Share)> Types(Checkpoint model) =>
        model.Tensors.GroupBy(t => t.Type).Select(g => (Type: g.Key, Count: g.Sum(t => t.Count)))
            .OrderByDescending(t => t.Count).Select(t => (t.Type, t.Count, t.Count / (double)Math.Max(1, model.ParameterCount)));

    private static Table Files(Checkpoint model)
    {
        var table = new Table("file", ">tensors", ">size");
        foreach (string file in model.Files)
            table.Add(Path.GetFileName(file), $"{model.Tensors.Count(t => t.File == file)}", Text.Bytes(new FileInfo(file).Length));
        return table;
    }

    private static Table Folded(Checkpoint model)
    {
        var table = new Table("tensor", "type", "shape", ">tensors", ">parameters");
        foreach ((string name, string[] facts, int count) in TensorFolding.Fold(model.Tensors.Select(t => (t.Name, new[] { t.Type.ToString(), t.ShapeText, $"{t.Count}" }))))
            table.Add(name, facts[0], facts[1], $"{count}", Text.Count(long.Parse(facts[2], System.Globalization.CultureInfo.InvariantCulture) * (double)count));
        return table;
    }

    private static Table Every(Checkpoint model)
    {
        var table = new Table("tensor", "type", "shape", ">parameters", "file");
        foreach (TensorInfo tensor in model.Tensors)
            table.Add(tensor.Name, tensor.Type.ToString(), tensor.ShapeText, $"{tensor.Count}", Path.GetFileName(tensor.File));
        return table;
    }
}
