using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Integrity;

/// <summary>A small file of a result: config.json, an index, a tokenizer's.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ByteLength">Its size.</param>
/// <param name="Hash">The hash of its bytes.</param>
public sealed record ManifestFile(string Name, long ByteLength, Digest Hash);

/// <summary>A weight file of a result.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ByteLength">Its size.</param>
/// <param name="Header">The hash of its header; its tensors have hashes of their own.</param>
/// <param name="Sha256">Its SHA-256 in hexadecimal digits, where it was asked for.</param>
public sealed record ManifestWeights(string Name, long ByteLength, Digest Header, string? Sha256);

/// <summary>cabs.json: what a result was made of and how, and the hash of everything in it. Nothing in it depends on threads, times or the
/// name of the result's folder: the same merge writes the same bytes. Its last member is the hash of its own bytes, taken with
/// zeros in that place.</summary>
public sealed class MergeManifest
{
    /// <summary>The file's name.</summary>
    public const string FileName = "cabs.json";

    private const int DigestLength = 32;
    private const int LongestName = 255;
    private const int MaxFiles = 100_000;
    private const int MaxBytes = SafetensorsHeader.MaxHeaderBytes;

    // a member that stands twice would be read as one thing here and as another elsewhere
    private static readonly JsonDocumentOptions s_strict = new() { MaxDepth = 32, AllowDuplicateProperties = false };
    private static readonly byte[] s_end = Encoding.ASCII.GetBytes("\"\n}\n");
    private static readonly JsonWriterOptions s_compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions s_indented = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private MergeManifest(JsonElement root)
    {
        Root = root;
        var names = new HashSet<string>(StringComparer.Ordinal);
        Weights = [.. root.GetProperty("weights").EnumerateArray().Select(w => new ManifestWeights(NameOf(w, names), w.GetProperty("bytes").GetInt64(), DigestOf(w, "header"), w.TryGetProperty("sha256", out _) ? TextOf(w, "sha256") : null))];
        Files = [.. root.GetProperty("files").EnumerateArray().Select(f => new ManifestFile(NameOf(f, names), f.GetProperty("bytes").GetInt64(), DigestOf(f, "xxh128")))];
        if (names.Count > MaxFiles)
            throw new FormatException("more files than a result has");
        var tensors = new Dictionary<string, Digest>(StringComparer.Ordinal);
        var inputs = new Dictionary<string, IReadOnlyList<Digest>>(StringComparer.Ordinal);
        foreach (JsonElement tensor in root.GetProperty("tensors").EnumerateArray())
        {
            string name = TextOf(tensor, "name");
            inputs[name] = [.. tensor.GetProperty("inputs").EnumerateArray().Select(i => DigestOf(i, "xxh128"))];
            if (!tensors.TryAdd(name, DigestOf(tensor, "xxh128")))
                throw new FormatException(name);
        }

        (Tensors, Inputs) = (tensors, inputs);
        Vectors = [.. root.GetProperty("vectors").EnumerateArray().Select(v => new VectorSummary(TextOf(v, "name"), Number(v, "weight"), v.GetProperty("kept").GetInt64(), Number(v, "keptShare"), Number(v, "normKept")))];
        Overlaps = [.. root.GetProperty("overlaps").EnumerateArray().Select(p => new PairSummary(TextOf(p, "first"), TextOf(p, "second"), p.GetProperty("shared").GetInt64(), Number(p, "jaccard"), Number(p, "shareOfSmaller")))];
    }

    /// <summary>The weight files.</summary>
    public IReadOnlyList<ManifestWeights> Weights { get; }

    /// <summary>The small files.</summary>
    public IReadOnlyList<ManifestFile> Files { get; }

    /// <summary>Per tensor the hash of its bytes.</summary>
    public IReadOnlyDictionary<string, Digest> Tensors { get; }

    /// <summary>The file as it is.</summary>
    internal JsonElement Root { get; }

    /// <summary>Reads the manifest of a folder; null where there is none.</summary>
    /// <param name="folder">A result.</param>
    /// <exception cref="CabsException">It cannot be read, is not one, or its bytes are not those that were written.</exception>
    public static MergeManifest? Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            return null;
        try
        {
            byte[] bytes = InputFile.ReadAll(path, MaxBytes, CabsError.CheckpointInvalid);
            if (!IsIntact(bytes))
                throw new CabsException(CabsError.CheckpointInvalid, $"{path}: is damaged; its bytes are not those that were written", path);
            // lives as long as the manifest
            return new MergeManifest(JsonDocument.Parse(bytes, s_strict).RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new CabsException(CabsError.CheckpointInvalid, $"{path}: is not a manifest of this program", path, e);
        }
    }

