using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Recipes;

/// <summary>Reads recipe files: mergekit's recipe language, extended by SPEC §8.</summary>
public static class Recipe
{
    /// <summary>Reads a recipe of one document. Model paths are relative to the current folder, then to the recipe's.</summary>
    /// <param name="path">The recipe.</param>
    /// <param name="workingFolder">What counts as the current folder; the process's when null.</param>
    /// <exception cref="CabsException">The recipe is wrong or has several documents; the message names the line.</exception>
    public static MergeDefinition Read(string path, string? workingFolder = null) => ReadFile(path, workingFolder).Stages is [var only]
        ? only.Definition
        : throw new CabsException(CabsError.RecipeInvalid, $"{path}: holds several documents, and this takes one; give it to 'cabs merge'", path);

    /// <summary>Reads a recipe of any number of documents.</summary>
    /// <param name="path">The recipe.</param>
    /// <param name="workingFolder">What counts as the current folder; the process's when null.</param>
    /// <param name="problems">Collects what is wrong; null throws the first problem.</param>
    /// <exception cref="CabsException">The recipe is wrong; the message names the line.</exception>
    public static RecipeFile ReadFile(string path, string? workingFolder = null, Problems? problems = null)
    {
        problems ??= new Problems(goOn: false);
        IReadOnlyList<RecipeDocument> documents = RecipeDocument.ReadAll(path);
        var names = new DocumentNames(path, documents, problems);
        var resolver = new ModelResolver(workingFolder ?? Directory.GetCurrentDirectory(), Path.GetDirectoryName(Path.GetFullPath(path))!, names.Paths);
        var stages = new List<RecipeStage>();
        foreach ((RecipeDocument document, string? name) in names.Documents)
        {
            if (new RecipeReader(document, resolver, problems).Read() is { } definition)
                stages.Add(new RecipeStage(name, name is null ? null : names.Paths[name], definition with { Warnings = [.. document.Warnings] }));
        }

        IReadOnlyList<RecipeStage> ordered = stages;
        problems.Attempt(() => ordered = RecipeFile.InOrder(path, stages));
        return new RecipeFile(path, ordered) { Content = documents[0].Content, Warnings = [.. names.Documents.SelectMany(d => d.Document.Warnings)] };
    }
}
