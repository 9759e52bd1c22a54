using System.Text;
using System.Text.RegularExpressions;

namespace CabsPs.Fuzzing;

/// <summary>Makes right texts wrong: whole tokens exchanged for hostile ones, and bytes.</summary>
public static partial class Noise
{
    private static readonly string[] s_json =
    [
        "0", "1", "-1", "-0", "3", "2147483647", "2147483648", "4294967296", "4611686018427387904", "9223372036854775807", "9223372036854775808", "18446744073709551615",
        "1e3", "1E400", "1.5", "-1e-400", "00", "0x10", "NaN", "Infinity", "true", "false", "null", "\"\"", "\"x\"", "\"../../x\"", "\"/etc/passwd\"", "\"a\\u0000b\"", "\"\\ud800\"", "\"\\u001b[2J\"",
        "\"__metadata__\"", "\"lm_head.weight\"", "\"dtype\"", "\"shape\"", "\"weight_map\"", "\"F32\"", "\"F16\"", "\"BF16\"", "\"F64\"", "\"I64\"", "\"U8\"", "\"F4\"", "\"f32\"", "[]", "{}", "[0]", "[0,0]", "[1,0]",
        "{\"a\":1}", "[[[[[[[[[[0]]]]]]]]]]", "// x\n", "/* x */", "\"model-00001-of-00002.safetensors\"", "\"..\"", "\"model.safetensors\"", "{", "}", "[", "]", ",", ":", "\"",
    ];

    private static readonly string[] s_yaml =
    [
        "0", "-1", "1e400", ".inf", ".nan", "-.inf", "010", "0x7fffffffffffffff", "2147483648", "9999999999999999999", "1_000", "1:30", "yes", "~", "''", "\"\"", "\"a\\0b\"", "[]", "{}", "[1, 2, 3]",
        "{filter: a, value: 1}", "[{filter: w, value: 2}, {value: 1}]", "*x", "&x 1", "&x [*x]", "&y {a: 1}", "<<: *y", "!!binary aGk=", "!!python/object/apply:os.system [ls]", "!foo bar", "|", ">-", "? a", "- ", "---", "...", "%YAML 1.2",
        "../../..", "/", "/dev/zero", "/proc/self/mem", "base", "a", "b", "a+b", "a@c", "cabs", "ties", "slerp", "linear", "models", "slices", "weight", "n", "m", "density", "tokenizer", "union", "layer_range", "[0, 2]", "[0, 2147483647]", "auto", "name", "{", "}", "[", "]", ":", "#", "\t", "\r", "\u0085", "\u2028", "\ufeff",
    ];

    /// <summary>A JSON text with a few tokens changed.</summary>
    public static string Json(Random random, string text) => Tokens(random, text, JsonToken(), s_json);

    /// <summary>A YAML text with a few tokens or lines changed.</summary>
    public static string Yaml(Random random, string text)
    {
        if (random.Next(3) > 0)
            return Tokens(random, text, YamlToken(), s_yaml);
        List<string> lines = [.. text.Split('\n')];
        for (int change = random.Next(1, 4); change > 0; change--)
        {
            int at = random.Next(lines.Count);
            switch (random.Next(6))
            {
                case 0:
                    lines.RemoveAt(at);
                    break;
                case 1:
                    lines.InsertRange(at, Enumerable.Repeat(lines[at], random.Next(1, 50)));
                    break;
                case 2:
                    lines[at] = new string(' ', random.Next(5)) + lines[at].TrimStart();
                    break;
                case 3:
                    lines.Insert(at, lines[random.Next(lines.Count)]);
                    break;
                case 4:
                    lines[at] += new string("[{(-?:&*"[random.Next(8)], random.Next(1, 200));
                    break;
                default:
                    lines.Insert(at, s_yaml[random.Next(s_yaml.Length)] + ": " + s_yaml[random.Next(s_yaml.Length)]);
                    break;
            }

            if (lines.Count == 0)
                lines.Add(string.Empty);
        }

        return string.Join('\n', lines);
    }

    /// <summary>A few bytes changed, put in, taken out, doubled, or the end cut off.</summary>
    public static byte[] Bytes(Random random, byte[] text)
    {
        List<byte> bytes = [.. text];
        for (int change = random.Next(1, 5); change > 0 && bytes.Count > 0; change--)
        {
            int at = random.Next(bytes.Count), length = random.Next(1, Math.Min(16, bytes.Count - at) + 1);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                case 3:
                    bytes.RemoveRange(at, length);
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                default:
                    if (random.Next(4) == 0)
                        bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        return [.. bytes];
    }

    private static string Tokens(Random random, string text, Regex token, string[] hostile)
    {
        for (int change = random.Next(1, 4); change > 0; change--)
        {
            MatchCollection found = token.Matches(text);
            if (found.Count == 0)
                return hostile[random.Next(hostile.Length)];
            Match here = found[random.Next(found.Count)], other = found[random.Next(found.Count)];
            string with = random.Next(8) switch
            {
                0 => string.Empty,
                1 => here.Value + here.Value,
                2 => other.Value,
                3 => new StringBuilder().Insert(0, "[{ \"x:"[random.Next(6)].ToString(), random.Next(1, 300)).ToString(),
                _ => hostile[random.Next(hostile.Length)],
            };
            text = string.Concat(text.AsSpan(0, here.Index), with, text.AsSpan(here.Index + here.Length));
        }

        return text;
    }

    [GeneratedRegex("""
        "(?:\\.|[^"\\])*"|[-+.0-9eE]+|true|false|null|[{}\[\],:]
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant)]
    private static partial Regex JsonToken();

    [GeneratedRegex(@"[^\s:,\[\]{}]+|[:,\[\]{}]", RegexOptions.CultureInvariant)]
    private static partial Regex YamlToken();
}