    /// <summary>Writes a manifest.</summary>
    /// <param name="plan">The merge.</param>
    /// <param name="identity">Its identity.</param>
    /// <param name="records">What is known of the plan's tensors, in their order.</param>
    /// <param name="files">The small files.</param>
    /// <param name="sha256">Per weight file its SHA-256; empty where it was not asked for.</param>
    /// <param name="vectors">What was kept of the task vectors.</param>
    /// <param name="overlaps">How their masks overlap.</param>
    internal static byte[] Write(MergePlan plan, PlanIdentity identity, IReadOnlyList<TensorRecord> records, IEnumerable<ManifestFile> files, IReadOnlyDictionary<string, string> sha256, IReadOnlyList<VectorSummary> vectors, IReadOnlyList<PairSummary> overlaps)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, s_indented))
        {
            json.WriteStartObject();
            identity.Write(json, shard =>
            {
                if (sha256.TryGetValue(shard.FileName, out string? hash))
                    json.WriteString("sha256", hash);
            });
            json.WriteString("recipe", plan.Options.RecipeText);
            Lines(json, "files", files, (line, file) =>
            {
                line.WriteString("name", file.Name);
                line.WriteNumber("bytes", file.ByteLength);
                line.WriteString("xxh128", file.Hash.ToString());
            });
            Lines(json, "vectors", vectors, (line, vector) =>
            {
                line.WriteString("name", vector.Name);
                Number(line, "weight", vector.Weight);
                line.WriteNumber("kept", vector.Kept);
                Number(line, "keptShare", vector.KeptShare);
                Number(line, "normKept", vector.NormKept);
            });
            Lines(json, "overlaps", overlaps, (line, pair) =>
            {
                line.WriteString("first", pair.First);
                line.WriteString("second", pair.Second);
                line.WriteNumber("shared", pair.Shared);
                Number(line, "jaccard", pair.Jaccard);
                Number(line, "shareOfSmaller", pair.ShareOfSmaller);
            });
            WriteTensors(json, plan, identity, records);
            Lines(json, "leftOut", plan.LeftOut, (line, tensor) =>
            {
                line.WriteString("model", tensor.Model);
                line.WriteString("tensor", tensor.Tensor);
                line.WriteString("reason", tensor.Reason);
            });
            json.WriteString("xxh128", new string('0', DigestLength));
            json.WriteEndObject();
        }

        byte[] bytes = [.. buffer.WrittenSpan, (byte)'\n'];
        Encoding.ASCII.GetBytes(Digest.Of(bytes).ToString()).CopyTo(Own(bytes));
        return bytes;
    }

    /// <summary>What was kept of the task vectors.</summary>
    internal IReadOnlyList<VectorSummary> Vectors { get; }

    /// <summary>How their masks overlap.</summary>
    internal IReadOnlyList<PairSummary> Overlaps { get; }

    /// <summary>Per tensor the hashes of what it was made of.</summary>
    internal IReadOnlyDictionary<string, IReadOnlyList<Digest>> Inputs { get; }

    private static void WriteTensors(Utf8JsonWriter json, MergePlan plan, PlanIdentity identity, IReadOnlyList<TensorRecord> records)
    {
        Dictionary<string, int> fileOf = identity.Inputs.Select((f, i) => (f.Path, i)).ToDictionary(f => f.Path, f => f.i, StringComparer.Ordinal);
        Lines(json, "tensors", plan.Tensors.Zip(records), (line, entry) =>
        {
            (TensorPlan tensor, TensorRecord record) = entry;
            line.WriteString("name", tensor.Output.Name);
            line.WriteString("action", tensor.Action switch { TensorAction.Merge => "merge", TensorAction.Copy => "copy", _ => "copyIfEqual" });
            line.WriteString("dtype", tensor.Output.Type.ToString());
            line.WriteStartArray("shape");
            foreach (long dimension in tensor.Output.Shape)
                line.WriteNumberValue(dimension);
            line.WriteEndArray();
            line.WriteString("xxh128", record.Output.ToString());
            line.WriteStartArray("inputs");
            foreach ((TensorInfo input, Digest hash) in tensor.Read.Zip(record.Inputs))
            {
                line.WriteStartObject();
                line.WriteNumber("file", fileOf[input.File]);
                line.WriteString("name", input.Name);
                line.WriteString("xxh128", hash.ToString());
                line.WriteEndObject();
            }

            line.WriteEndArray();
        });
    }

    // an entry a line: a model has thousands of tensors
    private static void Lines<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<Utf8JsonWriter, T> members)
    {
        json.WriteStartArray(name);
        var buffer = new ArrayBufferWriter<byte>();
        using var line = new Utf8JsonWriter(buffer, s_compact);
        foreach (T item in items)
        {
            buffer.ResetWrittenCount();
            buffer.Write("\n    "u8);
            line.Reset();
            line.WriteStartObject();
            members(line, item);
            line.WriteEndObject();
            line.Flush();
            json.WriteRawValue(buffer.WrittenSpan, skipInputValidation: true);
        }

        json.WriteEndArray();
    }

    private static void Number(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
            json.WriteNumber(name, value);
        else
            json.WriteString(name, double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    }

    private static Span<byte> Own(byte[] bytes) => bytes.AsSpan(bytes.Length - s_end.Length - DigestLength, DigestLength);

    private static bool IsIntact(byte[] bytes)
    {
        if (bytes.Length < s_end.Length + DigestLength || !bytes.AsSpan().EndsWith(s_end))
            return false;
        string own = Encoding.ASCII.GetString(Own(bytes));
        Own(bytes).Fill((byte)'0');
        bool same = Digest.Of(bytes).ToString() == own;
        Encoding.ASCII.GetBytes(own).CopyTo(Own(bytes));
        return same;
    }

    // files of the same folder, each once: a manifest from a stranger names no others
    private static string NameOf(JsonElement file, HashSet<string> names) =>
        TextOf(file, "name") is var name && name == Path.GetFileName(name) && name is not ("" or "." or "..") && name.Length <= LongestName && !name.Contains('\\') && !name.Any(char.IsControl) && names.Add(name) ? name : throw new FormatException(name);

    private static string TextOf(JsonElement element, string name) => element.GetProperty(name).GetString() ?? throw new FormatException(name);

    private static Digest DigestOf(JsonElement element, string name) => Digest.TryParse(TextOf(element, name), out Digest digest) ? digest : throw new FormatException(name);

    private static double Number(JsonElement element, string name) => element.GetProperty(name) is { ValueKind: JsonValueKind.Number } number
        ? number.GetDouble()
        : TextOf(element, name) switch { "NaN" => double.NaN, "Infinity" => double.PositiveInfinity, "-Infinity" => double.NegativeInfinity, _ => throw new FormatException(name) };
}
