using CabsPs.Engine.Merging.Steps;
using CabsPs.Engine.Recipes;

namespace CabsPs.Engine.Merging;

/// <summary>All steps after a method. A new one is a file under Steps and a line here.</summary>
public static class PostCatalog
{
    /// <summary>The steps, in the order they are listed to users.</summary>
    public static IReadOnlyList<PostMethod> All { get; } =
    [
        new Lines(),
        new Svc(),
        new Isotropic(),
    ];

    /// <summary>The step of this name, or null.</summary>
    public static PostMethod? Find(string name) => All.FirstOrDefault(m => m.Name == name);

    /// <summary>What to say of a name that is no step.</summary>
    internal static string Unknown(string name) =>
        $"unknown step {Text.Quote(name)}{Suggestion.Hint(name, All.Select(m => m.Name))} (known: {string.Join(", ", All.Select(m => m.Name))})";
}
