namespace CabsPs.Cli.Output;

/// <summary>Rows of text under headings. A heading that begins with <c>&gt;</c> aligns its column to the right; a table without
/// headings is a list of facts.</summary>
/// <param name="headings">The headings.</param>
internal sealed class Table(params string[] headings)
{
    private readonly List<string[]> _rows = [];

    /// <summary>The headings, without their marks.</summary>
    public string[] Headings { get; } = [.. headings.Select(h => h.TrimStart('>'))];

    /// <summary>The rows.</summary>
    public IReadOnlyList<string[]> Rows => _rows;

    /// <summary>Columns.</summary>
    public int ColumnCount => _rows.Count > 0 ? _rows[0].Length : Headings.Length;

    /// <summary>Whether a column aligns to the right.</summary>
    public bool IsRight(int column) => column < headings.Length && headings[column].StartsWith('>');

    /// <summary>Adds a row.</summary>
    public void Add(params string[] cells) => _rows.Add([.. cells.Select(Streams.OneLine)]);
}
