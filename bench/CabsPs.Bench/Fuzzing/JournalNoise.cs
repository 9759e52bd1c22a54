using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace CabsPs.Fuzzing;

/// <summary>Makes journals that are wrong, most of their lines with the right hash of their own.</summary>
public static class JournalNoise
{
    private const int HashLength = 16;
    private static readonly string[] s_numbers = ["0", "1", "-1", "2147483648", "4294967296", "4294967297", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1e3", "0.5", "9218868437227405312"];

    /// <summary>A journal.</summary>
    /// <param name="random">Decides.</param>
    /// <param name="right">The right one, see <see cref="RightResult.Draft"/>.</param>
    /// <param name="finish">Makes bytes of such a text.</param>
    public static byte[] Make(Random random, string right, Func<string, byte[]> finish)
    {
        List<string> lines = [.. right.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l[HashLength..])];
        for (int change = random.Next(1, 4); change > 0 && lines.Count > 0; change--)
            Change(random, lines);
        byte[] journal = [.. lines.SelectMany(line => Seal(finish(line), random))];
        return random.Next(6) switch
        {
            0 => journal[..random.Next(journal.Length + 1)],
            1 => Noise.Bytes(random, journal),
            _ => journal,
        };
    }

    /// <summary>A line with its hash.</summary>
    public static byte[] Seal(byte[] line) => [.. Encoding.ASCII.GetBytes(XxHash3.HashToUInt64(line).ToString("x16", CultureInfo.InvariantCulture)), .. line, (byte)'\n'];

    // now and then with that of something else
    private static byte[] Seal(byte[] line, Random random)
    {
        byte[] whole = Seal(line);
        if (random.Next(60) == 0)
            whole[random.Next(HashLength)] = (byte)'f';
        return whole;
    }

    private static void Change(Random random, List<string> lines)
    {
        // the first line, the merge's identity, as often as all others
        int i = random.Next(3) == 0 ? 0 : random.Next(lines.Count), other = random.Next(lines.Count);
        switch (random.Next(11))
        {
            case 0:
                lines.RemoveAt(i);
                break;
            case 1:
                lines.Insert(other, lines[i]);
                break;
            case 2:
                (lines[i], lines[other]) = (lines[other], lines[i]);
                break;
            case 3:
                lines[i] = Encoding.Latin1.GetString(Noise.Bytes(random, Encoding.Latin1.GetBytes(lines[i]))).Replace('\n', ' ');
                break;
            case 4:
                // what one line says under the name of another
                lines[i] = Named(lines[i], lines[other]);
                break;
            case 5 or 6:
                lines[i] = Numbers(random, lines[i]);
                break;
            case 7:
                lines.Insert(other, "{\"tensor\":\"" + new string('x', random.Next(1, 100_000)) + "\"}");
                break;
            case 8:
                lines.Insert(other, new string("[{"[random.Next(2)], random.Next(1, 1000)));
                break;
            default:
                lines[i] = Noise.Json(random, lines[i]).Replace('\n', ' ');
                break;
        }
    }

    private static string Named(string line, string other)
    {
        int end = line.IndexOf(",\"output\"", StringComparison.Ordinal), otherEnd = other.IndexOf(",\"output\"", StringComparison.Ordinal);
        return end < 0 || otherEnd < 0 ? line : other[..otherEnd] + line[end..];
    }

    private static string Numbers(Random random, string line)
    {
        int from = line.IndexOf("\"vectors\"", StringComparison.Ordinal);
        if (from < 0)
            return line;
        int[] starts = [.. Enumerable.Range(from, line.Length - from).Where(i => (char.IsAsciiDigit(line[i]) || line[i] == '-') && line[i - 1] is '[' or ',')];
        if (starts.Length == 0)
            return line;
        int at = starts[random.Next(starts.Length)], end = at;
        while (end < line.Length && line[end] is not (',' or ']'))
            end++;
        return random.Next(6) == 0 ? line[..at] + line[(end + 1)..] : line[..at] + s_numbers[random.Next(s_numbers.Length)] + line[end..];
    }
}
