using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Compute;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Integrity;

/// <summary>What must be the same for a merge to go on where another ended: version, plan, input files and the places of the result's
/// tensors. The head of cabs.json, and of a journal.</summary>
internal sealed class PlanIdentity
{
    private const string Modified = "modified";
    private static readonly string[] s_members = ["cabs", "plan", "inputs", "weights"];
    private readonly MergePlan _plan;

    private PlanIdentity(MergePlan plan, IReadOnlyList<FileIdentity> inputs) => (_plan, Inputs) = (plan, inputs);

    /// <summary>The version of the program.</summary>
    public static string Version { get; } = typeof(PlanIdentity).Assembly.GetName().Version!.ToString(3);

    /// <summary>All weight files that are read, each once.</summary>
    public IReadOnlyList<FileIdentity> Inputs { get; }

    /// <summary>Looks at a plan's models, which must exist by now.</summary>
    /// <exception cref="CabsException">One cannot be read.</exception>
    public static PlanIdentity Of(MergePlan plan) =>
        new(plan, [.. plan.Models.SelectMany(m => m.Files.Select(f => (File: f, m.IsPlanned))).Concat(plan.Model.Statistics.Paths.Select(f => (File: f, IsPlanned: false))).DistinctBy(f => f.File, StringComparer.Ordinal).Select(f => f.IsPlanned ? FileIdentity.OfStage(f.File) : FileIdentity.Of(f.File))]);

    /// <summary>Writes its members.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="more">Writes more of a weight file.</param>
    public void Write(Utf8JsonWriter json, Action<OutputShard>? more = null)
    {
        json.WriteString("cabs", Version);
        json.WriteStartObject("plan");
        PlanText.Write(json, _plan.Definition);
        // another engine rounds otherwise
        if (_plan.Options.Engine is not ManagedEngine and ComputeEngine engine)
        {
            json.WriteString("engine", engine.Name);
            json.WriteString("device", engine.Device);
        }

        json.WriteEndObject();
        json.WriteStartArray("inputs");
        foreach (FileIdentity file in Inputs)
        {
            json.WriteStartObject();
            json.WriteString("path", file.Path);
            json.WriteNumber("bytes", file.ByteLength);
            if (file.Manifest is { } manifest)
                json.WriteString("manifest", manifest.ToString());
            else
                json.WriteString(Modified, file.ModifiedText);
            json.WriteString("header", file.Header.ToString());
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("weights");
        foreach (OutputShard shard in _plan.Layout.Shards)
        {
            json.WriteStartObject();
            json.WriteString("name", shard.FileName);
            json.WriteNumber("bytes", shard.ByteLength);
            json.WriteString("header", Digest.Of(shard.Header).ToString());
            more?.Invoke(shard);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>As one line of JSON.</summary>
    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            Write(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>What differs from another merge's identity, in words; null where nothing does.</summary>
    /// <param name="other">The other's: a journal's first line, or a cabs.json.</param>
    /// <param name="withTimes">Whether a file that was written to since is another one.</param>
    public string? DifferenceFrom(JsonElement other, bool withTimes)
    {
        using JsonDocument own = JsonDocument.Parse(ToJson());
        try
        {
            return other.ValueKind == JsonValueKind.Object ? Difference(string.Empty, own.RootElement, other, withTimes) : "what describes it is no JSON object";
        }
        catch (InvalidOperationException)
        {
            return "what describes it holds text that stands for no characters";
        }
    }

    // along what this merge is: what a stranger wrote beside it is never looked into
    private static string? Difference(string path, JsonElement now, JsonElement was, bool withTimes)
    {
        if (now.ValueKind != was.ValueKind || now.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
            return now.ValueKind == was.ValueKind && now.ToString() == was.ToString() ? null : $"{path} is {Text.Quote(Describe(now))} and was {Text.Quote(Describe(was))}";
        var left = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach ((string label, JsonElement value) in Parts(path, was, withTimes))
            left[label] = value;
        foreach ((string label, JsonElement value) in Parts(path, now, withTimes))
        {
            string place = path.Length == 0 ? label : $"{path} {label}";
            if (!left.Remove(label, out JsonElement old))
                return $"{First(place, value, withTimes)} and was not there";
            if (Difference(place, value, old, withTimes) is { } difference)
                return difference;
        }

        return left.Count == 0 ? null : $"{path} {Text.Cut(left.First().Key)} was {Text.Quote(Describe(left.First().Value))} and is not there";
    }

    // the first value in it, where it has parts
    private static string First(string path, JsonElement now, bool withTimes) =>
        now.ValueKind is JsonValueKind.Object or JsonValueKind.Array && Parts(path, now, withTimes).Take(1).ToArray() is [(string label, JsonElement value)]
            ? First($"{path} {label}", value, withTimes)
            : $"{path} is {Text.Quote(Describe(now))}";

    // a file in a list is known by its name, whatever its place
    private static IEnumerable<(string Label, JsonElement Value)> Parts(string path, JsonElement element, bool withTimes)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        if (element.ValueKind == JsonValueKind.Array)
            return element.EnumerateArray().Select((item, index) => (Unique(NameOf(item) ?? (index + 1).ToString(CultureInfo.InvariantCulture)), item));
        return element.EnumerateObject()
            // a hash of a whole file is not there in every merge
            .Where(m => path.Length == 0 ? s_members.Contains(m.Name) : m.Name != "sha256" && (withTimes || m.Name != Modified))
            .Select(m => (Unique(m.Name), m.Value));

        string Unique(string name) => (seen[name] = seen.GetValueOrDefault(name) + 1) is > 1 and int count ? $"{name} ({count})" : name;
    }

    private static string? NameOf(JsonElement item) =>
        item.ValueKind == JsonValueKind.Object && (item.TryGetProperty("path", out JsonElement key) || item.TryGetProperty("name", out key)) ? Describe(key) : null;

    private static string Describe(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        _ => element.ToString(),
    };
}
