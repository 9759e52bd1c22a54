namespace CabsPs.Engine.Reports.Charts;

/// <summary>A drawing with what belongs to it: its title, what it shows in words, a key, places to point at or tab to that say their
/// figures, and the figures as a table.</summary>
/// <remarks>A drawing has no viewBox: its widths are percentages and its letters keep their size, so that it fits a phone as well as a
/// wide window, and no script has to draw it again.</remarks>
internal abstract class Chart
{
    /// <summary>How many series have colours and symbols of their own.</summary>
    public const int SeriesStyles = 6;

    // more places than this, and a reader by keyboard is offered to go past them
    private const int ManyMarks = 12;

    // more than this are for a pointer alone: nobody tabs through them, and the table says the same
    private const int MostTabStops = 80;
    private readonly List<Mark> _marks = [];

    /// <summary>What it is called.</summary>
    public required string Title { get; init; }

    /// <summary>What it shows and what to see in it.</summary>
    public required string Description { get; init; }

    /// <summary>The figures.</summary>
    public required DataTable Data { get; init; }

    /// <summary>Names of the series, for the key; none where one needs no key.</summary>
    protected virtual IReadOnlyList<string> Key => [];

    /// <summary>What a key's patch looks like; null where the key shows lines.</summary>
    protected virtual string? PatchOf(int series) => null;

    /// <summary>Room for labels left of the drawing, in pixels.</summary>
    protected virtual int Left => 0;

    /// <summary>Room at its right.</summary>
    protected virtual int Right => 0;

    /// <summary>The drawing's height in pixels.</summary>
    protected abstract int Height { get; }

    /// <summary>Writes the whole figure.</summary>
    public void Write(Markup page)
    {
        string id = page.NewId("c");
        page.Open("figure", ("class", "chart")).Element("figcaption", Title, ("id", $"{id}n")).Element("p", Description, ("class", "about"));
        WriteKey(page);
        page.Open("div", ("class", "plot"), ("style", $"height:{Height}px;margin:0 {Right}px 0 {Left}px"));
        page.Open("svg", ("role", "img"), ("width", "100%"), ("height", $"{Height}"), ("aria-labelledby", $"{id}t"), ("aria-describedby", $"{id}d"));
        page.Element("title", Title, ("id", $"{id}t")).Element("desc", Description, ("id", $"{id}d"));
        Draw(page);
        page.Close();
        WriteMarks(page, id);
        page.Close();
        Data.WriteFolded(page);
        page.Close();
    }

    /// <summary>Draws inside the svg, and adds marks.</summary>
    protected abstract void Draw(Markup page);

    /// <summary>Adds a place that says something: shown when pointed at or tabbed to.</summary>
    /// <param name="x">Its left side, as a share of the width.</param>
    /// <param name="y">Its top in pixels.</param>
    /// <param name="width">Its width, as a share.</param>
    /// <param name="height">Its height in pixels.</param>
    /// <param name="says">The words.</param>
    protected void AddMark(double x, double y, double width, double height, string says) => _marks.Add(new Mark(x, y, width, height, says));

    /// <summary>A dot of a series: a shape of its own beside the colour.</summary>
    protected static void Dot(Markup page, double x, double y, int series, string? style = null)
    {
        page.Open("svg", ("x", Figures.Across(x)), ("y", Figures.At(y)), ("overflow", "visible"));
        page.Empty("path", ("class", $"dot s{series % SeriesStyles}{(style is null ? string.Empty : $" {style}")}"), ("d", Shape(series)));
        page.Close();
    }

    /// <summary>Text in the drawing.</summary>
    protected static void Label(Markup page, string text, string x, double y, string style) =>
        page.Element("text", text, ("class", style), ("x", x), ("y", Figures.At(y)));

    private static string Shape(int series) => (series % SeriesStyles) switch
    {
        0 => "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0Z",
        1 => "M-3.5-3.5h7v7h-7Z",
        2 => "M0-5L5 0 0 5-5 0Z",
        3 => "M0-4.5L4.5 3.5h-9Z",
        4 => "M0 4.5L4.5-3.5h-9Z",
        _ => "M-1.5-4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3Z",
    };

    private void WriteKey(Markup page)
    {
        if (Key.Count == 0)
            return;
        page.Open("ul", ("class", "key"), ("aria-label", "Key"));
        for (int i = 0; i < Key.Count; i++)
        {
            page.Open("li").Open("svg", ("width", PatchOf(i) is null ? "28" : "14"), ("height", "12"), ("aria-hidden", "true"));
            if (PatchOf(i) is { } patch)
            {
                page.Empty("rect", ("class", patch), ("width", "14"), ("height", "12"));
            }
            else
            {
                page.Empty("line", ("class", $"line s{i % SeriesStyles}"), ("x1", "0"), ("x2", "28"), ("y1", "6"), ("y2", "6"));
                page.Open("svg", ("x", "14"), ("y", "6"), ("overflow", "visible")).Empty("path", ("class", $"dot s{i % SeriesStyles}"), ("d", Shape(i))).Close();
            }

            page.Close().Element("span", Markup.Short(Key[i], 60)).Close();
        }

        page.Close();
    }

    private void WriteMarks(Markup page, string id)
    {
        if (_marks.Count == 0)
            return;
        bool stops = _marks.Count <= MostTabStops;
        if (stops && _marks.Count > ManyMarks)
            page.Element("a", $"Go past the {_marks.Count} figures of this drawing", ("class", "past"), ("href", $"#{id}e"));
        page.Open("div", ("class", "marks"), ("role", stops ? "group" : null), ("aria-labelledby", stops ? $"{id}n" : null), ("aria-hidden", stops ? null : "true"));
        foreach (Mark mark in _marks)
        {
            page.Empty(
                "span",
                ("class", mark.X + (mark.Width / 2) > 0.5 ? "m e" : "m"),
                ("tabindex", stops ? "0" : null),
                ("role", stops ? "img" : null),
                ("aria-label", mark.Says),
                ("style", $"left:{Figures.Across(mark.X)};top:{Figures.At(mark.Y)}px;width:{Figures.Across(mark.Width)};height:{Figures.At(mark.Height)}px"));
        }

        page.Close();
        if (stops && _marks.Count > ManyMarks)
            page.Element("span", string.Empty, ("id", $"{id}e"));
    }

    private sealed record Mark(double X, double Y, double Width, double Height, string Says);
}
