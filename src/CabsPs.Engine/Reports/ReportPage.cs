using System.Reflection;
using CabsPs.Engine.Reports.Sections;

namespace CabsPs.Engine.Reports;

/// <summary>Puts a report together: one HTML page that holds everything it shows, needs no script and asks no network.</summary>
public static class ReportPage
{
    // whatever text may come from a file, the page itself can load and run nothing
    private const string Policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
    private static readonly Section[] s_sections = [new GlanceSection(), new ScoreSection(), new RecipeSection(), new InputSection(), new TensorSection(), new OverlapSection(), new NormSection(), new BalanceSection(), new StudySection(), new SearchSection(), new CostSection()];

    /// <summary>Makes the page. The same content gives the same text.</summary>
    /// <param name="content">What to tell.</param>
    /// <exception cref="CabsException">There is nothing to tell.</exception>
    public static string Create(ReportContent content)
    {
        Section[] sections = [.. s_sections.Where(s => s.AppliesTo(content))];
        if (sections.Length == 0)
            throw new CabsException(CabsError.ParameterInvalid, "there is nothing to report; give a merge, a recipe, a measurement, a search or scores");
        var page = new Markup();
        page.Open("html", ("lang", "en")).Open("head");
        page.Empty("meta", ("charset", "utf-8"));
        page.Empty("meta", ("http-equiv", "Content-Security-Policy"), ("content", Policy));
        page.Empty("meta", ("name", "viewport"), ("content", "width=device-width, initial-scale=1"));
        page.Empty("meta", ("name", "color-scheme"), ("content", "light dark"));
        page.Element("title", content.Title).Style(ReadStyle()).Close();
        page.Open("body").Element("a", "To the report", ("class", "skip"), ("href", "#report"));
        page.Open("header").Element("h1", content.Title);
        page.Open("nav", ("aria-label", "Contents")).Open("ul");
        foreach (Section section in sections)
            page.Open("li").Element("a", section.Title, ("href", $"#{section.Id}")).Close();
        page.Close(3);
        page.Open("main", ("id", "report"));
        foreach (Section section in sections)
        {
            page.Open("section", ("id", section.Id), ("aria-labelledby", $"{section.Id}-title")).Element("h2", section.Title, ("id", $"{section.Id}-title"));
            section.Write(page, content);
            page.Close();
        }

        page.Close();
        page.Element("footer", $"Made by Cabs {typeof(ReportPage).Assembly.GetName().Version!.ToString(3)}. Point at a mark, or tab to it, to read its figures; every drawing has them as a table too.");
        page.Close(2);
        return page.Finish();
    }

    private static string ReadStyle()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("CabsPs.Engine.Reports.report.css")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
