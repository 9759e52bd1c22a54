using Markdig.Syntax;

namespace CabsPs.Help;

/// <summary>Writes an about_ topic as the plain text that Get-Help shows. PowerShell takes the synopsis from the fifth line, so the head
/// has a fixed shape.</summary>
public static class AboutTopic
{
    private const int Width = 79;

    /// <summary>The topic's text.</summary>
    /// <exception cref="PageException">The page has no title or no short description.</exception>
    public static string Render(MarkdownPage page)
    {
        page.TakeHeading(1, page.Name);
        HeadingBlock heading = page.TakeHeading(2, "SHORT DESCRIPTION");
        string[] summary = [.. PlainText.Paragraphs(page.TakeBody())];
        if (summary is not [{ Length: <= Width - 4 }])
            throw page.Error(heading, $"the short description is one line of at most {Width - 4} characters");
        var lines = new List<string> { "TOPIC", $"    {page.Name}", string.Empty, "SHORT DESCRIPTION", $"    {summary[0]}", string.Empty };
        while (page.Peek is { } block)
        {
            if (block is HeadingBlock { Level: 2 } section)
            {
                page.Take();
                lines.Add(PlainText.Of(section.Inline).ToUpperInvariant());
            }
            else if (block is HeadingBlock part)
            {
                page.Take();
                lines.AddRange(["  " + PlainText.Of(part.Inline)]);
            }
            else
            {
                lines.AddRange(PlainText.Lines(page.TakeBody(), Width, 4));
            }
        }

        return string.Join('\n', lines).TrimEnd() + "\n";
    }
}
