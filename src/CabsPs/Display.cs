using System.Collections;
using System.ComponentModel;
using System.Globalization;
using CabsPs.Engine;

namespace CabsPs;

/// <summary>How the module's format views show numbers. For the views, not for scripts.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Display
{
    private const int MostLines = 10;

    /// <summary>Bytes: <c>14.5 GB</c>.</summary>
    public static string Bytes(double value) => Text.Bytes(value);

    /// <summary>A count: <c>7.24 B</c>.</summary>
    public static string Count(double value) => Text.Count(value);

    /// <summary>Three significant digits; small numbers never as 0.00.</summary>
    public static string Number(double? value) => value is { } number ? Text.Significant(number) : string.Empty;

    /// <summary>A share as percent: <c>10.2 %</c>.</summary>
    public static string Percent(double? value) => value is { } share ? $"{Text.Significant(share * 100)} %" : string.Empty;

    /// <summary>A score or weight of a search, as it was chosen: <c>0.9288</c>.</summary>
    public static string Score(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);

    /// <summary>Scores or weights by name: <c>math: 0.71, code: 0.4</c>.</summary>
    public static string Scores(IDictionary values) =>
        string.Join(", ", values.Cast<DictionaryEntry>().Select(v => $"{v.Key}: {Score(Convert.ToDouble(v.Value, CultureInfo.InvariantCulture))}"));

    /// <summary>A whole number in full: <c>14,483,464,192</c>.</summary>
    public static string Exact(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Bytes, for a list: <c>14.5 GB (14,483,464,192 bytes)</c>.</summary>
    public static string BytesAndExact(long value) => value < 1000 ? $"{value} bytes" : $"{Text.Bytes(value)} ({Exact(value)} bytes)";

    /// <summary>A count, for a list: <c>7.24 B (7,241,732,096)</c>.</summary>
    public static string CountAndExact(long value) => value < 1000 ? Exact(value) : $"{Text.Count(value)} ({Exact(value)})";

    /// <summary>A time: <c>3 m 12 s</c>.</summary>
    public static string Time(TimeSpan value) => Text.Time(value);

    /// <summary>A shape: <c>[4096, 1024]</c>.</summary>
    public static string Shape(long[] value) => $"[{string.Join(", ", value)}]";

    /// <summary>A line for each task vector of a merge.</summary>
    public static string Vectors(MergeResult result) =>
        Lines(result.TaskVectors.Select(v => $"{v.Name}: weight {Number(v.Weight)}, kept {Percent(v.Density)}, norm kept {Percent(v.NormKept)}"), "TaskVectors");

    /// <summary>A line for each pair of masks of a merge, the largest overlap first.</summary>
    public static string Overlaps(MergeResult result) =>
        Lines(result.Overlaps.OrderByDescending(p => p.Jaccard).Select(p => $"{p.First} and {p.Second}: Jaccard {Percent(p.Jaccard)}, {Percent(p.ShareOfSmaller)} of the smaller"), "Overlaps");

    // the pairs of many vectors would fill the screen
    private static string Lines(IEnumerable<string> all, string property)
    {
        string[] lines = [.. all];
        return string.Join(Environment.NewLine, lines.Length <= MostLines ? lines : lines.Take(MostLines - 1).Append($"… {lines.Length - MostLines + 1} more under {property}"));
    }
}
