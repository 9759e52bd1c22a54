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
            if (block is Table table)
                console.Write(Convert(table));
            else
                console.WriteLine((string)block);
        }
    }

    /// <summary>A console over a writer, as its terminal can show it.</summary>
    public static IAnsiConsole CreateConsole(TextWriter writer)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        console.Profile.Capabilities.Unicode &= Streams.Unicode;
        return console;
    }

    private static Spectre.Console.Table Convert(Table table)
    {
        var drawn = new Spectre.Console.Table
        {
            Border = table.Headings.Length > 0 ? TableBorder.Rounded : TableBorder.None,
            UseSafeBorder = true,
            ShowHeaders = table.Headings.Length > 0,
        };
        for (int c = 0; c < table.ColumnCount; c++)
        {
            string heading = c < table.Headings.Length ? table.Headings[c] : string.Empty;
            drawn.AddColumn(new TableColumn(new Text(heading)) { Alignment = table.IsRight(c) ? Justify.Right : Justify.Left, NoWrap = table.IsRight(c) });
        }

        foreach (string[] row in table.Rows)
            drawn.AddRow(row.Select(cell => new Text(cell)));
        return drawn;
    }
}
