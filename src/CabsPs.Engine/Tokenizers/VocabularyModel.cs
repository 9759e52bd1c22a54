using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Tokenizers;

/// <summary>A model as vocabularies see it.</summary>
/// <param name="Name">What messages call it.</param>
/// <param name="Path">Its folder or file.</param>
/// <param name="Tokenizer">Its tokenizer; null when it has no tokenizer files.</param>
/// <param name="IsMerged">False for a model that only gives its numbering or single rows.</param>
public sealed record VocabularyModel(string Name, string Path, Tokenizer? Tokenizer, bool IsMerged = true)
{
    /// <summary>Reads the tokenizers of a merge: of its models, and of those that only the tokenizer settings name.</summary>
    /// <param name="models">Names of the models and the models, in the recipe's order; a base that is not listed stands first.</param>
    /// <param name="settings">The settings, or null.</param>
    /// <param name="planned">Finds models that do not exist yet; null where there are none.</param>
    public static IReadOnlyList<VocabularyModel> ReadAll(IReadOnlyList<(string Name, Checkpoint Model)> models, TokenizerSettings? settings, Func<string, Checkpoint?>? planned = null)
    {
        var found = models.Select(m => new VocabularyModel(m.Name, m.Model.Path, Tokenizers.Tokenizer.Read(m.Model))).ToList();
        foreach (string path in settings?.Models.Distinct(StringComparer.Ordinal) ?? [])
        {
            if (!found.Any(m => ModelPaths.AreSame(m.Path, path)))
                found.Add(new VocabularyModel(path, path, planned?.Invoke(path) is { } made ? Tokenizers.Tokenizer.Read(made) : Tokenizers.Tokenizer.Read(path), IsMerged: false));
        }

        return found;
    }
}
