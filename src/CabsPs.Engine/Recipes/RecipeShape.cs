using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CabsPs.Engine.Recipes;

/// <summary>Looks at a YAML text's events before nodes are made of them. A few lines of aliases can stand for billions of nodes, a text of
/// brackets nests until the stack ends, and keys that are collections are hashed with all they hold; nothing of that is a recipe.</summary>
internal sealed class RecipeShape(string file)
{
    /// <summary>The most nodes of all documents, with aliases written out.</summary>
    public const int MaxNodes = 100_000;

    private const int MaxDepth = 64;
    private const int MaxDocuments = 256;
    private readonly Stack<Node> _open = [];
    private readonly Dictionary<AnchorName, Node> _anchors = [];
    private long _nodes;
    private int _documents;

    /// <summary>Checks a text.</summary>
    /// <exception cref="CabsException">It is no recipe.</exception>
    /// <exception cref="YamlException">It is not YAML.</exception>
    public void Check(IParser parser)
    {
        while (parser.MoveNext())
        {
            switch (parser.Current)
            {
                case DocumentStart:
                    if (++_documents > MaxDocuments)
                        throw Error(parser.Current, $"has more than {MaxDocuments} documents");
                    _anchors.Clear();
                    break;
                case AnchorAlias alias:
                    Add(alias, _anchors.GetValueOrDefault(alias.Value) ?? new Node(IsMapping: false) { IsScalar = true });
                    break;
                case Scalar scalar:
                    Add(scalar, Anchored(scalar, new Node(IsMapping: false) { IsScalar = true }));
                    break;
                case MappingStart or SequenceStart:
                    Open((NodeEvent)parser.Current);
                    break;
                case MappingEnd or SequenceEnd:
                    Node closed = _open.Pop();
                    closed.IsOpen = false;
                    if (_open.TryPeek(out Node? parent))
                        parent.Take(closed);
                    break;
            }
        }
    }

    private void Open(NodeEvent start)
    {
        if (_open.TryPeek(out Node? parent) && parent.TakesKey)
            throw Error(start, "a key must be a word");
        if (_open.Count == MaxDepth)
            throw Error(start, $"nested more than {MaxDepth} deep; that is not a recipe");
        Count(start, 1);
        _open.Push(Anchored(start, new Node(start is MappingStart) { IsOpen = true }));
    }

    private void Add(ParsingEvent at, Node node)
    {
        if (node.IsOpen)
            throw Error(at, "an alias stands inside what it stands for");
        if (_open.Count + node.Depth > MaxDepth)
            throw Error(at, $"nested more than {MaxDepth} deep; that is not a recipe");
        Count(at, node.Nodes);
        if (!_open.TryPeek(out Node? parent))
            return;
        if (parent.TakesKey && !node.IsScalar)
            throw Error(at, "a key must be a word");
        parent.Take(node);
    }

    private Node Anchored(NodeEvent at, Node node)
    {
        if (!at.Anchor.IsEmpty)
            _anchors[at.Anchor] = node;
        return node;
    }

    private void Count(ParsingEvent at, long nodes)
    {
        _nodes += nodes;
        if (_nodes > MaxNodes)
            throw Error(at, $"stands for more than {MaxNodes} values, aliases written out; that is not a recipe");
    }

    private CabsException Error(ParsingEvent at, string message) => new(CabsError.RecipeInvalid, $"{file} line {at.Start.Line}: {message}", file);

    private sealed record Node(bool IsMapping)
    {
        private int _children;

        public bool IsScalar { get; init; }

        public bool IsOpen { get; set; }

        public long Nodes { get; private set; } = 1;

        public int Depth { get; private set; } = 1;

        public bool TakesKey => IsMapping && _children % 2 == 0;

        public void Take(Node child)
        {
            _children++;
            Nodes += child.Nodes;
            Depth = Math.Max(Depth, child.Depth + 1);
        }
    }
}
