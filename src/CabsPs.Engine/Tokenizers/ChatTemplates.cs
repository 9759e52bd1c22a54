using System.Reflection;
using System.Text;

namespace CabsPs.Engine.Tokenizers;

/// <summary>A recipe's <c>chat_template</c>: the models' most frequent one, one that comes with Cabs, or a Jinja text.</summary>
public static class ChatTemplates
{
    /// <summary>The value that means the models' most frequent template.</summary>
    public const string Auto = "auto";

    private const int ShortestText = 20;
    private const string Resources = "CabsPs.Engine.Tokenizers.Templates.";

    /// <summary>The names of the templates that come with Cabs.</summary>
    public static IReadOnlyList<string> BuiltIn { get; } = ["alpaca", "chatml", "exaone", "llama3", "mistral"];

    /// <summary>Whether a value is one that <see cref="Resolve"/> takes.</summary>
    public static bool IsValid(string value) => value == Auto || BuiltIn.Contains(value) || IsJinja(value);

    /// <summary>What to say of a value that is not.</summary>
    public static string Unknown(string value) =>
        $"'chat_template' is {Text.Quote(value)}{Recipes.Suggestion.Hint(value, BuiltIn.Append(Auto))}; it takes auto, {string.Join(", ", BuiltIn)}, or a Jinja template of at least {ShortestText} characters";

    /// <summary>The template meant.</summary>
    /// <param name="value">A value that is valid.</param>
    /// <param name="models">The models of the merge, in order; one that also is the base counts once.</param>
    /// <returns>The template's text; null when no model has one to choose.</returns>
    public static string? Resolve(string value, IEnumerable<VocabularyModel> models) =>
        value == Auto ? MostFrequent(models) : BuiltIn.Contains(value) ? ReadBuiltIn(value) : value;

    // one of several equally frequent ones: the first
    private static string? MostFrequent(IEnumerable<VocabularyModel> models) => models
        .Where(m => m.IsMerged)
        .Select(m => m.Tokenizer?.ChatTemplate)
        .Where(t => !string.IsNullOrEmpty(t))
        .GroupBy(t => t, StringComparer.Ordinal)
        .OrderByDescending(g => g.Count())
        .FirstOrDefault()?.Key;

    private static bool IsJinja(string value) => value.Length >= ShortestText && value.Contains('{', StringComparison.Ordinal);

    private static string ReadBuiltIn(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{Resources}{name}.jinja")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().TrimEnd('\n');
    }
}
