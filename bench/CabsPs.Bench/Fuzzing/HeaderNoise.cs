using System.Text;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Fuzzing;

/// <summary>Makes safetensors files that are wrong, or right in unusual ways, by what their headers mean.</summary>
public static class HeaderNoise
{
    private static readonly long[] s_numbers = [0, 1, 2, 3, 5, 7, 255, int.MaxValue, 1L + int.MaxValue, 1L << 40, 1L << 62, long.MaxValue];
    private static readonly string[] s_names = ["../../x", "/tmp/x", "", "x", "model.layers.7.w", "model.layers.99999999999.w", "lm_head.weight", "\\u001b[31mred", "[red]x[/]", "\\ud83d\\ude00", "a.0.b.1.c", "."];

    private sealed record Part(string Name, DType Type, long[] Shape, long Begin, long End);

    /// <summary>A file.</summary>
    public static byte[] File(Random random, int model)
    {
        byte[] data = Seeds.Data(Seeds.Tensors, model);
        var parts = new List<Part>();
        long at = 0;
        foreach ((string name, DType type, long[] shape) in Seeds.Tensors)
            parts.Add(new Part(name, type, shape, at, at += shape.Aggregate(1L, (a, b) => a * b) * type.Size()));
        for (int change = random.Next(1, 4); change > 0 && parts.Count > 0; change--)
            Change(random, parts, ref data);
        var entries = parts.Select(p => $"\"{p.Name}\":{Seeds.Entry(p.Type, p.Shape, p.Begin, p.End)}").ToList();
        if (random.Next(4) == 0)
            entries = [.. entries.OrderBy(_ => random.Next())];
        if (random.Next(8) == 0)
            entries.Insert(random.Next(entries.Count + 1), Metadata(random));
        string header = "{" + string.Join(random.Next(4) == 0 ? " ,\n\t" : ",", entries) + "}" + new string(' ', random.Next(9));
        if (random.Next(6) == 0)
            header = Noise.Json(random, header);
        if (random.Next(12) == 0)
            header = header.Replace("{\"dtype\"", "{\"more\":[{\"x\":\"y\"}],\"dtype\"", StringComparison.Ordinal);
        ulong length = (ulong)Encoding.UTF8.GetByteCount(header);
        ulong? claimed = random.Next(10) != 0 ? null : random.Next(3) switch
        {
            0 => length + (ulong)random.Next(1, 64),
            1 => length - (ulong)random.Next(1, 9),
            _ => (ulong)random.NextInt64(),
        };
        return Seeds.File(header, data, claimed);
    }

    private static string Metadata(Random random) => "\"__metadata__\":" + random.Next(5) switch
    {
        0 => "null",
        1 => "{}",
        2 => "{\"format\":7}",
        3 => "{\"k\":\"v\",\"k\":\"w\"}",
        _ => "[]",
    };

    private static void Change(Random random, List<Part> parts, ref byte[] data)
    {
        int i = random.Next(parts.Count);
        Part part = parts[i];
        switch (random.Next(14))
        {
            case 0:
                parts[i] = part with { Shape = [.. part.Shape.Append(Number(random))] };
                break;
            case 1 when part.Shape.Length > 0:
                long[] shape = [.. part.Shape];
                shape[random.Next(shape.Length)] = Number(random);
                parts[i] = part with { Shape = shape };
                break;
            case 2:
                parts[i] = part with { Begin = part.Begin + random.Next(-9, 9) };
                break;
            case 3:
                parts[i] = part with { End = random.Next(2) == 0 ? Number(random) : part.End + random.Next(-9, 9) };
                break;
            case 4:
                // another type of the same width, or of another
                parts[i] = part with { Type = Enum.GetValues<DType>()[random.Next(Enum.GetValues<DType>().Length)] };
                break;
            case 5:
                // the same elements in other dimensions
                parts[i] = part with { Shape = random.Next(3) switch { 0 => [.. part.Shape.Reverse()], 1 => [.. part.Shape.Append(1)], _ => [part.Shape.Aggregate(1L, (a, b) => a * b)] } };
                break;
            case 6:
                parts[i] = part with { Name = s_names[random.Next(s_names.Length)] };
                break;
            case 7:
                parts.RemoveAt(i);
                break;
            case 8:
                parts.Add(part);
                break;
            case 9:
                // without elements, wherever it says to lie
                parts.Add(new Part($"none{parts.Count}", part.Type, [0, Number(random)], part.Begin, part.Begin));
                break;
            case 10:
                // one more or one less, in a file that fits
                long end = data.Length;
                if (random.Next(2) == 0)
                {
                    parts.Add(new Part($"more{parts.Count}", DType.U8, [3], end, end + 3));
                    data = [.. data, 1, 2, 3];
                }
                else
                {
                    data = data[..^1];
                    parts.RemoveAll(p => p.End == end && p.Begin == end - 1);
                }

                break;
            case 11:
                data = random.Next(2) == 0 ? [.. data, 0] : data[..random.Next(data.Length)];
                break;
            case 12:
                data = Noise.Bytes(random, data);
                break;
            default:
                (parts[i], parts[0]) = (parts[0] with { Name = part.Name }, part with { Name = parts[0].Name });
                break;
        }
    }

    private static long Number(Random random) => s_numbers[random.Next(s_numbers.Length)];
}
