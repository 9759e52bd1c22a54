using System.Text;
using Markdig.Extensions.Tables;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace CabsPs.Help;

/// <summary>Markdown without its marks, as a terminal shows it.</summary>
public static class PlainText
{
    /// <summary>What a line of text says.</summary>
    public static string Of(ContainerInline? inlines)
    {
        var text = new StringBuilder();
        foreach (Inline inline in inlines ?? [])
        {
            _ = inline switch
            {
                LiteralInline literal => text.Append(literal.Content),
                CodeInline code => text.Append(code.Content),
                LineBreakInline => text.Append(' '),
                HtmlEntityInline entity => text.Append(entity.Transcoded),
                AutolinkInline link => text.Append(link.Url),
                LinkInline link when link.Url is { } url && url.Contains("://", StringComparison.Ordinal) => text.Append($"{Of(link)} ({url})"),
                ContainerInline container => text.Append(Of(container)),
                _ => text,
            };
        }

        return text.ToString();
    }

    /// <summary>The code of a block.</summary>
    public static string Of(CodeBlock code) => code.Lines.ToString().TrimEnd();

    /// <summary>Blocks as paragraphs: an item of a list, a row of a table and a block of code are one each.</summary>
    public static IReadOnlyList<string> Paragraphs(IEnumerable<Block> blocks) => [.. blocks.SelectMany(ParagraphsOf)];

    /// <summary>Blocks as lines of at most <paramref name="width"/> characters, except those of code.</summary>
    /// <param name="blocks">The blocks.</param>
    /// <param name="width">The most characters in a line, indentation included.</param>
    /// <param name="indent">Spaces before each line.</param>
    public static IEnumerable<string> Lines(IEnumerable<Block> blocks, int width, int indent)
    {
        string margin = new(' ', indent);
        foreach (Block block in blocks)
        {
            switch (block)
            {
                case CodeBlock code:
                    foreach (string line in Of(code).Split('\n'))
                        yield return $"{margin}    {line}".TrimEnd();
                    yield return string.Empty;
                    break;
                case Table table:
                    string[] rows = [.. Rows(table)];
                    foreach (string line in rows.Max(r => r.Length) <= width - indent ? rows : Entries(table, width - indent))
                        yield return (margin + line).TrimEnd();
                    yield return string.Empty;
                    break;
                case ListBlock list:
                    foreach ((ListItemBlock item, int number) in list.OfType<ListItemBlock>().Select((item, i) => (item, i + 1)))
                    {
                        string mark = list.IsOrdered ? $"{number}. " : "- ";
                        bool first = true;
                        foreach (string line in Lines(item, width, indent + mark.Length).Where(l => l.Length > 0))
                        {
                            yield return first ? margin + mark + line[(indent + mark.Length)..] : line;
                            first = false;
                        }
                    }

                    yield return string.Empty;
                    break;
                default:
                    foreach (string line in ParagraphsOf(block).SelectMany(p => Wrap(p, width - indent)))
                        yield return margin + line;
                    yield return string.Empty;
                    break;
            }
        }
    }

    private static IEnumerable<string> ParagraphsOf(Block block) => block switch
    {
        LeafBlock { Inline: { } inlines } => [Of(inlines)],
        CodeBlock code => [Of(code)],
        ListBlock list => list.OfType<ListItemBlock>().Select((item, i) => (list.IsOrdered ? $"{i + 1}. " : "- ") + string.Join(" ", ParagraphsOf(item))),
        Table table => [string.Join('\n', Rows(table))],
        ContainerBlock container => Paragraphs(container),
        _ => [],
    };

    private static string[][] Cells(Table table) =>
        [.. table.OfType<TableRow>().Select(r => r.OfType<TableCell>().Select(c => string.Join(' ', Paragraphs(c))).ToArray())];

    // a table too wide for a terminal: an entry for each row, under its first cell
    private static IEnumerable<string> Entries(Table table, int width)
    {
        string[][] rows = Cells(table);
        foreach (string[] row in rows.Skip(1))
        {
            yield return row[0];
            foreach (string line in row.Zip(rows[0]).Skip(1).SelectMany(c => Wrap($"{c.Second}: {c.First}", width - 4)))
                yield return $"    {line}";
        }
    }

    private static IEnumerable<string> Rows(Table table)
    {
        string[][] rows = Cells(table);
        int[] widths = [.. Enumerable.Range(0, rows.Max(r => r.Length)).Select(i => rows.Max(r => i < r.Length ? r[i].Length : 0))];
        for (int row = 0; row < rows.Length; row++)
        {
            yield return string.Join("  ", rows[row].Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd();
            if (row == 0)
                yield return string.Join("  ", widths.Select(w => new string('-', w)));
        }
    }

    private static IEnumerable<string> Wrap(string text, int width)
    {
        var line = new StringBuilder();
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line.ToString();
                line.Clear();
            }

            line.Append(line.Length > 0 ? " " : string.Empty).Append(word);
        }

        yield return line.ToString();
    }
}
