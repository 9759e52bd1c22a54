using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;

namespace CabsPs.Fuzzing;

/// <summary>Whether a safetensors file is right, by the rules of the format's own reader written down a second time, plainly: the whole
/// header in memory, every byte of the data marked. The product's reader must say the same of every file.</summary>
public static class SafetensorsRules
{
    private static readonly Dictionary<string, int> s_sizes = new(StringComparer.Ordinal)
    {
        ["F64"] = 8, ["I64"] = 8, ["U64"] = 8, ["C64"] = 8, ["F32"] = 4, ["I32"] = 4, ["U32"] = 4, ["F16"] = 2, ["BF16"] = 2, ["I16"] = 2, ["U16"] = 2,
        ["I8"] = 1, ["U8"] = 1, ["BOOL"] = 1, ["F8_E4M3"] = 1, ["F8_E5M2"] = 1, ["F8_E8M0"] = 1, ["F8_E4M3FNUZ"] = 1, ["F8_E5M2FNUZ"] = 1,
    };

    /// <summary>Whether a file is right.</summary>
    public static bool Allow(byte[] file)
    {
        if (file.Length < 8)
            return false;
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(file);
        if (length > (ulong)(file.Length - 8) || !Utf8.IsValid(file.AsSpan(8, (int)length)))
            return false;
        try
        {
            using JsonDocument header = JsonDocument.Parse(file.AsMemory(8, (int)length));
            return AllowHeader(header.RootElement, file.Length - 8 - (int)length);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static bool AllowHeader(JsonElement root, int dataBytes)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return false;
        var names = new HashSet<string>();
        int[] owners = new int[dataBytes];
        long covered = 0;
        foreach (JsonProperty entry in root.EnumerateObject())
        {
            if (!names.Add(entry.Name) || entry.Name.Length > 4096)
                return false;
            if (entry.Name == "__metadata__")
            {
                if (entry.Value.ValueKind is not JsonValueKind.Null && !entry.Value.EnumerateObject().All(m => m.Name is not null && m.Value.ValueKind == JsonValueKind.String && m.Value.GetString() is not null))
                    return false;
                continue;
            }

            if (!TryRange(entry.Value, out long begin, out long end) || end > dataBytes)
                return false;
            for (long i = begin; i < end; i++)
                owners[i]++;
            covered = Math.Max(covered, end);
        }

        // an empty tensor may lie anywhere between two others, but not inside one and not beyond the end
        return covered == dataBytes && owners.All(o => o == 1) && EmptyOnesLieBetween(root);
    }

    private static bool EmptyOnesLieBetween(JsonElement root)
    {
        var ranges = new List<(long Begin, long End)>();
        foreach (JsonProperty entry in root.EnumerateObject().Where(e => e.Name != "__metadata__"))
        {
            TryRange(entry.Value, out long begin, out long end);
            ranges.Add((begin, end));
        }

        return ranges.Where(r => r.Begin == r.End).All(e => !ranges.Any(r => r.Begin < e.Begin && e.Begin < r.End));
    }

    private static bool TryRange(JsonElement tensor, out long begin, out long end)
    {
        (begin, end) = (0, 0);
        if (tensor.ValueKind != JsonValueKind.Object || !One(tensor, "dtype", out JsonElement type) || !One(tensor, "shape", out JsonElement shape) || !One(tensor, "data_offsets", out JsonElement offsets))
            return false;
        if (!Texts(tensor) || type.ValueKind != JsonValueKind.String || !s_sizes.TryGetValue(type.GetString()!, out int size) || !Whole(shape, out long[] dimensions) || dimensions.Length > 64 || !Whole(offsets, out long[] range) || range.Length != 2)
            return false;
        Int128 count = 1;
        foreach (long dimension in dimensions)
        {
            count *= dimension;
            if (count > long.MaxValue)
                return false;
        }

        (begin, end) = (range[0], range[1]);
        return count * size <= long.MaxValue && end >= begin && end - begin == count * size;
    }

    private static bool One(JsonElement tensor, string key, out JsonElement value)
    {
        JsonProperty[] found = [.. tensor.EnumerateObject().Where(p => p.NameEquals(key))];
        value = found.Length == 1 ? found[0].Value : default;
        return found.Length == 1;
    }

    // escapes that stand for no character are wrong wherever they stand
    private static bool Texts(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().All(p => p.Name is not null && Texts(p.Value)),
        JsonValueKind.Array => value.EnumerateArray().All(Texts),
        JsonValueKind.String => value.GetString() is not null,
        _ => true,
    };

    private static bool Whole(JsonElement list, out long[] values)
    {
        values = [];
        if (list.ValueKind != JsonValueKind.Array)
            return false;
        var read = new List<long>();
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.GetRawText().All(char.IsAsciiDigit) || !item.TryGetInt64(out long value))
                return false;
            read.Add(value);
        }

        values = [.. read];
        return true;
    }
}
