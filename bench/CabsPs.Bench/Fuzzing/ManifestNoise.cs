using System.Globalization;
using System.IO.Hashing;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CabsPs.Fuzzing;

/// <summary>Makes manifests that are wrong, most of them with the right hash of their own bytes: what a stranger can write.</summary>
public static class ManifestNoise
{
    private const int DigestLength = 32;
    private static readonly string[] s_lists = ["weights", "files", "tensors", "inputs", "vectors", "overlaps"];
    private static readonly string[] s_names = ["../base/config.json", "/etc/passwd", "..", "", "x/y", "C:\\x", "a\\u0000b", "cabs.json", "model.safetensors", new string('n', 5000)];

    private static readonly string[] s_values =
    [
        "0", "-1", "1", "1e3", "1e400", "1.5", "9223372036854775807", "9223372036854775808", "99999999999999999999", "true", "null", "\"\"", "\"x\"", "[]", "{}", "[[]]", "[1]", "{\"name\":1}",
        "\"ffffffffffffffffffffffffffffffff\"", "\"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF\"", "\"+fffffffffffffffffffffffffffffff\"", "\"NaN\"", "\"Infinity\"",
    ];

    /// <summary>A manifest.</summary>
    /// <param name="random">Decides.</param>
    /// <param name="right">The right one, see <see cref="RightResult.Draft"/>.</param>
    /// <param name="finish">Makes bytes of such a text.</param>
    public static byte[] Make(Random random, string right, Func<string, byte[]> finish)
    {
        int end = right.LastIndexOf(",\n  \"xxh128\"", StringComparison.Ordinal);
        string body = right[..end], tail = right[end..];
        switch (random.Next(6))
        {
            case 0:
                body = System.Text.Encoding.Latin1.GetString(Noise.Bytes(random, System.Text.Encoding.Latin1.GetBytes(body)));
                break;
            case 1 or 2:
                body = Noise.Json(random, body);
                break;
            default:
                body = Change(random, body);
                break;
        }

        if (random.Next(12) == 0)
            tail = Noise.Json(random, tail);
        byte[] bytes = finish(body + tail);
        return random.Next(8) == 0 ? bytes : Seal(bytes);
    }

    /// <summary>Writes its own hash into a manifest anew, where it has the place for it.</summary>
    public static byte[] Seal(byte[] manifest)
    {
        int at = manifest.Length - DigestLength - 4;
        if (at < 0)
            return manifest;
        byte[] bytes = [.. manifest];
        bytes.AsSpan(at, DigestLength).Fill((byte)'0');
        System.Text.Encoding.ASCII.GetBytes(Convert.ToHexStringLower(XxHash128.Hash(bytes))).CopyTo(bytes, at);
        return bytes;
    }

    private static string Change(Random random, string body)
    {
        JsonObject root = JsonNode.Parse(body + "}")!.AsObject();
        for (int change = random.Next(1, 4); change > 0; change--)
            Change(random, root);
        string text = root.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping })[..^1];
        string member = s_lists[random.Next(s_lists.Length)];
        return random.Next(12) switch
        {
            // a member twice, the other one first or last
            0 => text.Replace($"\"{member}\":[", $"\"{member}\":[],\"{member}\":[", StringComparison.Ordinal),
            1 => $"{text},\"{member}\":{s_values[random.Next(s_values.Length)]}",
            2 => $"{text},\"more\":{new string('[', 40)}{new string(']', 40)}",
            3 => text.Replace($"\"{member}\":[{{\"name\":\"", $"\"{member}\":[{{\"name\":\"\\ud800", StringComparison.Ordinal),
            _ => text,
        };
    }

    private static void Change(Random random, JsonObject root)
    {
        string name = s_lists[random.Next(s_lists.Length)];
        if (random.Next(8) == 0)
        {
            string member = random.Next(2) == 0 ? name : root.ElementAt(random.Next(root.Count)).Key;
            if (random.Next(2) == 0)
                root.Remove(member);
            else
                root[member] = Value(random);
            return;
        }

        if (root[name] is not JsonArray { Count: > 0 } list || list[random.Next(list.Count)] is not JsonObject { Count: > 0 } entry)
            return;
        string key = entry.ElementAt(random.Next(entry.Count)).Key;
        switch (random.Next(10))
        {
            case 0:
                list.Remove(entry);
                break;
            case 1:
                list.Insert(random.Next(list.Count + 1), entry.DeepClone());
                break;
            case 2:
                // twice, and not the same
                var other = (JsonObject)entry.DeepClone();
                other[key] = Value(random);
                list.Insert(random.Next(list.Count + 1), other);
                break;
            case 3:
                entry[key] = Value(random);
                break;
            case 4:
                entry.Remove(key);
                break;
            case 5:
                entry["name"] = JsonNode.Parse($"\"{Escaped(s_names[random.Next(s_names.Length)])}\"");
                break;
            case 6:
                list.Remove(entry);
                if (root[s_lists[random.Next(s_lists.Length)]] is JsonArray another)
                    another.Add(entry);
                break;
            case 7:
                for (int i = 0; i < 300; i++)
                {
                    var copy = (JsonObject)entry.DeepClone();
                    copy["name"] = i.ToString(CultureInfo.InvariantCulture);
                    list.Add(copy);
                }

                break;
            case 8:
                // what another entry says
                if (list[random.Next(list.Count)] is JsonObject second && second[key] is { } value)
                    entry[key] = value.DeepClone();
                break;
            default:
                if (entry[key] is JsonValue text && text.TryGetValue(out string? hash) && hash.Length > 0)
                    entry[key] = hash[..^1] + (hash[^1] == '0' ? '1' : '0');
                break;
        }
    }

    private static JsonNode? Value(Random random) => JsonNode.Parse(s_values[random.Next(s_values.Length)]);

    private static string Escaped(string name) => name.Replace("C:\\", "C:\\\\", StringComparison.Ordinal);
}
