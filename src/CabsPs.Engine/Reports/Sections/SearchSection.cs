using CabsPs.Engine.Reports.Charts;

namespace CabsPs.Engine.Reports.Sections;

/// <summary>A search for weights: the curve with the chosen point, how the search went, and how much is lost beside the choice.</summary>
internal sealed class SearchSection : Section
{
    private const int MostListed = 400;
    private const int MostCurves = 12;

    public override string Id => "search";

    public override string Title => "Search for weights";

    public override bool AppliesTo(ReportContent content) => content.Searches.Any(s => s.Chosen is not null);

    public override void Write(Markup page, ReportContent content)
    {
        ReportSearch[] searches = [.. content.Searches.Where(s => s.Chosen is not null)];
        bool together = searches.Length is > 1 and <= Chart.SeriesStyles && searches.All(s => s.Weights.SequenceEqual(searches[0].Weights) && s.Weights.Count == 1 && s.Objective == searches[0].Objective);
        if (together)
            WriteTogether(page, searches);
        foreach (ReportSearch search in searches)
        {
            if (together)
                page.Open("details").Element("summary", search.Name);
            else
                Heading(page, search.Name, content.Searches.Count);
            page.Element("p", Sentence(search), ("class", "lede"));
            WriteCurves(page, search);
            WriteProgress(page, search);
            WriteSensitivity(page, search);
            WriteTrials(page, search);
            if (together)
                page.Close();
        }
    }

    // searches over the same one weight: their curves on one pair of axes
    private static void WriteTogether(Markup page, IReadOnlyList<ReportSearch> searches)
    {
        string weight = searches[0].Weights[0];
        var table = new DataTable("Chosen weights", "search", $">{weight}", $">{searches[0].Objective}", ">trials");
        foreach (ReportSearch search in searches)
            table.Add(search.Name, Figures.Short(search.Chosen!.Weights[0]), Figures.Short(search.Chosen.Score), $"{search.Trials.Count}");
        new LineChart
        {
            Title = $"{Capital(searches[0].Objective)} by {weight}",
            Description = $"One curve per search; the table has the {weight} that each chose.",
            Data = table,
            Lines = [.. searches.Select(s => new Series(s.Name, [.. s.Trials.Select(t => (t.Weights[0], t.Score)).OrderBy(p => p.Item1)]))],
            Across = weight,
            Value = Figures.Short,
        }.Write(page);
    }

    private static string Sentence(ReportSearch search)
    {
        ReportTrial chosen = search.Chosen!;
        string weights = string.Join(", ", search.Weights.Select((w, i) => $"{Markup.Short(w, 40)} {Figures.Short(chosen.Weights[i])}").Take(12));
        string test = search.Test is { } measured ? $" On data that did not choose: {Figures.Short(measured.Value)}{(double.IsFinite(measured.Low) ? $" ({Figures.Short(measured.Low)} to {Figures.Short(measured.High)})" : string.Empty)}." : string.Empty;
        return $"Chosen: {weights}; {search.Objective} {Figures.Short(chosen.Score)}, the best of {Figures.Of(search.Trials.Count, "trial")}{(search.Strategy.Length > 0 ? $" ({search.Strategy})" : string.Empty)}.{test}";
    }

    // one weight: a line. Several: per weight the trials as points, with the best at each value as a line
    private static void WriteCurves(Markup page, ReportSearch search)
    {
        if (search.Weights.Count > 1)
            page.Open("div", ("class", "panels"));
        for (int w = 0; w < Math.Min(search.Weights.Count, MostCurves); w++)
        {
            int weight = w;
            (double X, double Y)[] points = [.. search.Trials.Where(t => double.IsFinite(t.Score)).Select(t => (t.Weights[weight], t.Score)).OrderBy(p => p.Item1)];
            (double X, double Y)[] best = [.. points.GroupBy(p => Math.Round(p.X, 6)).Select(g => (g.Key, g.Max(p => p.Y)))];
            bool alone = search.Weights.Count == 1;
            var data = new DataTable($"Score by {search.Weights[w]}", $">{search.Weights[w]}", $">best {(alone ? "score" : "score there")}", ">trials");
            foreach ((double x, double y) in best.Take(MostListed))
                data.Add(Figures.Short(x), Figures.Short(y), $"{points.Count(p => Math.Round(p.X, 6) == x)}");
            new LineChart
            {
                Title = alone ? $"{Capital(search.Objective)} by {search.Weights[w]}" : $"{Markup.Short(search.Weights[w], 60)}",
                Description = alone ? "The curve of the search; the line marks the weight chosen." : "Every trial by this weight, whatever the others were; the line marks the weight chosen.",
                Data = data,
                Lines = [new Series(search.Objective, alone ? best : points) { IsLine = alone }],
                Across = search.Weights[w],
                Value = Figures.Short,
                Chosen = (search.Chosen!.Weights[w], $"chosen: {Figures.Short(search.Chosen.Weights[w])}"),
            }.Write(page);
        }

        if (search.Weights.Count > 1)
            page.Close();
    }

