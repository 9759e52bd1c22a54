using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace CabsPs.Engine.Recipes;

/// <summary>A recipe's YAML as nodes with line numbers, with merge keys (<c>&lt;&lt;</c>) followed.</summary>
internal sealed class RecipeDocument
{
    private const int MaxMergeDepth = 16;
    private readonly string _file;

    private RecipeDocument(string file, YamlMappingNode root)
    {
        _file = file;
        Root = root;
    }

    /// <summary>The document's mapping.</summary>
    public YamlMappingNode Root { get; }

    /// <summary>The whole file's text.</summary>
    public string Content { get; private init; } = string.Empty;

    /// <summary>What the reader wants the recipe's writer to know, with lines.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>Reads a recipe file of one document.</summary>
    /// <exception cref="CabsException">The file is not readable or not one YAML mapping.</exception>
    public static RecipeDocument Read(string path) => ReadAll(path) is [var only]
        ? only
        : throw new CabsException(CabsError.RecipeInvalid, $"{path}: holds several documents, and this takes one", path);

    /// <summary>Reads all documents of a recipe file.</summary>
    /// <exception cref="CabsException">The file is not readable, or a document is not a mapping.</exception>
    public static IReadOnlyList<RecipeDocument> ReadAll(string path)
    {
        var stream = new YamlStream();
        string text = RecipeText.Read(path);
        var scanner = new Scanner(new StringReader(text));
        try
        {
            new RecipeShape(path).Check(new Parser(scanner));
            scanner = new Scanner(new StringReader(text));
            stream.Load(new Parser(scanner));
        }
        catch (Exception e) when (e is not OutOfMemoryException and not CabsException)
        {
            // some broken texts end the parser with exceptions of other kinds
            long line = e is YamlException known ? known.Start.Line : scanner.CurrentPosition.Line;
            string reason = e is YamlException ? (e.InnerException?.Message ?? e.Message).ReplaceLineEndings(" ") : "a bracket, quote or indentation is wrong here or before";
            throw new CabsException(CabsError.RecipeInvalid, $"{path} line {line}: not valid YAML: {reason}", path, e);
        }

        // mergekit's users end files with a lone ---
        var documents = new List<RecipeDocument>();
        foreach (YamlNode root in stream.Documents.Select(d => d.RootNode).Where(r => !IsNull(r)))
        {
            documents.Add(new RecipeDocument(path, root as YamlMappingNode
                ?? throw new CabsException(CabsError.RecipeInvalid, $"{path} line {root.Start.Line}: not a recipe; it must be a mapping with merge_method and models", path)) { Content = text });
        }

        return documents.Count > 0 ? documents : throw new CabsException(CabsError.RecipeInvalid, $"{path}: is empty; a recipe is a mapping with merge_method and models", path);
    }

    /// <summary>Notes something that has no effect or may not be meant.</summary>
    public void Warn(YamlNode node, string message) => Warnings.Add($"{At(node)}: {message}");

    /// <summary>Refuses keys that nobody knows.</summary>
    public void CheckKeys(IReadOnlyDictionary<string, (YamlNode Key, YamlNode Value)> entries, IReadOnlyList<string> known, string what)
    {
        foreach ((string name, (YamlNode key, _)) in entries)
        {
            if (!known.Contains(name))
                throw Error(key, $"unknown key {Text.Quote(name)} in {what}{Suggestion.Hint(name, known)}{(Suggestion.Nearest(name, known) is null ? $" (known: {string.Join(", ", known)})" : string.Empty)}", key: name);
        }
    }

    /// <summary>An error at a node.</summary>
    public CabsException Error(YamlNode node, string message, CabsError error = CabsError.RecipeInvalid, string? key = null) =>
        new(error, $"{At(node)}: {message}", key ?? _file);

    /// <summary>The place of a node, for messages.</summary>
    public string At(YamlNode node) => $"{_file} line {node.Start.Line}";

    /// <summary>The entries of a mapping; those of merge keys come in where the mapping has none of its own.</summary>
    public IReadOnlyDictionary<string, (YamlNode Key, YamlNode Value)> Entries(YamlNode node, string what)
    {
        if (node is not YamlMappingNode mapping)
            throw Error(node, $"{what} must be a mapping of keys to values");
        var entries = new Dictionary<string, (YamlNode, YamlNode)>(StringComparer.Ordinal);
        Collect(mapping, entries, 0);
        return entries;
    }

    /// <summary>The text of a scalar that is not null.</summary>
    public string Scalar(YamlNode node, string what)
    {
        if (node is not YamlScalarNode scalar || IsNull(node))
            throw Error(node, $"{what} must be a single value");
        return scalar.Value!;
    }

    /// <summary>A list of texts; a single one counts as a list.</summary>
    public IReadOnlyList<string> Scalars(YamlNode node, string what) =>
        node is YamlSequenceNode list ? [.. list.Select(item => Scalar(item, $"an entry of {what}"))] : [Scalar(node, what)];

    /// <summary>Whether a node is YAML's null.</summary>
    public static bool IsNull(YamlNode node) =>
        node is YamlScalarNode { Style: ScalarStyle.Plain or ScalarStyle.Any } scalar && scalar.Value is null or "" or "~" or "null" or "Null" or "NULL";

    private void Collect(YamlMappingNode mapping, Dictionary<string, (YamlNode, YamlNode)> entries, int depth)
    {
        if (depth > MaxMergeDepth)
            throw Error(mapping, "merge keys are nested too deeply");
        var merged = new List<YamlNode>();
        foreach ((YamlNode key, YamlNode value) in mapping.Children)
        {
            if (key is not YamlScalarNode { Value: { } name })
                throw Error(key, "a key must be a word");
            if (name == "<<")
                merged.AddRange(value is YamlSequenceNode list ? list.Children : [value]);
            else
                entries.TryAdd(name, (key, value));
        }

        foreach (YamlNode node in merged)
            Collect(node as YamlMappingNode ?? throw Error(node, "a merge key must name a mapping"), entries, depth + 1);
    }
}
