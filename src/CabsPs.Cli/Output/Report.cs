using System.Text;

namespace CabsPs.Cli.Output;

/// <summary>Tables and lines for a person. On a terminal they get borders and fit its width; redirected they are plain columns,
/// whole at any width, for grep and awk.</summary>
internal sealed class Report
{
    private readonly List<object> _blocks = [];

    /// <summary>Adds a table, unless it has no rows.</summary>
    public void Add(Table table)
    {
        if (table.Rows.Count > 0)
            _blocks.Add(table);
    }

    /// <summary>Adds a drawing; where nothing is drawn, its table is shown.</summary>
    public void Add(Drawing drawing)
    {
        if (drawing.Table.Rows.Count > 0)
            _blocks.Add(drawing);
    }

    /// <summary>Adds a line.</summary>
    public void Add(string line) => _blocks.Add(Streams.OneLine(line));

    /// <summary>Writes everything.</summary>
    public void WriteTo(Streams streams)
    {
        if (streams.OutIsTerminal)
        {
            SpectreReport.Write(streams.Out, _blocks);
            return;
        }

        var text = new StringBuilder();
        for (int i = 0; i < _blocks.Count; i++)
        {
            if (i > 0 && (_blocks[i] is not string || _blocks[i - 1] is not string))
                text.AppendLine();
            if ((_blocks[i] as Table ?? (_blocks[i] as Drawing)?.Table) is { } table)
                text.Append(Plain(table));
            else
                text.Append(_blocks[i]).AppendLine();
        }

        streams.Out.Write(text);
    }

    /// <summary>A table as plain columns.</summary>
    public static string Plain(Table table)
    {
        var text = new StringBuilder();
        foreach (string[] line in table.Headings.Length > 0 ? table.Rows.Prepend(table.Headings) : table.Rows)
        {
            int start = text.Length;
            for (int c = 0; c < table.ColumnCount; c++)
            {
                if (c > 0)
                    text.Append("  ");
                text.Append(table.IsRight(c) ? line[c].PadLeft(table.WidthOf(c)) : line[c].PadRight(table.WidthOf(c)));
            }

            while (text.Length > start && text[^1] == ' ')
                text.Length--;
            text.AppendLine();
        }

        return text.ToString();
    }
}
