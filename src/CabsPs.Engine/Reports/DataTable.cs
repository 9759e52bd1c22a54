namespace CabsPs.Engine.Reports;

/// <summary>A table as a page shows it. A heading that begins with <c>&gt;</c> stands over numbers, which are aligned to the right.</summary>
/// <param name="caption">What it holds, for those who do not see where it stands.</param>
/// <param name="headings">One per column.</param>
internal sealed class DataTable(string caption, params IReadOnlyList<string> headings)
{
    private readonly List<(string[] Cells, string? Class)> _rows = [];

    /// <summary>How many rows there are.</summary>
    public int Count => _rows.Count;

    /// <summary>Adds a row; its first cell heads it.</summary>
    public void Add(params string[] cells) => _rows.Add((cells, null));

    /// <summary>Adds a row that stands out.</summary>
    public void AddMarked(params string[] cells) => _rows.Add((cells, "chosen"));

    /// <summary>Writes the table, in a frame that scrolls by keyboard where the page is narrower.</summary>
    public void Write(Markup page)
    {
        page.Open("div", ("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", caption));
        page.Open("table").Element("caption", caption).Open("thead").Open("tr");
        foreach (string heading in headings)
            page.Element("th", heading.TrimStart('>'), ("scope", "col"), ("class", IsNumber(heading) ? "n" : null));
        page.Close(2).Open("tbody");
        foreach ((string[] cells, string? style) in _rows)
        {
            page.Open("tr", ("class", style));
            for (int c = 0; c < cells.Length; c++)
            {
                string? align = IsNumber(headings[c]) ? "n" : null;
                if (c == 0)
                    page.Element("th", Markup.Name(cells[c]), ("scope", "row"), ("class", align));
                else
                    page.Element("td", Markup.Name(cells[c]), ("class", align));
            }

            page.Close();
        }

        page.Close(3);
    }

    /// <summary>Writes the table behind a line that opens it.</summary>
    /// <param name="page">The page.</param>
    /// <param name="summary">The line.</param>
    public void WriteFolded(Markup page, string summary = "The figures as a table")
    {
        page.Open("details").Element("summary", summary);
        Write(page);
        page.Close();
    }

    private static bool IsNumber(string heading) => heading.StartsWith('>');
}
