using System.IO.Hashing;
using System.Text;
using System.Text.Json;

namespace CabsPs.Fuzzing;

/// <summary>What a manifest beside right files may be taken for, written down a second time, plainly: by comparing it with the right one.</summary>
/// <param name="right">The right manifest.</param>
/// <param name="manifest">The hostile one.</param>
public sealed class ManifestRules(byte[] right, byte[] manifest)
{
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };
    private readonly JsonElement _right = JsonDocument.Parse(right).RootElement;
    private readonly JsonElement? _manifest = Parse(manifest);

    /// <summary>Whether it says the same as the right one, so that nothing may be found wrong.</summary>
    public bool IsSame => Ask(found => Without(_right) == Without(found));

    /// <summary>Whether the files can be those that it was written for: all weights and tensors, and no small file that is another.</summary>
    public bool FitsFiles => Ask(found =>
        Lines(found, "weights").SequenceEqual(Lines(_right, "weights")) && Lines(found, "tensors").SequenceEqual(Lines(_right, "tensors"))
        && Lines(found, "files") is var files && files.Distinct().Count() == files.Length && !files.Except(Lines(_right, "files")).Any());

    /// <summary>Whether it may be taken for that of a merge's complete result.</summary>
    /// <param name="deep">Whether the bytes of the inputs were compared and not the times.</param>
    public bool IsOfMerge(bool deep) => Ask(found =>
        Leaves(found, deep).SequenceEqual(Leaves(_right, deep))
        && Names(found, "tensors").SequenceEqual(Names(_right, "tensors")) && Names(found, "files").All(Names(_right, "files").Contains)
        && (!deep || Hashes(found).SequenceEqual(Hashes(_right))));

    private bool Ask(Func<JsonElement, bool> question)
    {
        try
        {
            return _manifest is { } found && question(found);
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return false;
        }
    }

    private static JsonElement? Parse(byte[] bytes)
    {
        int at = bytes.Length - 36;
        if (at < 0 || !bytes.AsSpan().EndsWith("\"\n}\n"u8))
            return null;
        byte[] blank = [.. bytes[..at], .. Enumerable.Repeat((byte)'0', 32), .. bytes[(at + 32)..]];
        if (Convert.ToHexStringLower(XxHash128.Hash(blank)) != Encoding.Latin1.GetString(bytes, at, 32))
            return null;
        try
        {
            return JsonDocument.Parse(bytes, s_strict).RootElement;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Without(JsonElement root) => string.Join('\n', root.ValueKind != JsonValueKind.Object ? [] : root.EnumerateObject().Where(m => m.Name != "xxh128").Select(m => $"{m.Name} {m.Value.GetRawText()}"));

    private static string[] Lines(JsonElement root, string list) =>
    [
        .. root.GetProperty(list).EnumerateArray().Select(e =>
            $"{e.GetProperty("name").GetString()} {(list == "tensors" ? 0 : e.GetProperty("bytes").GetInt64())} {e.GetProperty(list == "weights" ? "header" : "xxh128").GetString()!.ToLowerInvariant()}").Order(StringComparer.Ordinal),
    ];

    private static string[] Names(JsonElement root, string list) => [.. root.GetProperty(list).EnumerateArray().Select(e => e.GetProperty("name").GetString()!).Order(StringComparer.Ordinal)];

    private static string[] Hashes(JsonElement root) =>
    [
        .. root.GetProperty("tensors").EnumerateArray().Select(t =>
            $"{t.GetProperty("name").GetString()} {string.Join(' ', t.GetProperty("inputs").EnumerateArray().Select(i => i.GetProperty("xxh128").GetString()!.ToLowerInvariant()))}").Order(StringComparer.Ordinal),
    ];

    // all that tells one merge from another, in any order
    private static string[] Leaves(JsonElement root, bool deep)
    {
        var leaves = new List<string>();
        foreach (string member in new[] { "cabs", "plan", "inputs", "weights" })
            Add(root.GetProperty(member), member);
        return [.. leaves.Order(StringComparer.Ordinal)];

        void Add(JsonElement element, string path)
        {
            if (element.ValueKind == JsonValueKind.Object)
            {
                foreach (JsonProperty property in element.EnumerateObject().Where(p => p.Name != "sha256" && !(deep && p.Name == "modified")))
                    Add(property.Value, $"{path}.{property.Name}");
            }
            else if (element.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement item in element.EnumerateArray())
                    Add(item, $"{path}.{(item.ValueKind == JsonValueKind.Object && (item.TryGetProperty("path", out JsonElement key) || item.TryGetProperty("name", out key)) ? key.GetString() : null)}");
            }
            else
            {
                leaves.Add($"{path}={element}");
            }
        }
    }
}
