using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CabsPs.Engine.Checkpoints;

/// <summary>A tensor of the result before it exists.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The type it is stored as.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Count">Its number of elements.</param>
public sealed record OutputTensor(string Name, DType Type, IReadOnlyList<long> Shape, long Count)
{
    /// <summary>Bytes of data.</summary>
    public long ByteLength => Count * Type.Size();
}

/// <summary>One file of the result: its header and the place of every tensor, known before the first byte is computed.</summary>
/// <param name="FileName">The file's name inside the result's folder.</param>
/// <param name="Header">The file's first bytes: length, JSON, padding.</param>
/// <param name="Offsets">Where each tensor's data begins, in bytes from the start of the file.</param>
/// <param name="ByteLength">The file's final size.</param>
public sealed record OutputShard(string FileName, byte[] Header, IReadOnlyDictionary<string, long> Offsets, long ByteLength);

/// <summary>Where every byte of a result goes: shards in the order of the tensors' names, named as transformers names them,
/// and their index. Depends on names, types and shapes alone.</summary>
public sealed class OutputLayout
{
    /// <summary>Shard size when none is asked for: 5 GB, as transformers 4 writes them.</summary>
    public const long DefaultShardBytes = 5_000_000_000;

    private static readonly JsonWriterOptions s_indented = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions s_compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private OutputLayout(IReadOnlyList<OutputShard> shards, byte[]? index, long tensorBytes)
    {
        Shards = shards;
        Index = index;
        TensorBytes = tensorBytes;
    }

    /// <summary>The files.</summary>
    public IReadOnlyList<OutputShard> Shards { get; }

    /// <summary>The text of model.safetensors.index.json, or null when one file holds everything.</summary>
    public byte[]? Index { get; }

    /// <summary>Bytes of all tensors, without headers.</summary>
    public long TensorBytes { get; }

    /// <summary>Bytes of all weight files and the index.</summary>
    public long ByteLength => Shards.Sum(s => s.ByteLength) + (Index?.Length ?? 0);

    /// <summary>Lays out a result.</summary>
    /// <param name="tensors">The tensors, in the order in which they fill the shards.</param>
    /// <param name="shardBytes">The most tensor bytes a file may hold; a larger tensor gets a file of its own.</param>
    public static OutputLayout Create(IReadOnlyList<OutputTensor> tensors, long shardBytes)
    {
        var groups = new List<List<OutputTensor>> { new() };
        long filled = 0, header = 0;
        foreach (OutputTensor tensor in tensors)
        {
            long entry = EntryBytes(tensor);
            if (groups[^1].Count > 0 && (filled + tensor.ByteLength > shardBytes || groups[^1].Count == SafetensorsHeader.MaxTensors || header + entry > SafetensorsHeader.MaxHeaderBytes))
            {
                groups.Add([]);
                (filled, header) = (0, 0);
            }

            groups[^1].Add(tensor);
            filled += tensor.ByteLength;
            header += entry;
        }

        var shards = new List<OutputShard>(groups.Count);
        for (int i = 0; i < groups.Count; i++)
        {
            string name = groups.Count == 1 ? "model.safetensors" : $"model-{i + 1:00000}-of-{groups.Count:00000}.safetensors";
            shards.Add(LayOut(name, groups[i]));
        }

        long total = tensors.Sum(t => t.ByteLength);
        return new OutputLayout(shards, groups.Count == 1 ? null : WriteIndex(shards, total), total);
    }

    // at least what a tensor takes in a header; a character of its name becomes six bytes at most
    private static long EntryBytes(OutputTensor tensor) => 128 + (6L * tensor.Name.Length) + (20L * tensor.Shape.Count);

    /// <summary>Lays out one file.</summary>
    /// <param name="fileName">Its name.</param>
    /// <param name="tensors">Its tensors.</param>
    /// <param name="note">An entry for the header's metadata.</param>
    internal static OutputShard LayOut(string fileName, IEnumerable<OutputTensor> tensors, (string Key, string Text)? note = null)
    {
        // wide types first keeps every tensor aligned to its element size; then by name, as the format's own writer does
        OutputTensor[] ordered = [.. tensors.OrderByDescending(t => t.Type.Size()).ThenBy(t => t.Name, StringComparer.Ordinal)];
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json, s_compact))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("__metadata__");
            writer.WriteString("format", "pt");
            if (note is { } extra)
                writer.WriteString(extra.Key, extra.Text);
            writer.WriteEndObject();
            long at = 0;
            foreach (OutputTensor tensor in ordered)
            {
                writer.WriteStartObject(tensor.Name);
                writer.WriteString("dtype", tensor.Type.ToString());
                writer.WriteStartArray("shape");
                foreach (long dimension in tensor.Shape)
                    writer.WriteNumberValue(dimension);
                writer.WriteEndArray();
                writer.WriteStartArray("data_offsets");
                writer.WriteNumberValue(at);
                writer.WriteNumberValue(at += tensor.ByteLength);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        int padded = (int)((json.Length + 7) / 8 * 8);
        byte[] header = new byte[8 + padded];
        BitConverter.TryWriteBytes(header, (ulong)padded);
        header.AsSpan(8).Fill((byte)' ');
        json.ToArray().CopyTo(header, 8);
        var offsets = new Dictionary<string, long>(ordered.Length, StringComparer.Ordinal);
        long offset = header.Length;
        foreach (OutputTensor tensor in ordered)
        {
            offsets.Add(tensor.Name, offset);
            offset += tensor.ByteLength;
        }

        return new OutputShard(fileName, header, offsets, offset);
    }

    private static byte[] WriteIndex(IReadOnlyList<OutputShard> shards, long totalBytes)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json, s_indented))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("metadata");
            writer.WriteNumber("total_size", totalBytes);
            writer.WriteEndObject();
            writer.WriteStartObject("weight_map");
            foreach ((string name, string file) in shards.SelectMany(s => s.Offsets.Keys.Select(n => (n, s.FileName))).OrderBy(e => e.n, StringComparer.Ordinal))
                writer.WriteString(name, file);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        json.Write(Encoding.UTF8.GetBytes("\n"));
        return json.ToArray();
    }
}
