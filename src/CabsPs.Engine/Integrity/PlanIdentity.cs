using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using CabsPs.Engine.Checkpoints;
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
        var was = new Dictionary<string, string>(StringComparer.Ordinal);
        Flatten(other, string.Empty, was, withTimes);
        var now = new Dictionary<string, string>(StringComparer.Ordinal);
        Flatten(own.RootElement, string.Empty, now, withTimes);
        foreach ((string key, string value) in now)
        {
            if (!was.Remove(key, out string? old))
                return $"{key} is {Text.Quote(value)} and was not there";
            if (old != value)
                return $"{key} is {Text.Quote(value)} and was {Text.Quote(old)}";
        }

        return was.Count == 0 ? null : $"{was.First().Key} was {Text.Quote(was.First().Value)} and is not there";
    }

    private static void Flatten(JsonElement element, string path, Dictionary<string, string> into, bool withTimes)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty member in element.EnumerateObject())
                {
                    if (path.Length > 0 || s_members.Contains(member.Name))
                        Flatten(member.Value, path.Length == 0 ? member.Name : $"{path} {member.Name}", into, withTimes);
                }

                break;
            case JsonValueKind.Array:
                int index = 0;
                foreach (JsonElement item in element.EnumerateArray())
                {
                    index++;
                    string? name = item.ValueKind != JsonValueKind.Object ? null
                        : item.TryGetProperty("path", out JsonElement key) || item.TryGetProperty("name", out key) ? key.GetString() : null;
                    Flatten(item, $"{path} {name ?? index.ToString(System.Globalization.CultureInfo.InvariantCulture)}", into, withTimes);
                }

                break;
            default:
                // a hash of a whole file is not there in every merge
                if ((withTimes || !path.EndsWith(" " + Modified, StringComparison.Ordinal)) && !path.EndsWith(" sha256", StringComparison.Ordinal))
                    into[path] = element.ToString();
                break;
        }
    }
}
