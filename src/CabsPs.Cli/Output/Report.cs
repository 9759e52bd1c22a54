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
            if (i > 0 && (_blocks[i] is Table || _blocks[i - 1] is Table))
                text.AppendLine();
            if (_blocks[i] is Table table)
                Append(text, table);
            else
                text.Append(_blocks[i]).AppendLine();
        }

        streams.Out.Write(text);
    }

    private static void Append(StringBuilder text, Table table)
    {
        int[] widths = new int[table.ColumnCount];
        IEnumerable<string[]> lines = table.Headings.Length > 0 ? table.Rows.Prepend(table.Headings) : table.Rows;
        foreach (string[] line in lines)
        {
            for (int c = 0; c < widths.Length; c++)
                widths[c] = Math.Max(widths[c], line[c].Length);
        }

        foreach (string[] line in lines)
        {
            int start = text.Length;
            for (int c = 0; c < widths.Length; c++)
            {
                if (c > 0)
                    text.Append("  ");
                text.Append(table.IsRight(c) ? line[c].PadLeft(widths[c]) : line[c].PadRight(widths[c]));
            }

            while (text.Length > start && text[^1] == ' ')
                text.Length--;
            text.AppendLine();
        }
    }
}
