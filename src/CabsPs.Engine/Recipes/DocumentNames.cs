namespace CabsPs.Engine.Recipes;

/// <summary>The names of a file's documents, and the paths that stand for their results until it is known where those go.</summary>
internal sealed class DocumentNames
{
    private const int LongestName = 200;
    private readonly Dictionary<string, string> _paths = new(StringComparer.Ordinal);
    private readonly List<(RecipeDocument, string?)> _documents = [];

    /// <summary>Reads the names.</summary>
    public DocumentNames(string file, IReadOnlyList<RecipeDocument> documents, Problems problems)
    {
        foreach (RecipeDocument document in documents)
            problems.Attempt(() => _documents.Add((document, Name(file, document, documents.Count))));
    }

    /// <summary>The documents and their names, in the file's order.</summary>
    public IReadOnlyList<(RecipeDocument Document, string? Name)> Documents => _documents;

    /// <summary>Per name the path that stands for the result.</summary>
    public IReadOnlyDictionary<string, string> Paths => _paths;

    private string? Name(string file, RecipeDocument document, int count)
    {
        var entries = document.Entries(document.Root, "a recipe");
        if (!entries.TryGetValue("name", out var entry) || RecipeDocument.IsNull(entry.Value))
        {
            return _documents.Any(d => d.Item2 is null)
                ? throw document.Error(document.Root, $"a second document without a 'name'; one of {count} documents may go without, it is the result", key: "name")
                : null;
        }

        string name = document.Scalar(entry.Value, "'name'");
        // one that a folder can have on every system, and that leads nowhere else
        if (name.Length > LongestName || name.Contains(':', StringComparison.Ordinal) || name.Any(char.IsControl) || name.IndexOfAny(Path.GetInvalidPathChars()) >= 0
            || name.Split('/', '\\').Any(part => part.Trim(' ', '.').Length == 0))
            throw document.Error(entry.Value, $"'name' is {Text.Quote(name)}; it must be one that a folder can have", CabsError.ParameterInvalid, "name");
        // some file systems do not tell capitals from small letters
        if (_paths.Keys.FirstOrDefault(other => Overlap(other, name)) is { } taken)
            throw document.Error(entry.Value, taken == name
                ? $"a second document is named {Text.Quote(name)}; give each a name of its own"
                : $"documents are named {Text.Quote(taken)} and {Text.Quote(name)}, whose results would lie in each other's folders; give one another name", key: "name");
        _paths.Add(name, Path.GetFullPath(Path.Combine($"{file}.stages", name)));
        return name;
    }

    private static bool Overlap(string a, string b) => $"{a}/".StartsWith($"{b}/", StringComparison.OrdinalIgnoreCase) || $"{b}/".StartsWith($"{a}/", StringComparison.OrdinalIgnoreCase);
}
