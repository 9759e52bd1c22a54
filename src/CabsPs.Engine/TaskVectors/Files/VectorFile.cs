using System.Globalization;
using System.Text.Json;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.TaskVectors.Files;

/// <summary>What a task vector's file says of one tensor.</summary>
/// <param name="Type">The type that the model (and those it was sparsified with) stored it as; results take theirs from it.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Kept">How many weights are kept.</param>
/// <param name="Energy">‖δ‖² before anything was dropped; null for a dense vector.</param>
/// <param name="Factor">What the kept weights are multiplied by besides λ.</param>
/// <param name="Block">Weights that were decided on together.</param>
public sealed record VectorTensor(DType Type, IReadOnlyList<long> Shape, long Kept, double? Energy, double Factor, int Block)
{
    /// <summary>Its number of weights.</summary>
    public long Count => Shape.Aggregate(1L, (count, dimension) => count * dimension);
}

/// <summary>A task vector as a safetensors file: the deltas as they are or packed, and in the header's metadata what else is needed to
/// merge it as if it were taken from its models again.</summary>
/// <remarks>Every tensor stands under its own name where it is stored whole; packed, as <c>NAME.values</c>, <c>NAME.mask</c> and
/// <c>NAME.ranks</c>, see <see cref="StoredDelta"/>.</remarks>
public sealed class VectorFile
{
    internal const string MetadataKey = "cabs_task_vector";
    private const int Version = 1;
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 8 };

    private VectorFile(string path) => Path = path;

    /// <summary>The full path.</summary>
    public string Path { get; }

    /// <summary>The vector's name.</summary>
    public required string Name { get; init; }

    /// <summary>λ unless a merge says otherwise; null restores the norm that sparsification took.</summary>
    public required double? Weight { get; init; }

    /// <summary>Whether only kept weights are stored.</summary>
    public required bool IsPacked { get; init; }

    /// <summary>How it was sparsified; null for a dense vector.</summary>
    public required string? Sparsification { get; init; }

    /// <summary>What its base looks like, see <see cref="BaseFingerprint"/>.</summary>
    public required string Base { get; init; }

    /// <summary>Its tensors.</summary>
    public required IReadOnlyDictionary<string, VectorTensor> Tensors { get; init; }

    /// <summary>Names of tensors that are not floating point and were the same in model and base.</summary>
    public required IReadOnlyList<string> Agreed { get; init; }

    /// <summary>Where the deltas are.</summary>
    internal IReadOnlyDictionary<string, StoredDelta> Places { get; private set; } = new Dictionary<string, StoredDelta>();

    /// <summary>Whether a path leads to a task vector's file.</summary>
    internal static bool IsAt(string path) =>
        File.Exists(path) && path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) && SafetensorsHeader.ReadMetadata(path).ContainsKey(MetadataKey);

    /// <summary>Opens a file; reads its header alone.</summary>
    /// <exception cref="CabsException">It cannot be read, is not a task vector, or contradicts itself.</exception>
    public static VectorFile Open(string path)
    {
        Checkpoint raw = Checkpoint.Open(path);
        if (raw.Folder is not null || !SafetensorsHeader.ReadMetadata(raw.Path).TryGetValue(MetadataKey, out string? text))
            throw Invalid(path, "is not a task vector; give a file that Export-TaskVector wrote");
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, s_options);
            VectorFile file = Parse(raw.Path, document.RootElement);
            file.Places = file.Tensors.ToDictionary(t => t.Key, t => file.PlaceOf(raw, t.Key, t.Value), StringComparer.Ordinal);
            return file;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException)
        {
            throw Invalid(path, $"its metadata cannot be read as a task vector's: {e.Message}", e);
        }
    }

    /// <summary>The vector as a model of which only differences from a base are known.</summary>
    /// <param name="origin">The base.</param>
    /// <exception cref="CabsException">It was taken from another base.</exception>
    public Checkpoint Over(Checkpoint origin)
    {
        if (BaseFingerprint.Of(origin, Tensors.Keys) != Base)
            throw new CabsException(CabsError.BaseMismatch, $"{Path}: was not taken from {origin.Path}; give the base that {Name} was fine-tuned from", origin.Path);
        return Checkpoint.Differences(Path, Tensors
            .Select(t => new TensorInfo(t.Key, t.Value.Type, t.Value.Shape, t.Value.Count, Path, 0) { Delta = Places[t.Key] })
            .Concat(Agreed.Select(origin.Find).OfType<TensorInfo>()));
    }

    /// <summary>The text that goes into the header.</summary>
    internal static string Write(string name, TaskVector vector, bool packed, string origin, IReadOnlyDictionary<string, VectorTensor> tensors, IEnumerable<string> agreed)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteNumber("version", Version);
            writer.WriteString("name", name);
            writer.WriteString("weight", vector.Weight is { } weight ? Number(weight) : null);
            writer.WriteBoolean("packed", packed);
            writer.WriteString("sparsification", vector.Group is { } group ? group.Sparsifier.Describe(group.Parameters) : null);
            writer.WriteString("base", origin);
            writer.WriteStartObject("tensors");
            foreach ((string tensor, VectorTensor facts) in tensors.OrderBy(t => t.Key, NaturalOrder.Instance))
            {
                writer.WriteStartObject(tensor);
                writer.WriteString("type", facts.Type.ToString());
                writer.WriteStartArray("shape");
                foreach (long dimension in facts.Shape)
                    writer.WriteNumberValue(dimension);
                writer.WriteEndArray();
                writer.WriteNumber("kept", facts.Kept);
                writer.WriteString("energy", facts.Energy is { } energy ? Number(energy) : null);
                writer.WriteString("factor", Number(facts.Factor));
                writer.WriteNumber("block", facts.Block);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
            writer.WriteStartArray("agreed");
            foreach (string tensor in agreed)
                writer.WriteStringValue(tensor);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(json.ToArray());
    }

    private static VectorFile Parse(string path, JsonElement root)
    {
        int version = root.GetProperty("version").GetInt32();
        if (version != Version)
            throw Invalid(path, $"is a task vector of version {version}, and this program knows version {Version}; update it or export again");
        return new VectorFile(path)
        {
            Name = root.GetProperty("name").GetString() ?? throw new FormatException("the name is null"),
            Weight = NumberOf(root.GetProperty("weight")),
            IsPacked = root.GetProperty("packed").GetBoolean(),
            Sparsification = root.GetProperty("sparsification").GetString(),
            Base = root.GetProperty("base").GetString() ?? throw new FormatException("the base is null"),
            Tensors = root.GetProperty("tensors").EnumerateObject().ToDictionary(t => t.Name, t => new VectorTensor(
                Enum.TryParse(t.Value.GetProperty("type").GetString(), out DType type) && type.IsMergeable() ? type : throw new FormatException($"the type of tensor {Text.Quote(t.Name)} is unknown"),
                [.. t.Value.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())],
                t.Value.GetProperty("kept").GetInt64(),
                NumberOf(t.Value.GetProperty("energy")),
                NumberOf(t.Value.GetProperty("factor")) ?? 1,
                Math.Max(1, t.Value.GetProperty("block").GetInt32())), StringComparer.Ordinal),
            Agreed = [.. root.GetProperty("agreed").EnumerateArray().Select(t => t.GetString() ?? string.Empty)],
        };
    }

    // the parts of a tensor must be what its entry says
    private StoredDelta PlaceOf(Checkpoint raw, string name, VectorTensor tensor)
    {
        DType type = tensor.Type == DType.F64 ? DType.F64 : DType.F32;
        if (!IsPacked)
            return new StoredDelta(Part(name, type, tensor.Count), null, null);
        return new StoredDelta(
            Part($"{name}.values", type, tensor.Kept),
            Part($"{name}.mask", DType.U8, (tensor.Count + 7) / 8),
            Part($"{name}.ranks", DType.I64, (tensor.Count + StoredDelta.ChunkLength - 1) / StoredDelta.ChunkLength));

        TensorInfo Part(string part, DType expected, long count) => raw.Find(part) is { } found && found.Type == expected && found.Count == count
            ? found
            : throw Invalid(raw.Path, $"lacks {expected} {Text.Quote(part)} of {count} elements, which its metadata promises; export the task vector again");
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static double? NumberOf(JsonElement value) => value.GetString() is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : null;

    private static CabsException Invalid(string path, string problem, Exception? cause = null) =>
        new(CabsError.VectorInvalid, $"{path}: {problem}", path, cause);
}
