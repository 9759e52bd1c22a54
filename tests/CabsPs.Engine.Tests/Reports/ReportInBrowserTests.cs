using System.Text.Json.Nodes;
using CabsPs.Engine.Reports;

namespace CabsPs.Engine.Tests.Reports;

/// <summary>A report in a real browser: from disk, wide and narrow, light and dark, by keyboard.</summary>
public sealed class ReportInBrowserTests : IDisposable
{
    private readonly ReportSample _sample = new();

    public void Dispose() => _sample.Dispose();

    [ChromiumFact]
    public async Task It_opens_from_disk_without_an_error_and_asks_nobody()
    {
        string file = ReportFile.Write(_sample.Path("report.html"), _sample.Everything(layers: 33) with { Title = ReportSample.HostileName }, replace: true);
        await using Chromium browser = await Chromium.Start();
        await browser.Open(file);
        Assert.Equal([new Uri(file).AbsoluteUri], browser.Events.Where(e => e.Method == "Network.requestWillBeSent").Select(e => (string)e.Parameters["request"]!["url"]!));
        Assert.DoesNotContain(browser.Events, e => e.Method is "Runtime.exceptionThrown" or "Runtime.consoleAPICalled" or "Log.entryAdded" or "Page.javascriptDialogOpening");
        Assert.Equal("CSS1Compat", (string?)await browser.Evaluate("document.compatMode"));
        Assert.Equal(0, (int?)await browser.Evaluate("document.scripts.length"));
        // the HTML parser sees the same elements that were written: nothing left open, nothing moved
        Assert.Equal(System.Text.RegularExpressions.Regex.Count(File.ReadAllText(file), "<section "), (int?)await browser.Evaluate("document.querySelectorAll('main > section').length"));
        Assert.True((bool?)await browser.Evaluate("[...document.querySelectorAll('main > section > *')].length > 20 && document.body.lastElementChild.tagName === 'FOOTER'"));
        // a drawing has the width of its place
        Assert.True((bool?)await browser.Evaluate("[...document.querySelectorAll('.plot > svg')].filter(s => s.checkVisibility()).every(s => s.getBoundingClientRect().width > 100 && s.getBoundingClientRect().height > 20)"));
    }

    [ChromiumFact]
    public async Task It_fits_a_phone_and_follows_the_colour_scheme()
    {
        string file = ReportFile.Write(_sample.Path("report.html"), _sample.Everything(layers: 33), replace: true);
        await using Chromium browser = await Chromium.Start();
        var colours = new List<string>();
        foreach (string scheme in new[] { "light", "dark" })
        {
            await browser.Call("Emulation.setEmulatedMedia", new JsonObject { ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = scheme }) });
            await browser.Call("Emulation.setDeviceMetricsOverride", new JsonObject { ["width"] = 360, ["height"] = 740, ["deviceScaleFactor"] = 2, ["mobile"] = true });
            await browser.Open(file);
            // nothing is wider than the window but what scrolls by itself
            Assert.Equal(360, (int?)await browser.Evaluate("document.documentElement.scrollWidth"));
            await AtLeast(11, "Math.min(...[...document.querySelectorAll('svg text, td, th')].filter(t => t.checkVisibility()).map(t => parseFloat(getComputedStyle(t).fontSize)))");
            colours.Add((string)(await browser.Evaluate("getComputedStyle(document.body).color + ' on ' + getComputedStyle(document.body).backgroundColor"))!);
            // WCAG's contrast: text, marks on the page, figures in the cells of a heat map
            await AtLeast(4.5, Contrast + "Math.min(...[...document.querySelectorAll('p, td, th, a, summary, figcaption, dt, dd span')].filter(t => t.checkVisibility()).map(t => contrast(getComputedStyle(t).color, behind(t))))");
            await AtLeast(3, Contrast + "Math.min(...[...document.querySelectorAll('path.dot, rect.bar')].map(t => contrast(getComputedStyle(t).fill, getComputedStyle(document.body).backgroundColor)))");
            await AtLeast(3, Contrast + "Math.min(...[...document.querySelectorAll('text.in')].map(t => contrast(getComputedStyle(t).fill, getComputedStyle(t.previousElementSibling).fill)).filter(c => c > 0))");
        }

        Assert.NotEqual(colours[0], colours[1]);

        async Task AtLeast(double least, string expression) => Assert.InRange((double)(await browser.Evaluate(expression))!, least, 1000);
    }

    [ChromiumFact]
    public async Task It_is_read_by_keyboard_and_by_a_screen_reader()
    {
        string file = ReportFile.Write(_sample.Path("report.html"), _sample.Everything(), replace: true);
        await using Chromium browser = await Chromium.Start();
        await browser.Open(file);
        await browser.Press("Tab", 9);
        Assert.Equal("To the report", (string?)await browser.Evaluate("document.activeElement.textContent"));
        // tab until a mark of a drawing has the focus: its words are shown
        int presses = 0;
        while ((bool?)await browser.Evaluate("document.activeElement.classList.contains('m')") != true && presses++ < 60)
            await browser.Press("Tab", 9);
        string says = (string)(await browser.Evaluate("document.activeElement.getAttribute('aria-label')"))!;
        Assert.NotEmpty(says);
        Assert.Equal(("absolute", "none"), ((string?)await browser.Evaluate("getComputedStyle(document.activeElement, '::after').position"), (string?)await browser.Evaluate("getComputedStyle(document.querySelector('.m:not(:focus)'), '::after').content")));
        // folded tables open with a key
        await browser.Evaluate("document.querySelector('figure details summary').focus()");
        Assert.Equal(false, (bool?)await browser.Evaluate("document.querySelector('figure details').open"));
        await browser.Press("Enter", 13);
        Assert.Equal(true, (bool?)await browser.Evaluate("document.querySelector('figure details').open"));
        JsonNode tree = await browser.Call("Accessibility.getFullAXTree");
        (string Role, string Name)[] nodes = [.. tree["nodes"]!.AsArray().Where(n => (bool?)n!["ignored"] != true).Select(n => ((string?)n!["role"]?["value"] ?? string.Empty, (string?)n["name"]?["value"] ?? string.Empty))];
        Assert.Contains(("image", "Mean score by lambda"), nodes);
        Assert.Contains(nodes, n => n.Role == "table" && n.Name == "Every pair");
        Assert.Contains(nodes, n => n.Role == "image" && n.Name.StartsWith("lambda 0.6", StringComparison.Ordinal));
        Assert.DoesNotContain(nodes, n => n.Role == "image" && n.Name.Length == 0);
    }

    // relative luminance and contrast of two colours as CSS writes them
    private const string Contrast = """
        var light = c => { const v = c.match(/[\d.]+/g).slice(0, 3).map(x => x / 255).map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4); return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
        var behind = e => { const c = getComputedStyle(e).backgroundColor; return c.endsWith(', 0)') ? behind(e.parentElement) : c; };
        var contrast = (a, b) => { if (!/\d/.test(b) || b === 'none') return 99; const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };

        """;
}
