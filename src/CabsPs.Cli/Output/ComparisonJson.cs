using System.Text.Json;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Diagnostics;

namespace CabsPs.Cli.Output;

/// <summary>How two checkpoints differ, for a program.</summary>
internal static class ComparisonJson
{
    /// <summary>Writes all tensors and the totals.</summary>
    public static void Write(Streams streams, ComparisonResult result) => Json.Write(streams, json =>
    {
        json.WriteString("a", result.First.Path);
        json.WriteString("b", result.Second.Path);
        json.Number("tolerance", result.Tolerance);
        json.WriteBoolean("equal", result.AreEqual);
        json.Strings("onlyInA", result.Tensors.Where(t => t.Kind == DifferenceKind.OnlyInFirst).Select(t => t.Name));
        json.Strings("onlyInB", result.Tensors.Where(t => t.Kind == DifferenceKind.OnlyInSecond).Select(t => t.Name));
        json.WriteStartObject("total");
        Figures(json, result.Total);
        json.WriteEndObject();
        json.Objects("tensors", result.Tensors, tensor =>
        {
            json.WriteString("name", tensor.Name);
            json.WriteString("result", Words.Key(Words.Of(tensor.Kind)));
            Side(json, "a", tensor.First);
            Side(json, "b", tensor.Second);
            if (tensor.Figures is { } figures)
                Figures(json, figures);
        });
    });

    private static void Side(Utf8JsonWriter json, string name, TensorInfo? tensor)
    {
        if (tensor is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        json.WriteString("dtype", tensor.Type.ToString());
        json.Shape(tensor.Shape);
        json.WriteEndObject();
    }

    private static void Figures(Utf8JsonWriter json, DifferenceFigures figures)
    {
        json.WriteNumber("values", figures.Count);
        json.WriteNumber("changed", figures.Changed);
        json.Number("changedShare", figures.ChangedShare);
        json.Number("max", figures.Maximum);
        json.Number("mean", figures.Mean);
    }
}
