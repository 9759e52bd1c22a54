using System.Buffers;
using System.Text;
using System.Text.Json;
using CabsPs.Engine.Merging;

namespace CabsPs.Cli.Output;

/// <summary>Writes one JSON document to standard output, and the parts that several documents share. Everything outside ASCII is
/// escaped, so that no terminal or pipe can spoil it.</summary>
internal static class Json
{
    private static readonly JsonWriterOptions s_options = new() { Indented = true, NewLine = "\n" };

    /// <summary>Writes an object.</summary>
    public static void Write(Streams streams, Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, s_options))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        streams.Out.Write(Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n");
    }

    /// <summary>A number; infinity and NaN, which JSON lacks, as strings.</summary>
    public static void Number(this Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
            json.WriteNumber(name, value);
        else
            json.WriteString(name, double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    }

    /// <summary>A list of objects.</summary>
    public static void Objects<T>(this Utf8JsonWriter json, string name, IEnumerable<T> items, Action<T> members)
    {
        json.WriteStartArray(name);
        foreach (T item in items)
        {
            json.WriteStartObject();
            members(item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>A list of texts.</summary>
    public static void Strings(this Utf8JsonWriter json, string name, IEnumerable<string> items)
    {
        json.WriteStartArray(name);
        foreach (string item in items)
            json.WriteStringValue(item);
        json.WriteEndArray();
    }

    /// <summary>A tensor's dimensions.</summary>
    public static void Shape(this Utf8JsonWriter json, IReadOnlyList<long> shape)
    {
        // a raw value keeps a shape on one line
        json.WritePropertyName("shape");
        json.WriteRawValue($"[{string.Join(", ", shape)}]");
    }

    /// <summary>What happens or happened to the tensors, what was left out, and the warnings.</summary>
    public static void Tensors(this Utf8JsonWriter json, IReadOnlyList<TensorPlan> tensors, IReadOnlyList<LeftOutTensor> leftOut, IReadOnlyList<string> warnings)
    {
        json.WriteStartObject("actions");
        foreach (TensorAction action in Enum.GetValues<TensorAction>())
            json.WriteNumber(Words.Key(Words.Of(action)), tensors.Count(t => t.Action == action));
        json.WriteNumber("leftOut", leftOut.Count);
        json.WriteEndObject();
        json.Objects("tensors", tensors, t =>
        {
            json.WriteString("name", t.Output.Name);
            json.WriteString("action", Words.Key(Words.Of(t.Action)));
            json.WriteString("dtype", t.Output.Type.ToString());
            json.Shape(t.Output.Shape);
            json.WriteNumber("parameters", t.Output.Count);
            json.Strings("inputTypes", t.Sources.Select(i => i.Type).Distinct().Select(type => type.ToString()));
        });
        json.Objects("leftOut", leftOut, t =>
        {
            json.WriteString("model", t.Model);
            json.WriteString("tensor", t.Tensor);
            json.WriteString("reason", t.Reason);
        });
        json.Strings("warnings", warnings);
    }
}
