using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace CabsPs.Fuzzing;

/// <summary>What a hostile journal may do to a result: nothing, unless it says other figures, or other hashes of inputs, of a tensor whose bytes it
/// names rightly. Nobody can tell those without computing again; then they stand in cabs.json, and nothing else differs.</summary>
/// <param name="right">The right journal.</param>
/// <param name="journal">The hostile one.</param>
public sealed class JournalRules(byte[] right, byte[] journal)
{
    /// <summary>Whether it says other figures of a tensor whose bytes it names rightly.</summary>
    public bool SaysOtherFigures { get; } = Lines(journal).Any(line => Lines(right).Any(own => Text(own, "tensor") == Text(line, "tensor") && Text(own, "output") == Text(line, "output")
        && new[] { "inputs", "vectors", "pairs" }.Any(member => !(own.TryGetProperty(member, out JsonElement a) && line.TryGetProperty(member, out JsonElement b) && a.GetRawText() == b.GetRawText()))));

    /// <summary>Whether two manifests are the same apart from figures and hashes of inputs.</summary>
    public static bool DifferInFigures(byte[] manifest, byte[] other) => JsonNode.DeepEquals(Plain(manifest), Plain(other));

    private static JsonNode Plain(byte[] manifest)
    {
        JsonObject root = JsonNode.Parse(manifest)!.AsObject();
        foreach (string member in new[] { "vectors", "overlaps", "xxh128" })
            root.Remove(member);
        foreach (JsonNode? input in root["tensors"]!.AsArray().SelectMany(t => t!["inputs"]!.AsArray()))
            input!.AsObject().Remove("xxh128");
        return root;
    }

    private static string? Text(JsonElement line, string member) => line.TryGetProperty(member, out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.ToString() : null;

    private static List<JsonElement> Lines(byte[] bytes)
    {
        var lines = new List<JsonElement>();
        foreach (string line in Encoding.Latin1.GetString(bytes).Split('\n').Where(l => l.Length > 16))
        {
            byte[] json = Encoding.Latin1.GetBytes(line[16..]);
            if (!Utf8.IsValid(json) || line[..16] != Convert.ToHexStringLower(XxHash3.Hash(json)))
                continue;
            try
            {
                JsonElement root = JsonDocument.Parse(json).RootElement;
                if (root.ValueKind == JsonValueKind.Object && Text(root, "output") is not null)
                    lines.Add(root);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // no line of a journal
            }
        }

        return lines;
    }
}
