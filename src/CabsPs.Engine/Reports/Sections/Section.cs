namespace CabsPs.Engine.Reports.Sections;

/// <summary>A part of a report, with a heading that the list of contents links to.</summary>
internal abstract class Section
{
    /// <summary>The part of the address behind #.</summary>
    public abstract string Id { get; }

    /// <summary>The heading.</summary>
    public abstract string Title { get; }

    /// <summary>Whether a report has anything to say here.</summary>
    public abstract bool AppliesTo(ReportContent content);

    /// <summary>Writes what stands under the heading.</summary>
    public abstract void Write(Markup page, ReportContent content);

    /// <summary>A heading for one of several merges, searches or lists; none where there is only one.</summary>
    protected static void Heading(Markup page, string name, int count)
    {
        if (count > 1)
            page.Element("h3", Markup.Name(name));
    }
}
