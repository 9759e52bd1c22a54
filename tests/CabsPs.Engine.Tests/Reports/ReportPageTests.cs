using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using CabsPs.Engine.Diagnostics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Reports;

namespace CabsPs.Engine.Tests.Reports;

/// <summary>What stands in a report, and that it is a sound page: read back as XML, without a browser.</summary>
public sealed class ReportPageTests : IDisposable
{
    private readonly ReportSample _sample = new();

    public void Dispose() => _sample.Dispose();

    [Fact]
    public void The_page_holds_everything_it_shows()
    {
        XElement page = Parse(ReportPage.Create(_sample.Everything()));
        Assert.Equal(["glance", "scores", "recipe", "inputs", "tensors", "overlap", "norm", "balance", "order", "search", "cost"], page.Descendants("section").Select(s => (string)s.Attribute("id")!));
        Assert.DoesNotContain(page.Descendants(), e => e.Name.LocalName is "script" or "link" or "img" or "iframe" or "object" or "embed" or "base" or "form" or "input" or "button");
        Assert.DoesNotContain(page.Descendants().Attributes(), a => a.Name.LocalName is "src" or "srcset" or "action" || a.Name.LocalName.StartsWith("on", StringComparison.Ordinal));
        Assert.All(page.Descendants().Attributes("href"), a => Assert.Contains(page.Descendants(), e => $"#{(string?)e.Attribute("id")}" == a.Value));
        string css = page.Descendants("style").Single().Value;
        Assert.DoesNotContain("url(", css);
        Assert.DoesNotContain("@import", css);
        Assert.Contains("prefers-color-scheme: dark", css);
        Assert.DoesNotContain("http:", page.ToString());
        Assert.DoesNotContain("https:", page.ToString());
    }

    [Fact]
    public void Every_drawing_has_a_name_a_description_and_its_figures_as_a_table()
    {
        XElement page = Parse(ReportPage.Create(_sample.Everything()));
        Dictionary<string, XElement> ids = page.Descendants().Where(e => e.Attribute("id") is not null).ToDictionary(e => (string)e.Attribute("id")!);
        XElement[] figures = [.. page.Descendants("figure")];
        Assert.True(figures.Length > 15, $"only {figures.Length} drawings");
        foreach (XElement figure in figures)
        {
            XElement drawing = Assert.Single(figure.Descendants("svg"), s => (string?)s.Attribute("role") == "img");
            Assert.NotEqual(string.Empty, ids[(string)drawing.Attribute("aria-labelledby")!].Value);
            Assert.NotEqual(string.Empty, ids[(string)drawing.Attribute("aria-describedby")!].Value);
            Assert.Equal("title", ids[(string)drawing.Attribute("aria-labelledby")!].Name);
            Assert.Equal("desc", ids[(string)drawing.Attribute("aria-describedby")!].Name);
            XElement table = Assert.Single(figure.Descendants("table"));
            Assert.True(table.Element("tbody")!.Elements("tr").Any(), figure.Element("figcaption")!.Value);
        }

        foreach (XElement table in page.Descendants("table"))
        {
            Assert.NotEqual(string.Empty, table.Element("caption")!.Value);
            int columns = table.Descendants("thead").Single().Descendants("th").Count();
            Assert.All(table.Element("tbody")!.Elements("tr"), r => Assert.Equal(columns, r.Elements().Count()));
        }

        // what can be pointed at can be tabbed to and says something; where it is too much for that, it is hidden from readers of the table
        Assert.All(page.Descendants("span").Where(s => ((string?)s.Attribute("class"))?.Split(' ').Contains("m") == true), m =>
        {
            Assert.NotEqual(string.Empty, (string)m.Attribute("aria-label")!);
            Assert.True((string?)m.Attribute("tabindex") == "0" || (string?)m.Parent!.Attribute("aria-hidden") == "true");
        });
    }

