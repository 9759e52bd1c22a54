using Spectre.Console;

namespace CabsPs.Cli.Output;

/// <summary>Reports on a terminal. Apart from <see cref="Report"/>, so that the library is loaded only where it draws.</summary>
internal static class SpectreReport
{
    /// <summary>Writes tables and lines.</summary>
    public static void Write(TextWriter writer, IReadOnlyList<object> blocks)
    {
        IAnsiConsole console = CreateConsole(writer);
        foreach (object block in blocks)
        {
            if (block is Drawing drawing)
            {
                SpectreDrawing.Write(console, writer, drawing);
                continue;
            }

            // lines go past the library, which would break paths in two
            if (block is not Table table)
                writer.WriteLine(block);
            else
                Write(console, writer, table);
        }
    }

    /// <summary>Writes a table, with borders where it fits.</summary>
    public static void Write(IAnsiConsole console, TextWriter writer, Table table)
    {
        if (Fits(table, console.Profile.Width))
            console.Write(Convert(table));
        else
            writer.WriteLine(Report.Plain(table));
    }

    /// <summary>A console over a writer, as its terminal can show it.</summary>
    public static IAnsiConsole CreateConsole(TextWriter writer)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        console.Profile.Capabilities.Unicode &= Streams.Unicode;
        return console;
    }

    // names and paths at the edges may be broken over lines; figures in between must not
    private static bool MayWrap(Table table, int column) => !table.IsRight(column) && (column == 0 || column == table.ColumnCount - 1);

    private static bool Fits(Table table, int width) =>
        Enumerable.Range(0, table.ColumnCount).Sum(c => 3 + (MayWrap(table, c) ? Math.Min(table.WidthOf(c), 20) : table.WidthOf(c))) < width;

    private static Spectre.Console.Table Convert(Table table)
    {
        bool facts = table.Headings.Length == 0;
        var drawn = new Spectre.Console.Table
        {
            Border = facts ? TableBorder.None : Streams.Unicode ? TableBorder.Rounded : TableBorder.Ascii2,
            ShowHeaders = !facts,
        };
        for (int c = 0; c < table.ColumnCount; c++)
            drawn.AddColumn(new TableColumn(new Text(facts ? string.Empty : table.Headings[c])) { Alignment = table.IsRight(c) ? Justify.Right : Justify.Left, NoWrap = !MayWrap(table, c) });
        foreach (string[] row in table.Rows)
            drawn.AddRow(row.Select(cell => new Text(cell)));
        return drawn;
    }
}
