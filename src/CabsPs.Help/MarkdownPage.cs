using Markdig;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;

namespace CabsPs.Help;

/// <summary>One page, parsed, as a walk over its top-level blocks.</summary>
public sealed class MarkdownPage
{
    private static readonly MarkdownPipeline s_pipeline = new MarkdownPipelineBuilder().UsePipeTables().UseYamlFrontMatter().Build();

    private readonly string _file;
    private readonly List<Block> _blocks;
    private int _next;

    /// <summary>Reads a page.</summary>
    public MarkdownPage(string file)
        : this(file, File.ReadAllText(file))
    {
    }

    internal MarkdownPage(string file, string text)
    {
        _file = file;
        _blocks = [.. Markdown.Parse(MethodChapter.Fill(text.Replace("\r\n", "\n", StringComparison.Ordinal)), s_pipeline)
            .Where(b => b is not (YamlFrontMatterBlock or LinkReferenceDefinitionGroup))];
        // comments are for writers
        _blocks.RemoveAll(b => b is HtmlBlock { Type: HtmlBlockType.Comment });
    }

    /// <summary>The page's name: its file's, without the extension.</summary>
    public string Name => Path.GetFileNameWithoutExtension(_file);

    /// <summary>The next block, or null at the end.</summary>
    public Block? Peek => _next < _blocks.Count ? _blocks[_next] : null;

    /// <summary>The next block when it is a heading of this level, or null.</summary>
    public HeadingBlock? PeekHeading(int level) => Peek is HeadingBlock heading && heading.Level == level ? heading : null;

    /// <summary>Takes the next block.</summary>
    public Block Take() => _blocks[_next++];

    /// <summary>Takes all blocks up to the next heading.</summary>
    public IReadOnlyList<Block> TakeBody()
    {
        int start = _next;
        while (Peek is not (null or HeadingBlock))
            _next++;
        return _blocks[start.._next];
    }

    /// <summary>Takes a heading of this level.</summary>
    /// <param name="level">Its level.</param>
    /// <param name="expected">What it has to say, or null.</param>
    public HeadingBlock TakeHeading(int level, string? expected = null)
    {
        string wanted = $"'{new string('#', level)} {expected ?? "…"}'";
        if (PeekHeading(level) is not { } heading || (expected is not null && PlainText.Of(heading.Inline) != expected))
            throw Error(Peek, $"{wanted} has to stand here");
        _next++;
        return heading;
    }

    /// <summary>A problem with a block, or with the end of the page.</summary>
    public PageException Error(Block? block, string message) => new(_file, (block ?? _blocks.LastOrDefault())?.Line + 1 ?? 1, message);
}
