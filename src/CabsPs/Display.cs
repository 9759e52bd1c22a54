using System.ComponentModel;
using CabsPs.Engine;

namespace CabsPs;

/// <summary>How the module's format views show numbers. For the views, not for scripts.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Display
{
    /// <summary>Bytes: <c>14.5 GB</c>.</summary>
    public static string Bytes(double value) => Text.Bytes(value);

    /// <summary>A count: <c>7.24 B</c>.</summary>
    public static string Count(double value) => Text.Count(value);

    /// <summary>Three significant digits; small numbers never as 0.00.</summary>
    public static string Number(double? value) => value is { } number ? Text.Significant(number) : string.Empty;

    /// <summary>A share as percent: <c>10.2 %</c>.</summary>
    public static string Percent(double value) => $"{Text.Significant(value * 100)} %";

    /// <summary>A time: <c>3 m 12 s</c>.</summary>
    public static string Time(TimeSpan value) => Text.Time(value);

    /// <summary>A shape: <c>[4096, 1024]</c>.</summary>
    public static string Shape(long[] value) => $"[{string.Join(", ", value)}]";
}
