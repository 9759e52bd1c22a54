using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Recipes;

/// <summary>A document of a recipe file.</summary>
/// <param name="Name">Its name; null for the one that is the file's result.</param>
/// <param name="Path">What stands for its result's path in the definitions of others.</param>
/// <param name="Definition">What it asks for.</param>
public sealed record RecipeStage(string? Name, string? Path, MergeDefinition Definition);

/// <summary>What a caller's ways to say where results go are called, for messages.</summary>
/// <param name="Destination">The folder of the result, such as <c>--out DIR</c>.</param>
/// <param name="Stages">The folder in which results of named documents stay.</param>
public sealed record PlaceNames(string Destination, string Stages);

/// <summary>A recipe file: its documents in an order in which they can run.</summary>
/// <param name="Path">The file.</param>
/// <param name="Stages">The documents; each needs only earlier ones, and otherwise they keep the file's order. The result is the last.</param>
public sealed record RecipeFile(string Path, IReadOnlyList<RecipeStage> Stages)
{
    /// <summary>What the file's writer may not have meant, with lines; also where a document is too wrong to be among the stages.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The file's text.</summary>
    public string? Content { get; init; }

    /// <summary>The document without a name, or null.</summary>
    public RecipeStage? Result => Stages.FirstOrDefault(s => s.Name is null);

    /// <summary>The file with changes to what the documents ask for, as options on a command line make them.</summary>
    /// <param name="change">Changes a definition; told whether it makes a result of the file (the one without a name, or all where
    /// all have names) or an intermediate one.</param>
    public RecipeFile With(Func<MergeDefinition, bool, MergeDefinition> change) =>
        this with { Stages = [.. Stages.Select(s => s with { Definition = change(s.Definition, s.Name is null || Result is null) })] };

    /// <summary>Refuses a call that does not say where results go, or says so of a result that there is not.</summary>
    /// <param name="destination">The folder of the result without a name; null when it was not given.</param>
    /// <param name="stages">The folder in which results of named documents stay; null when it was not given.</param>
    /// <param name="names">What the caller has for giving them.</param>
    /// <param name="lookOnly">Whether nothing will be written.</param>
    /// <exception cref="CabsException">It does not.</exception>
    public void CheckPlaces(string? destination, string? stages, PlaceNames names, bool lookOnly = false)
    {
        CabsException NoDestination() => new(CabsError.OutputMissing, $"no {names.Destination}; give the folder that the merged model gets", names.Destination);
        if (destination is not null && string.IsNullOrWhiteSpace(destination))
            throw NoDestination();
        if (stages is not null && string.IsNullOrWhiteSpace(stages))
            throw new CabsException(CabsError.OutputMissing, $"no {names.Stages}; give the folder in which results of named documents stay", names.Stages);
        if (Result is null && destination is not null)
            throw new CabsException(CabsError.ParameterInvalid, $"{Path}: all documents have names, so nothing goes to {names.Destination}; give {names.Stages}, and each result is a folder of its own in it", names.Destination);
        if (lookOnly)
            return;
        if (Result is null && stages is null)
            throw new CabsException(CabsError.OutputMissing, $"{Path}: all documents have names; give {names.Stages}, and each result is a folder of its own in it", names.Stages);
        if (Result is not null && destination is null)
            throw NoDestination();
    }

    /// <summary>Orders documents by what they need.</summary>
    /// <exception cref="CabsException">Documents need each other.</exception>
    internal static IReadOnlyList<RecipeStage> InOrder(string file, IReadOnlyList<RecipeStage> stages)
    {
        var ordered = new List<RecipeStage>();
        var left = stages.OrderBy(s => s.Name is null).ToList();
        while (left.Count > 0)
        {
            RecipeStage? next = left.FirstOrDefault(s => !left.Any(other => Needs(s, other)));
            if (next is null)
            {
                IEnumerable<RecipeStage> circle = left.Where(s => left.Any(other => Needs(s, other) && (other == s || Needs(other, s))));
                RecipeStage[] shown = [.. circle.Any() ? circle : left];
                string names = string.Join(" and ", shown.Select(s => Text.Quote(s.Name!)));
                throw new CabsException(CabsError.RecipeInvalid, $"{shown[0].Definition.Origin ?? file}: {(shown.Length == 1 ? $"document {names} needs its own result" : $"documents {names} need each other's results")}; name a model on disk in one of them", "name");
            }

            ordered.Add(next);
            left.Remove(next);
        }

        return ordered;
    }

    private static bool Needs(RecipeStage stage, RecipeStage other) => other.Path is { } path && stage.Definition.ModelPaths.Contains(path);
}
