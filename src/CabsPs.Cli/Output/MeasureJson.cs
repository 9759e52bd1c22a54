using System.Text.Json;
using CabsPs.Engine.Diagnostics;

namespace CabsPs.Cli.Output;

/// <summary>What task vectors keep and how they meet, for a program.</summary>
internal static class MeasureJson
{
    /// <summary>Writes a measurement.</summary>
    public static void Write(Streams streams, MeasureResult result) => Json.Write(streams, json =>
    {
        json.WriteString("base", result.BasePath);
        json.WriteString("method", result.Method);
        json.Objects("experts", result.Vectors.Index(), v =>
        {
            json.WriteString("name", v.Item);
            json.WriteString("sparsified", result.Sparsifications[v.Index]);
        });
        json.WriteStartObject("total");
        Part(json, result.Total);
        json.WriteEndObject();
        json.Objects("layers", result.Layers, part => Part(json, part));
        json.Objects("tensors", result.Tensors, part => Part(json, part));
        json.Objects("leftOut", result.LeftOut, t =>
        {
            json.WriteString("model", t.Model);
            json.WriteString("tensor", t.Tensor);
            json.WriteString("reason", t.Reason);
        });
        json.Strings("warnings", result.Warnings);
        json.Number("seconds", result.Duration.TotalSeconds);
        json.WriteNumber("bytesRead", result.BytesRead);
        json.WriteNumber("peakMemory", result.PeakMemory);
        json.WriteNumber("threads", result.Threads);
    });

    /// <summary>Writes a study.</summary>
    public static void Write(Streams streams, StudyResult result) => Json.Write(streams, json =>
    {
        json.WriteString("base", result.BasePath);
        json.Strings("experts", result.Vectors);
        json.Number("orders", result.OrderCount);
        json.Objects("rows", result.Rows, row =>
        {
            json.WriteNumber("n", row.N);
            json.WriteNumber("m", row.M);
            json.WriteString("assignment", row.Assignment);
            json.Strings("order", row.Order);
            Numbers(json, "normKept", result.Vectors, row.NormKept);
            Numbers(json, "density", result.Vectors, row.Density);
            json.Objects("overlaps", row.Pairs, pair =>
            {
                json.WriteString("first", pair.First);
                json.WriteString("second", pair.Second);
                json.WriteNumber("shared", pair.Shared);
                json.Number("jaccard", pair.Jaccard);
                json.Number("shareOfSmaller", pair.ShareOfSmaller);
            });
        });
        json.Objects("orderEffects", result.OrderEffects, e =>
        {
            json.WriteNumber("n", e.N);
            json.WriteNumber("m", e.M);
            json.WriteString("expert", e.Vector);
            json.WriteNumber("orders", e.Orders);
            json.Number("least", e.Least);
            json.Number("mean", e.Mean);
            json.Number("most", e.Most);
            json.Optional("joint", e.Joint);
        });
        json.Strings("warnings", result.Warnings);
        json.Number("seconds", result.Duration.TotalSeconds);
        json.WriteNumber("bytesRead", result.BytesRead);
    });

    private static void Part(Utf8JsonWriter json, MeasuredPart part)
    {
        json.WriteString("name", part.Name);
        json.WriteNumber("weights", part.Count);
        json.Objects("experts", part.Vectors, v =>
        {
            json.WriteString("name", v.Name);
            json.WriteNumber("weights", v.Count);
            json.WriteNumber("kept", v.Kept);
            json.Number("density", v.Density);
            json.Number("norm", v.Norm);
            json.Number("normKept", v.NormKept);
            json.Optional("blockVariation", v.Balance.Blocks);
            json.Optional("rowVariation", v.Balance.Rows);
            json.Optional("layerVariation", v.Balance.Layers);
        });
        json.Objects("overlaps", part.Pairs, p =>
        {
            json.WriteString("first", p.First);
            json.WriteString("second", p.Second);
            json.WriteNumber("shared", p.Shared);
            json.Number("jaccard", p.Jaccard);
            json.Number("shareOfSmaller", p.ShareOfSmaller);
            json.WriteNumber("signConflicts", p.SignConflicts);
            json.Number("conflictShare", p.ConflictShare);
            json.Number("cosine", p.Cosine);
            json.Number("cosineKept", p.CosineKept);
        });
    }

    /// <summary>Numbers by name.</summary>
    public static void Numbers(Utf8JsonWriter json, string name, IReadOnlyList<string> names, IReadOnlyList<double> values)
    {
        json.WriteStartObject(name);
        for (int i = 0; i < names.Count; i++)
            json.Number(names[i], values[i]);
        json.WriteEndObject();
    }

    private static void Optional(this Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
            json.Number(name, number);
        else
            json.WriteNull(name);
    }
}
