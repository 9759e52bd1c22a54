using System.Globalization;
using System.Text;

namespace CabsPs.Engine;

/// <summary>How numbers, sizes and foreign text are shown to people: always in the invariant culture.</summary>
public static class Text
{
    private static readonly string[] s_units = ["B", "KB", "MB", "GB", "TB", "PB"];

    /// <summary>A name from a file, in quotes, cut to 200 characters and without control characters, so that one message stays one line.</summary>
    public static string Quote(string text)
    {
        var builder = new StringBuilder("'");
        foreach (char c in text.Length > 200 ? text.AsSpan(0, 200) : text)
            builder.Append(char.IsControl(c) || char.IsSurrogate(c) ? '\uFFFD' : c);
        return builder.Append(text.Length > 200 ? "…'" : "'").ToString();
    }

    /// <summary>At most the first 200 characters of a text from a file.</summary>
    public static string Cut(string text) => text.Length > 200 ? $"{text.AsSpan(0, 200)}…" : text;

    /// <summary>The text with control characters, line breaks among them, made spaces.</summary>
    public static string OneLine(string text) =>
        text.Any(char.IsControl) ? string.Create(text.Length, text, static (span, source) =>
        {
            for (int i = 0; i < span.Length; i++)
                span[i] = char.IsControl(source[i]) ? ' ' : source[i];
        }) : text;

    /// <summary>Bytes in decimal units: <c>14.5 GB</c>, <c>640 B</c>.</summary>
    public static string Bytes(double bytes)
    {
        int unit = 0;
        while (bytes >= 999.5 && unit < s_units.Length - 1)
        {
            bytes /= 1000;
            unit++;
        }

        return unit == 0 ? Whole(bytes) + " B" : $"{Significant(bytes)} {s_units[unit]}";
    }

    /// <summary>A count: <c>7.24 B</c>, <c>82.9 K</c>, <c>640</c>.</summary>
    public static string Count(double count)
    {
        string[] units = ["", " K", " M", " B", " T"];
        int unit = 0;
        while (count >= 999.5 && unit < units.Length - 1)
        {
            count /= 1000;
            unit++;
        }

        return unit == 0 ? Whole(count) : Significant(count) + units[unit];
    }

    /// <summary>Time: <c>0.25 s</c>, <c>3 m 12 s</c>, <c>2 h 05 m</c>.</summary>
    public static string Time(TimeSpan time)
    {
        if (time.TotalSeconds < 60)
            return $"{Significant(time.TotalSeconds)} s";
        return time.TotalMinutes < 60
            ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes} m {time.Seconds:00} s")
            : string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes:00} m");
    }

    /// <summary>Three significant digits; small numbers in scientific notation, never as 0.00.</summary>
    public static string Significant(double value)
    {
        double magnitude = Math.Abs(value);
        string format = magnitude switch
        {
            0 => "0",
            < 0.001 => "0.##e0",
            < 0.00995 => "0.#####",
            < 0.0995 => "0.####",
            < 0.9995 => "0.###",
            < 9.995 => "0.00",
            < 99.95 => "0.0",
            _ => "0",
        };
        return value.ToString(format, CultureInfo.InvariantCulture);
    }

    private static string Whole(double value) => value.ToString("0", CultureInfo.InvariantCulture);

    /// <summary>Reads a size: <c>5GB</c>, <c>512MiB</c>, <c>1.5G</c> (decimal units without an i, binary with one), or bytes.</summary>
    public static bool TryParseBytes(string text, out long bytes)
    {
        bytes = 0;
        string trimmed = text.Trim();
        int digits = 0;
        while (digits < trimmed.Length && (char.IsAsciiDigit(trimmed[digits]) || trimmed[digits] == '.'))
            digits++;
        if (!double.TryParse(trimmed.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value))
            return false;
        string unit = trimmed[digits..].Trim().ToUpperInvariant();
        if (unit.EndsWith('B'))
            unit = unit[..^1];
        double factor = unit switch
        {
            "" => 1,
            "K" => 1e3,
            "M" => 1e6,
            "G" => 1e9,
            "T" => 1e12,
            "KI" => 1L << 10,
            "MI" => 1L << 20,
            "GI" => 1L << 30,
            "TI" => 1L << 40,
            _ => 0,
        };
        double product = value * factor;
        if (factor == 0 || product > long.MaxValue / 2)
            return false;
        bytes = (long)product;
        return true;
    }
}
