using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace CabsPs.Help;

/// <summary>Reads a cmdlet's page in the form that platyPS 0.14 reads and writes.</summary>
public static class CommandPageReader
{
    /// <summary>Reads a page.</summary>
    /// <exception cref="PageException">A section is missing, out of place or empty.</exception>
    public static CommandPage Read(MarkdownPage page)
    {
        page.TakeHeading(1, page.Name);
        page.TakeHeading(2, "SYNOPSIS");
        IReadOnlyList<string> synopsis = Text(page, "the synopsis");
        IReadOnlyList<SyntaxSet> syntax = Syntax(page);
        page.TakeHeading(2, "DESCRIPTION");
        IReadOnlyList<string> description = Text(page, "the description");
        page.TakeHeading(2, "EXAMPLES");
        IReadOnlyList<ExampleHelp> examples = Examples(page);
        page.TakeHeading(2, "PARAMETERS");
        IReadOnlyList<ParameterHelp> parameters = Parameters(page);
        page.TakeHeading(2, "INPUTS");
        IReadOnlyList<TypeHelp> inputs = Types(page);
        page.TakeHeading(2, "OUTPUTS");
        IReadOnlyList<TypeHelp> outputs = Types(page);
        page.TakeHeading(2, "NOTES");
        IReadOnlyList<string> notes = PlainText.Paragraphs(page.TakeBody());
        page.TakeHeading(2, "RELATED LINKS");
        IReadOnlyList<LinkHelp> links = [.. page.TakeBody().OfType<ParagraphBlock>().SelectMany(b => b.Inline!.OfType<LinkInline>()).Select(l => new LinkHelp(PlainText.Of(l), l.Url ?? string.Empty))];
        if (page.Peek is { } more)
            throw page.Error(more, "nothing follows '## RELATED LINKS'");
        return new CommandPage(page.Name, string.Join(' ', synopsis), description, syntax, parameters, examples, inputs, outputs, notes, links);
    }

    private static IReadOnlyList<string> Text(MarkdownPage page, string what)
    {
        Block? start = page.Peek;
        IReadOnlyList<string> text = PlainText.Paragraphs(page.TakeBody());
        return text.Count == 0 || text.Any(t => t.Contains("{{", StringComparison.Ordinal)) ? throw page.Error(start, $"{what} has no text yet") : text;
    }

    private static IReadOnlyList<SyntaxSet> Syntax(MarkdownPage page)
    {
        HeadingBlock heading = page.TakeHeading(2, "SYNTAX");
        var sets = new List<SyntaxSet>();
        do
        {
            string name = page.PeekHeading(3) is not null ? PlainText.Of(page.TakeHeading(3).Inline).Replace(" (Default)", string.Empty, StringComparison.Ordinal) : string.Empty;
            CodeBlock code = page.TakeBody().OfType<CodeBlock>().SingleOrDefault() ?? throw page.Error(heading, "the syntax stands in a block of code");
            IEnumerable<string> words = PlainText.Of(code).Split([' ', '\n', '[', ']'], StringSplitOptions.RemoveEmptyEntries);
            sets.Add(new SyntaxSet(name, [.. words.Where(w => w.Length > 1 && w[0] == '-').Select(w => w[1..])]));
        }
        while (page.PeekHeading(3) is not null);
        return sets;
    }

    private static IReadOnlyList<ExampleHelp> Examples(MarkdownPage page)
    {
        var examples = new List<ExampleHelp>();
        while (page.PeekHeading(3) is not null)
        {
            HeadingBlock heading = page.TakeHeading(3);
            IReadOnlyList<Block> body = page.TakeBody();
            int first = Index(body, b => b is CodeBlock), last = body.Count - 1 - Index([.. body.Reverse()], b => b is CodeBlock);
            if (first < 0)
                throw page.Error(heading, "an example needs a block of code");
            // what stands between commands stays between them
            string code = string.Join("\n\n", PlainText.Paragraphs(body.Take(first..(last + 1))));
            examples.Add(new ExampleHelp(PlainText.Of(heading.Inline), PlainText.Paragraphs(body.Take(first)), code, PlainText.Paragraphs(body.Skip(last + 1))));
        }

        return examples;
    }

    private static int Index(IReadOnlyList<Block> blocks, Predicate<Block> wanted) => blocks.ToList().FindIndex(wanted);

    private static IReadOnlyList<ParameterHelp> Parameters(MarkdownPage page)
    {
        var parameters = new List<ParameterHelp>();
        while (page.PeekHeading(3) is not null)
        {
            HeadingBlock heading = page.TakeHeading(3);
            string name = PlainText.Of(heading.Inline);
            if (name == "CommonParameters")
            {
                page.TakeBody();
                continue;
            }

            if (!name.StartsWith('-'))
                throw page.Error(heading, "a parameter's heading is '### -Name'");
            IReadOnlyList<Block> body = page.TakeBody();
            FencedCodeBlock[] blocks = [.. body.OfType<FencedCodeBlock>().Where(b => b.Info == "yaml")];
            IReadOnlyList<string> text = PlainText.Paragraphs(body.Where(b => !blocks.Contains(b)));
            if (text.Count == 0 || text.Any(t => t.Contains("{{", StringComparison.Ordinal)))
                throw page.Error(heading, $"{name} has no text yet");
            if (blocks.Length == 0)
                throw page.Error(heading, $"{name} has no block of yaml; docs/Update-Help.ps1 writes it");
            parameters.Add(new ParameterHelp(name[1..], text, [.. blocks.Select(b => Use(page, b))]));
        }

        return parameters;
    }

    private static ParameterUse Use(MarkdownPage page, FencedCodeBlock block)
    {
        // lines of 'key: value' as platyPS reads them: a value may be a bare *
        var values = PlainText.Of(block).Split('\n').Select(l => l.Split(':', 2)).Where(l => l.Length == 2).ToDictionary(l => l[0].Trim(), l => l[1].Trim());
        string Of(string key) => values.TryGetValue(key, out string? value) ? value : throw page.Error(block, $"'{key}' is missing; docs/Update-Help.ps1 writes it");
        string[] sets = Of("Parameter Sets").Split(", ");
        return new ParameterUse(
            sets is ["(All)"] ? null : sets,
            Of("Type"),
            Of("Aliases"),
            Of("Required") == "True",
            Of("Position"),
            Of("Default value") is "None" or "False" ? null : Of("Default value"),
            Of("Accept pipeline input"),
            Of("Accept wildcard characters") == "True",
            values.TryGetValue("Accepted values", out string? words) ? words.Split(", ") : []);
    }

    private static IReadOnlyList<TypeHelp> Types(MarkdownPage page)
    {
        var types = new List<TypeHelp>();
        while (page.PeekHeading(3) is not null)
        {
            string name = PlainText.Of(page.TakeHeading(3).Inline);
            types.Add(new TypeHelp(name, Text(page, name)));
        }

        return types;
    }
}
