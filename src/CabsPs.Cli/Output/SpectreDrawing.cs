using System.Globalization;
using Spectre.Console;

namespace CabsPs.Cli.Output;

/// <summary>Draws bars and heat maps on a terminal with colours.</summary>
internal static class SpectreDrawing
{
    private const int BarWidth = 30;
    private const int CellWidth = 6;
    // dark to light, as the viridis scale: also readable without seeing colours
    private static readonly (byte R, byte G, byte B)[] s_scale = [(68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)];

    /// <summary>Draws, or writes the table where there are no colours or no room.</summary>
    public static void Write(IAnsiConsole console, TextWriter writer, Drawing drawing)
    {
        int names = drawing.Rows.Max(r => r.Length);
        int width = names + 4 + (drawing.Bars ? BarWidth + 8 : drawing.Columns.Sum(Wide) + drawing.Columns.Count);
        if (console.Profile.Capabilities.ColorSystem == ColorSystem.NoColors || width > console.Profile.Width)
        {
            SpectreReport.Write(console, writer, drawing.Table);
            return;
        }

        writer.WriteLine();
        console.MarkupLine($"[bold]{Markup.Escape(drawing.Heading)}[/]");
        if (!drawing.Bars)
            console.MarkupLine($"{new string(' ', names + 2)}{string.Join(' ', drawing.Columns.Select(c => Markup.Escape(c.PadLeft(Wide(c)))))}");
        for (int r = 0; r < drawing.Rows.Count; r++)
        {
            string name = Markup.Escape(Streams.OneLine(drawing.Rows[r]).PadRight(names));
            console.MarkupLine(drawing.Bars
                ? $"{name}  {Bar(drawing.Values[r, 0])} {Share(drawing.Values[r, 0])}"
                : $"{name}  {string.Join(' ', drawing.Columns.Select((c, i) => Cell(drawing.Values[r, i], Wide(c))))}");
        }
    }

    private static int Wide(string column) => Math.Max(CellWidth, column.Length);

    private static string Bar(double share)
    {
        int length = (int)Math.Round(Math.Clamp(share, 0, 1) * BarWidth);
        (string full, string rest) = Streams.Unicode ? ("█", "░") : ("#", ".");
        return $"[{Hex(Colour(share))}]{string.Concat(Enumerable.Repeat(full, length))}[/][grey]{string.Concat(Enumerable.Repeat(rest, BarWidth - length))}[/]";
    }

    private static string Cell(double share, int width)
    {
        if (double.IsNaN(share))
            return "-".PadLeft(width);
        (byte R, byte G, byte B) colour = Colour(Math.Abs(share));
        // by the weights of ITU-R BT.601
        bool light = ((0.299 * colour.R) + (0.587 * colour.G) + (0.114 * colour.B)) > 128;
        return $"[{(light ? "black" : "white")} on {Hex(colour)}]{Share(share).PadLeft(width)}[/]";
    }

    private static string Share(double share) => share.ToString("0.000", CultureInfo.InvariantCulture);

    private static (byte R, byte G, byte B) Colour(double share)
    {
        double at = Math.Clamp(share, 0, 1) * (s_scale.Length - 1);
        int low = Math.Min((int)at, s_scale.Length - 2);
        byte Mix(byte a, byte b) => (byte)Math.Round(a + ((b - a) * (at - low)));
        return (Mix(s_scale[low].R, s_scale[low + 1].R), Mix(s_scale[low].G, s_scale[low + 1].G), Mix(s_scale[low].B, s_scale[low + 1].B));
    }

    private static string Hex((byte R, byte G, byte B) colour) => string.Create(CultureInfo.InvariantCulture, $"#{colour.R:x2}{colour.G:x2}{colour.B:x2}");
}
