namespace CabsPs.Cli.Output;

/// <summary>Rows of text under headings. A heading that begins with <c>&gt;</c> aligns its column to the right; a table without
/// headings is a list of facts.</summary>
/// <param name="headings">The headings.</param>
internal sealed class Table(params string[] headings)
{
    private readonly List<string[]> _rows = [];
    private int[] _widths = [.. headings.Select(h => h.TrimStart('>').Length)];

    /// <summary>The headings, without their marks.</summary>
    public string[] Headings { get; } = [.. headings.Select(h => h.TrimStart('>'))];

    /// <summary>The rows.</summary>
    public IReadOnlyList<string[]> Rows => _rows;

    /// <summary>Columns.</summary>
    public int ColumnCount => _widths.Length;

    /// <summary>Whether a column aligns to the right.</summary>
    public bool IsRight(int column) => column < headings.Length && headings[column].StartsWith('>');

    /// <summary>The longest text of a column.</summary>
    public int WidthOf(int column) => _widths[column];

    /// <summary>Adds a row.</summary>
    public void Add(params string[] cells)
    {
        string[] row = [.. cells.Select(Streams.OneLine)];
        if (_widths.Length == 0)
            _widths = new int[row.Length];
        for (int c = 0; c < row.Length; c++)
            _widths[c] = Math.Max(_widths[c], row[c].Length);
        _rows.Add(row);
    }
}