    [Fact]
    public void Figures_are_those_of_the_merge_and_the_measurement()
    {
        string recipe = _sample.Write(5);
        MergeResult result = _sample.Merge(recipe);
        MeasureResult measure = ReportSample.Measure(result);
        XElement page = Parse(ReportPage.Create(new ReportContent { Merges = [ReportMerge.Of(result)], Measurements = [new ReportMeasurement("merged", measure)] }));
        string[][] experts = Rows(page, "Experts");
        Assert.Equal(measure.Total.Vectors.Select(v => v.Name), experts.Select(r => r[0]));
        Assert.Equal(measure.Total.Vectors.Select(v => $"{Text.Significant(v.NormKept * 100)}\u00A0%"), experts.Select(r => r[6]));
        Assert.Equal(["math", "code", "chat", "law"], experts.Select(r => r[0]));
        string[][] pairs = Rows(page, "Every pair");
        Assert.Equal(measure.Total.Pairs.Select(p => $"{Text.Significant(p.Jaccard * 100)}\u00A0%"), pairs.Select(r => r[3]));
        string[][] layers = Rows(page, "Norm kept by layer");
        Assert.Equal(["0", "1", "2", "3", "4", "outside the layers"], layers.Select(r => r[0]));
        Assert.Equal($"{Text.Significant(measure.Layers[3].Vectors[2].NormKept * 100)}\u00A0%", layers[3][3]);
        Assert.Equal(["1.25", "1", "1", "1"], Rows(page, "Values per model, in the order of the merge").Select(r => r[1]));
        Assert.Contains(Rows(page, "Values for the merge as a whole"), r => r[0] == "lambda" && r[1] == "0.75");
        Assert.Contains(Rows(page, "Tensors, equal layers on one line"), r => r[0] == "lm_head.weight" && r[1] == "copied");
        Assert.Contains(Rows(page, "Tensors, equal layers on one line"), r => r[0] == "model.layers.{0-4}.mlp.up.weight" && r[1] == "merged" && r[4] == "5");
    }

    [Fact]
    public void Bars_are_as_long_as_their_values_and_points_stand_where_they_belong()
    {
        string recipe = _sample.Write(5);
        MergeResult result = _sample.Merge(recipe);
        XElement page = Parse(ReportPage.Create(new ReportContent { Merges = [ReportMerge.Of(result)], Searches = [ReportSample.Line()] }));
        double[] widths = [.. page.Descendants("rect").Where(r => (string?)r.Attribute("class") == "bar s0" && ((string)r.Attribute("width")!).EndsWith('%')).Select(r => Percent((string)r.Attribute("width")!))];
        Assert.Equal(result.Vectors.Select(v => Math.Round(v.NormKept * 100, 2)), widths);
        XElement curve = Figure(page, "Mean score by lambda");
        (double X, double Y)[] dots = [.. curve.Descendants("svg").Where(s => s.Attribute("x") is not null && s.Element("path") is { } p && ((string)p.Attribute("class")!).StartsWith("dot", StringComparison.Ordinal)).Select(s => (Percent((string)s.Attribute("x")!), double.Parse((string)s.Attribute("y")!, CultureInfo.InvariantCulture)))];
        Assert.Equal(20, dots.Length);
        // weights are evenly spaced, and the highest point is the twelfth: 0.6
        Assert.All(dots.Zip(dots.Skip(1)), d => Assert.Equal(dots[1].X - dots[0].X, d.Second.X - d.First.X, 0.011));
        Assert.Equal(11, Array.IndexOf(dots, dots.MinBy(d => d.Y)));
        XElement chosen = Assert.Single(curve.Descendants("line"), l => (string?)l.Attribute("class") == "chosen");
        Assert.Equal(dots[11].X, Percent((string)chosen.Attribute("x1")!));
        Assert.Contains("chosen: 0.6", curve.Descendants("text").Select(t => t.Value));
    }

    [Fact]
    public void What_a_search_loses_beside_its_choice_is_counted()
    {
        XElement page = Parse(ReportPage.Create(new ReportContent { Searches = [ReportSample.Line()] }));
        // trials at 0.55 and 0.65 lose 0.05² each; within 0.1 there are four, the farthest losing 0.1²
        string[][] rows = Rows(page, "What is lost beside the chosen weights");
        Assert.Equal(["0.05", "2", "0.0025", "0.0025", "0.0025"], rows[0]);
        Assert.Equal(["0.1", "4", "0.0025", "0.0025", "0.01"], rows[1]);
    }

    [Fact]
    public void A_trial_that_failed_is_listed_and_never_chosen()
    {
        ReportSearch search = ReportSample.Cloud();
        Assert.Equal(search.Trials.Where(t => t.Number != 7).Max(t => t.Score), search.Chosen!.Score);
        XElement page = Parse(ReportPage.Create(new ReportContent { Searches = [search] }));
        Assert.Contains(Rows(page, "Trials"), r => r[0] == "7" && r[3] == "–");
        Assert.DoesNotContain(Parse(ReportPage.Create(new ReportContent { Searches = [search], Merges = [new ReportMerge("m", "linear")] })).Descendants().Attributes(), a => a.Value.Contains("NaN", StringComparison.Ordinal));
    }

