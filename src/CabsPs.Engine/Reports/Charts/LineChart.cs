using System.Text;

namespace CabsPs.Engine.Reports.Charts;

/// <summary>A value over an axis: layers, weights, trials.</summary>
/// <param name="Name">What the key calls it.</param>
/// <param name="Points">Its points, by x; y that is not finite leaves a gap.</param>
internal sealed record Series(string Name, IReadOnlyList<(double X, double Y)> Points)
{
    /// <summary>False for points that belong to no line.</summary>
    public bool IsLine { get; init; } = true;

    /// <summary>Whether the line keeps a value until the next, as the best so far does.</summary>
    public bool IsStepped { get; init; }

    /// <summary>Whether points are drawn as dots.</summary>
    public bool HasDots { get; init; } = true;
}

/// <summary>Lines and points over a common axis.</summary>
internal sealed class LineChart : Chart
{
    private const int Top = 10;
    private const int PlotHeight = 220;
    private Scale _x = null!;
    private Scale _y = null!;

    /// <summary>The series, at most <see cref="Chart.SeriesStyles"/>.</summary>
    public required IReadOnlyList<Series> Lines { get; init; }

    /// <summary>What the horizontal axis counts.</summary>
    public required string Across { get; init; }

    /// <summary>How a value is written.</summary>
    public required Func<double, string> Value { get; init; }

    /// <summary>How a place on the horizontal axis is written.</summary>
    public Func<double, string> Place { get; init; } = Figures.Short;

    /// <summary>Whether the values' axis begins at zero.</summary>
    public bool FromZero { get; init; }

    /// <summary>Whether the horizontal axis counts whole things.</summary>
    public bool IsCount { get; init; }

    /// <summary>A place that stands out, and what it is called.</summary>
    public (double X, string Name)? Chosen { get; init; }

    /// <summary>A height that stands out, and what it is called.</summary>
    public (double Y, string Name)? Reference { get; init; }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Key => Lines.Count > 1 ? [.. Lines.Select(l => l.Name)] : [];

    /// <inheritdoc/>
    protected override int Left => 56;

    /// <inheritdoc/>
    protected override int Right => 14;

    /// <inheritdoc/>
    protected override int Height => Top + PlotHeight + 44;

    /// <inheritdoc/>
    protected override void Draw(Markup page)
    {
        _x = Scale.Over(Lines.SelectMany(l => l.Points).Select(p => p.X));
        _y = Scale.Around(Lines.SelectMany(l => l.Points).Select(p => p.Y).Append(Reference?.Y ?? double.NaN), FromZero);
        DrawAxes(page);
        for (int i = 0; i < Lines.Count; i++)
        {
            if (Lines[i].IsLine)
                DrawLine(page, Lines[i], i);
        }

        for (int i = 0; i < Lines.Count; i++)
        {
            if (Lines[i].HasDots)
                DrawDots(page, Lines[i], i);
        }

        if (Chosen is { } chosen)
        {
            page.Empty("line", ("class", "chosen"), ("x1", Figures.Across(_x.At(chosen.X))), ("x2", Figures.Across(_x.At(chosen.X))), ("y1", $"{Top}"), ("y2", $"{Top + PlotHeight}"));
            bool end = _x.At(chosen.X) > 0.5;
            page.Element("text", chosen.Name, ("class", end ? "note e" : "note"), ("x", Figures.Across(_x.At(chosen.X))), ("y", $"{Top + PlotHeight - 8}"), ("dx", end ? "-6" : "6"));
        }

        AddMarks();
    }

    private double Down(double value) => Top + (PlotHeight * (1 - _y.At(value)));

    private void DrawAxes(Markup page)
    {
        foreach (double tick in _y.Ticks)
        {
            page.Empty("line", ("class", "grid"), ("x1", "0"), ("x2", "100%"), ("y1", Figures.At(Down(tick))), ("y2", Figures.At(Down(tick))));
            Label(page, Figures.Tick(Value(tick)), "-8", Down(tick) + 4, "tick e");
        }

        foreach (double tick in _x.Ticks.Where(t => !IsCount || t == Math.Floor(t)))
        {
            page.Empty("line", ("class", "grid"), ("x1", Figures.Across(_x.At(tick))), ("x2", Figures.Across(_x.At(tick))), ("y1", $"{Top + PlotHeight}"), ("y2", $"{Top + PlotHeight + 5}"));
            Label(page, Place(tick), Figures.Across(_x.At(tick)), Top + PlotHeight + 19, "tick c");
        }

        Label(page, Across, "50%", Top + PlotHeight + 38, "axis c");
        if (Reference is { } reference)
        {
            page.Empty("line", ("class", "reference"), ("x1", "0"), ("x2", "100%"), ("y1", Figures.At(Down(reference.Y))), ("y2", Figures.At(Down(reference.Y))));
            Label(page, reference.Name, "100%", Down(reference.Y) - 5, "note e");
        }
    }

    // a drawing of 1000 units across that is stretched to the width; the stroke is not
    private void DrawLine(Markup page, Series series, int index)
    {
        page.Open("svg", ("x", "0"), ("y", "0"), ("width", "100%"), ("height", $"{Height}"), ("viewBox", $"0 0 1000 {Height}"), ("preserveAspectRatio", "none"), ("overflow", "visible"));
        var path = new StringBuilder();
        bool pen = false;
        foreach ((double x, double y) in series.Points)
        {
            if (!double.IsFinite(y))
            {
                pen = false;
                continue;
            }

            string across = Figures.At(_x.At(x) * 1000), down = Figures.At(Down(y));
            path.Append(!pen ? $"M{across} {down}" : series.IsStepped ? $"H{across}V{down}" : $"L{across} {down}");
            pen = true;
        }

        if (path.Length > 0)
            page.Empty("path", ("class", $"line s{index % SeriesStyles}"), ("d", path.ToString()));
        page.Close();
    }

    private void DrawDots(Markup page, Series series, int index)
    {
        // so many that they would be a band: the line alone
        if (series.IsLine && series.Points.Count > 64)
            return;
        foreach ((double x, double y) in series.Points.Where(p => double.IsFinite(p.Y)))
            Dot(page, _x.At(x), Down(y), index);
    }

    // one for every place on the axis, with the values of all series there
    private void AddMarks()
    {
        double[] places = [.. Lines.SelectMany(l => l.Points).Where(p => double.IsFinite(p.Y)).Select(p => p.X).Distinct().Order()];
        if (places.Length > 200)
            return;
        for (int i = 0; i < places.Length; i++)
        {
            double at = _x.At(places[i]);
            double from = i == 0 ? Math.Max(0, at - (places.Length > 1 ? (_x.At(places[1]) - at) / 2 : 0.05)) : (_x.At(places[i - 1]) + at) / 2;
            double to = i == places.Length - 1 ? Math.Min(1, at + (at - from)) : (_x.At(places[i + 1]) + at) / 2;
            var lines = Lines.SelectMany(l => l.Points.Where(p => p.X == places[i] && double.IsFinite(p.Y)).Select(p => Lines.Count > 1 ? $"{Markup.Short(l.Name, 40)}: {Value(p.Y)}" : Value(p.Y))).Take(12);
            AddMark(from, Top, to - from, PlotHeight, $"{Across} {Place(places[i])}\n{string.Join('\n', lines)}");
        }
    }
}
