using System.Text.Json;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Recipes;
using CabsPs.Engine.Tokenizers;
using YamlDotNet.RepresentationModel;

namespace CabsPs.Engine.Tests.Tokenizers;

/// <summary>A golden case that says what tokenizer a recipe gives, with its recipe read as far as tokenizers need it.</summary>
public sealed class TokenizerCase
{
    private readonly IReadOnlyDictionary<string, (YamlNode Key, YamlNode Value)> _entries;

    private TokenizerCase(string folder, JsonElement entry)
    {
        Folder = folder;
        Entry = entry.Clone();
        Document = RecipeDocument.Read(Path.Combine(folder, entry.GetProperty("recipe").GetString()!));
        _entries = Document.Entries(Document.Root, "a recipe");
        Paths = Models();
        BaseIndex = _entries.TryGetValue("base_model", out var node) ? Paths.ToList().IndexOf(PathOf(node.Value)) : null;
        var reader = new TokenizerReader(Document, PathOf);
        Settings = reader.Read(_entries);
        Template = reader.ReadTemplate(_entries);
        VocabularyModels = VocabularyModel.ReadAll([.. Paths.Select(p => (Path.GetFileName(p), Checkpoint.Open(p)))], Settings);
    }

    public static string Golden => RecipeCase.Root;

    public string Folder { get; }

    public JsonElement Entry { get; }

    internal RecipeDocument Document { get; }

    public string Name => Entry.GetProperty("case").GetString()!;

    public string Method => Document.Scalar(_entries["merge_method"].Value, "merge_method");

    /// <summary>The models, a base that is not listed first.</summary>
    public IReadOnlyList<string> Paths { get; }

    public int? BaseIndex { get; }

    public TokenizerSettings? Settings { get; }

    public string? Template { get; }

    public IReadOnlyList<VocabularyModel> VocabularyModels { get; }

    /// <summary>The cases of one document whose name begins so.</summary>
    public static IEnumerable<string> Names(params string[] beginnings)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Golden, "cases.json")));
        foreach (JsonElement entry in document.RootElement.EnumerateArray())
        {
            string name = entry.GetProperty("case").GetString()!;
            if (beginnings.Any(b => name.StartsWith(b, StringComparison.Ordinal)) && !entry.TryGetProperty("outputs", out _))
                yield return name;
        }
    }

    public static TokenizerCase Load(string name)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Golden, "cases.json")));
        return new TokenizerCase(Golden, document.RootElement.EnumerateArray().First(e => e.GetProperty("case").GetString() == name));
    }

    public string? Text(string key) => Entry.TryGetProperty(key, out JsonElement value) ? value.GetString() : null;

    /// <summary>A model's own weight.</summary>
    public double Weight(string path)
    {
        foreach (YamlNode node in ((YamlSequenceNode)_entries["models"].Value).Children)
        {
            var entry = Document.Entries(node, "a model");
            if (PathOf(entry["model"].Value) == path)
                return double.Parse(Document.Scalar(Document.Entries(entry["parameters"].Value, "parameters")["weight"].Value, "weight"), System.Globalization.CultureInfo.InvariantCulture);
        }

        return 0;
    }

    private string[] Models()
    {
        string key = _entries.ContainsKey("models") ? "models" : "slices";
        IEnumerable<YamlNode> nodes = ((YamlSequenceNode)_entries[key].Value).Children;
        if (key == "slices")
            nodes = nodes.SelectMany(s => ((YamlSequenceNode)Document.Entries(s, "a slice")["sources"].Value).Children);
        var paths = nodes.Select(n => PathOf(Document.Entries(n, "a model")["model"].Value)).ToList();
        if (_entries.TryGetValue("base_model", out var own) && !paths.Contains(PathOf(own.Value)))
            paths.Insert(0, PathOf(own.Value));
        return [.. paths];
    }

    private string PathOf(YamlNode node)
    {
        string path = Path.GetFullPath(Document.Scalar(node, "a model"), Folder);
        return Directory.Exists(path) ? path : throw Document.Error(node, "no such folder");
    }
}