    [Fact]
    public void Names_from_files_are_text_and_nothing_else()
    {
        string name = ReportSample.HostileName;
        ReportContent content = _sample.Everything() with { Title = name };
        content = content with
        {
            Recipes = [new ReportRecipe(name, $"# {name}\n")],
            Merges = [content.Merges[0] with { Name = name, Method = name, Warnings = [name], Models = [new ReportModel(name, true, name)], Values = [(name, [name, name, name])], Tensors = [new ReportTensor($"{name}.0.{name}", TensorAction.Merge, name, name, [2], 2)], LeftOut = [new LeftOutTensor(name, name, name)] }],
            Scores = [new ReportScores(name, [new ReportScore(name, 1) { Group = name, Note = name, Columns = [(name, name)] }])],
            Searches = [new ReportSearch(name, [name], [.. ReportSample.Line().Trials])],
        };
        string text = ReportPage.Create(content);
        XElement page = Parse(text);
        Assert.DoesNotContain(page.Descendants(), e => e.Name.LocalName is "script" or "img");
        Assert.DoesNotContain(page.Descendants().Attributes(), a => a.Name.LocalName.StartsWith("on", StringComparison.Ordinal));
        Assert.Contains("<script>alert(1)</script><img src=x onerror=alert(1)> \"quoted' & \uFFFDturned\uFFFD", page.Descendants("h1").Single().Value);
        Assert.DoesNotContain("\u202E", text);
        Assert.DoesNotContain("\u0007", text);
    }

    [Fact]
    public void A_name_that_is_not_Unicode_is_shown_as_far_as_it_is()
    {
        XElement page = Parse(ReportPage.Create(new ReportContent { Scores = [new ReportScores("s", [new ReportScore("a\uD800b \U0001F600", 1)])] }));
        Assert.Contains("a\uFFFDb \U0001F600", page.ToString());
    }

    [Fact]
    public void The_same_content_gives_the_same_page()
    {
        ReportContent content = _sample.Everything();
        Assert.Equal(ReportPage.Create(content), ReportPage.Create(content with { }));
        // and in another culture
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            comma.NumberFormat.NumberDecimalSeparator = ",";
            comma.NumberFormat.NegativeSign = "~";
            CultureInfo.CurrentCulture = comma;
            string other = ReportPage.Create(content);
            CultureInfo.CurrentCulture = before;
            Assert.Equal(ReportPage.Create(content), other);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Sections_without_anything_to_say_are_not_there()
    {
        XElement page = Parse(ReportPage.Create(new ReportContent { Searches = [ReportSample.Line()] }));
        Assert.Equal(["search"], page.Descendants("section").Select(s => (string)s.Attribute("id")!));
        Assert.Equal(["search"], page.Descendants("nav").Single().Descendants("a").Select(a => ((string)a.Attribute("href")!)[1..]));
    }

    [Fact]
    public void Nothing_to_tell_is_refused()
    {
        CabsException error = Assert.Throws<CabsException>(() => ReportPage.Create(new ReportContent()));
        Assert.Equal(CabsError.ParameterInvalid, error.Error);
        Assert.Contains("nothing to report", error.Message);
    }

    [Fact]
    public void More_experts_than_there_are_colours_are_shades()
    {
        string[] names = [.. Enumerable.Range(0, 9).Select(i => $"expert-{i}")];
        MeasuredPart Part(PartKind kind, string name, int? layer) => new(kind, name, layer, 100, [.. names.Select((n, i) => new MeasuredVector(n, 100, 25, 1, 0.01 * i * i, new Balance(0, 0.1, 0)))], []);
        var measure = new MeasureResult
        {
            BasePath = "base", Method = null, Vectors = names, Sparsifications = [.. names.Select(_ => (string?)null)], Total = Part(PartKind.Total, MeasuredPart.Whole, null),
            Layers = [.. Enumerable.Range(0, 3).Select(l => Part(PartKind.Layer, $"h.{l}", l))], Tensors = [], LeftOut = [], Warnings = [], Duration = TimeSpan.Zero, BytesRead = 0, PeakMemory = 0, Threads = 1,
        };
        XElement page = Parse(ReportPage.Create(new ReportContent { Measurements = [new ReportMeasurement("m", measure)] }));
        XElement figure = Figure(page, "Norm kept by layer, h.*");
        Assert.Equal(27, figure.Descendants("rect").Count(r => ((string?)r.Attribute("class"))?.StartsWith("cell ", StringComparison.Ordinal) == true));
        // the first expert keeps nothing, the last the most
        Assert.Equal(3, figure.Descendants("rect").Count(r => (string?)r.Attribute("class") == "cell h8"));
    }

    private static double Percent(string text) => double.Parse(text.TrimEnd('%'), CultureInfo.InvariantCulture);

    private static XElement Figure(XElement page, string caption) => page.Descendants("figure").First(f => f.Element("figcaption")!.Value == caption);

    private static string[][] Rows(XElement page, string caption) =>
        [.. page.Descendants("table").First(t => t.Element("caption")!.Value == caption).Element("tbody")!.Elements("tr").Select(r => r.Elements().Select(c => c.Value).ToArray())];

    private static XElement Parse(string page)
    {
        Assert.StartsWith("<!DOCTYPE html", page);
        using var reader = XmlReader.Create(new StringReader(page), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
        return XElement.Load(reader, LoadOptions.PreserveWhitespace);
    }
}