    private static void WriteProgress(Markup page, ReportSearch search)
    {
        if (search.Trials.Count < 3)
            return;
        double best = double.NegativeInfinity;
        var points = search.Trials.Where(t => double.IsFinite(t.Score)).Select(t => ((double)t.Number, t.Score)).ToList();
        var soFar = points.Select(p => (p.Item1, best = Math.Max(best, p.Score))).ToList();
        var data = new DataTable("Where the best score rose", ">trial", ">best so far");
        double last = double.NegativeInfinity;
        foreach ((double number, double score) in soFar.Where(p => p.Item2 > last && (last = p.Item2) == p.Item2))
            data.Add(Figures.Short(number), Figures.Short(score));
        new LineChart
        {
            Title = "How the search went",
            Description = $"The best score so far rose for the last time at trial {search.Chosen!.Number} of {search.Trials.Count}.",
            Data = data,
            Lines = [new Series("best so far", soFar) { IsStepped = true, HasDots = false }, new Series("trial", points) { IsLine = false }],
            Across = "trial",
            IsCount = true,
            Value = Figures.Short,
        }.Write(page);
    }

    private static void WriteSensitivity(Markup page, ReportSearch search)
    {
        ReportTrial chosen = search.Chosen!;
        var others = search.Trials.Where(t => t != chosen && double.IsFinite(t.Score)).Select(t => (Distance: Distance(t, chosen), Loss: chosen.Score - t.Score)).OrderBy(t => t.Distance).ToList();
        if (others.Count < 3)
            return;
        var table = new DataTable("What is lost beside the chosen weights", ">no weight moved by more than", ">trials", ">least lost", ">half lose no more than", ">most lost");
        double[] radii = [.. new[] { 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1 }.Where(r => others.Any(o => o.Distance <= r + 1e-9))];
        foreach (double radius in radii)
        {
            double[] losses = [.. others.Where(o => o.Distance <= radius + 1e-9).Select(o => o.Loss).Order()];
            table.Add(Figures.Short(radius), $"{losses.Length}", Figures.Short(losses[0]), Figures.Short(losses[(losses.Length - 1) / 2]), Figures.Short(losses[^1]));
        }

        double near = radii.Length > 0 ? radii[0] : 0;
        string said = radii.Length == 0 ? "No other trial is near the chosen weights." : $"Among the {others.Count(o => o.Distance <= near + 1e-9)} trials in which no weight differs by more than {Figures.Short(near)} from the chosen one, at most {Figures.Short(others.Where(o => o.Distance <= near + 1e-9).Max(o => o.Loss))} is lost.";
        new LineChart
        {
            Title = "How much the choice matters",
            Description = $"Every other trial by its distance from the chosen weights (the largest difference of a weight) and by what it scores less. {said}",
            Data = table,
            Lines = [new Series("score lost", [.. others.Select(o => (o.Distance, o.Loss))]) { IsLine = false }],
            Across = "distance from the chosen weights",
            Value = Figures.Short,
            FromZero = true,
        }.Write(page);
    }

    private static double Distance(ReportTrial trial, ReportTrial chosen) => trial.Weights.Zip(chosen.Weights, (a, b) => Math.Abs(a - b)).DefaultIfEmpty(0).Max();

    private static void WriteTrials(Markup page, ReportSearch search)
    {
        string[] tasks = [.. search.Trials.SelectMany(t => t.Tasks).Select(t => t.Task).Distinct(StringComparer.Ordinal)];
        var table = new DataTable("Trials", [">trial", .. search.Weights.Select(w => $">{w}"), $">{search.Objective}", .. tasks.Select(t => $">{t}")]);
        foreach (ReportTrial trial in search.Trials.Take(MostListed))
        {
            string[] cells = [$"{trial.Number}", .. trial.Weights.Select(Figures.Short), Figures.Short(trial.Score), .. tasks.Select(t => trial.Tasks.Any(s => s.Task == t) ? Figures.Short(trial.Tasks.First(s => s.Task == t).Score) : "–")];
            if (trial == search.Chosen)
                table.AddMarked(cells);
            else
                table.Add(cells);
        }

        table.WriteFolded(page, search.Trials.Count > MostListed ? $"The first {MostListed} of {search.Trials.Count} trials" : $"All {Figures.Of(search.Trials.Count, "trial")}");
    }

    private static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];
}
