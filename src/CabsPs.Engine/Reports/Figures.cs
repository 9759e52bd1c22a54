using System.Globalization;

namespace CabsPs.Engine.Reports;

/// <summary>How the page writes numbers.</summary>
internal static class Figures
{
    /// <summary>A share as percent: <c>66.6 %</c>, with a space that does not break.</summary>
    public static string Percent(double share) => double.IsFinite(share) ? $"{Text.Significant(share * 100)}\u00A0%" : "–";

    /// <summary>Three significant digits.</summary>
    public static string Number(double value) => double.IsFinite(value) ? Text.Significant(value) : "–";

    /// <summary>A share with one decimal, so that a column of them can be compared: <c>66.6 %</c>.</summary>
    public static string Share(double share) => double.IsFinite(share) ? string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0}\u00A0%") : "–";

    /// <summary>A share where there is little room: <c>3.4 %</c>, <c>&lt; 0.1 %</c>.</summary>
    public static string ShortShare(double share) => share is > 0 and < 0.0005 ? "<\u00A00.1\u00A0%" : share == 0 ? "0\u00A0%" : Share(share);

    /// <summary>A number of two decimals where there is little room.</summary>
    public static string ShortNumber(double value) => double.IsFinite(value) ? (Math.Round(value, 2) + 0.0).ToString("0.00", CultureInfo.InvariantCulture) : "–";

    /// <summary>A weight or a score: no more digits than it has, at most four decimals.</summary>
    public static string Short(double value) => double.IsFinite(value) ? value.ToString("0.####", CultureInfo.InvariantCulture) : "–";

    /// <summary>A number of things: <c>1 tensor</c>, <c>2 tensors</c>.</summary>
    public static string Of(long count, string thing) => string.Create(CultureInfo.InvariantCulture, $"{count:#,0} {thing}{(count == 1 ? string.Empty : "s")}");

    /// <summary>A whole number with separators.</summary>
    public static string Whole(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>A number on an axis, where zeros behind the point are noise: <c>80.0 %</c> is <c>80 %</c>.</summary>
    public static string Tick(string figure)
    {
        int end = 0;
        while (end < figure.Length && (char.IsAsciiDigit(figure[end]) || figure[end] is '.' or '-'))
            end++;
        string number = figure[..end];
        return number.Contains('.', StringComparison.Ordinal) ? number.TrimEnd('0').TrimEnd('.') + figure[end..] : figure;
    }

    /// <summary>A coordinate or a length in markup.</summary>
    public static string At(double value) => (Math.Round(value, 2) + 0.0).ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>A coordinate as a share of the width.</summary>
    public static string Across(double share) => $"{At(share * 100)}%";
}
