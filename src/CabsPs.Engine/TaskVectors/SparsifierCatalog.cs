using CabsPs.Engine.Recipes;

namespace CabsPs.Engine.TaskVectors;

/// <summary>All sparsifiers. A new one is a file in this folder and a line here.</summary>
public static class SparsifierCatalog
{
    /// <summary>The sparsifiers, in the order they are listed to users; what is kept is not scaled unless asked for, except by those that
    /// choose at random.</summary>
    public static IReadOnlyList<Sparsifier> All { get; } =
    [
        CabsSparsifier.Instance,
        new MagnitudeSparsifier(rescale: false),
        new RandomSparsifier(rescale: true),
        new DellaSparsifier(rescale: true),
        new OutlierSparsifier(rescale: false),
    ];

    /// <summary>The sparsifier of this name.</summary>
    /// <exception cref="CabsException">There is none.</exception>
    public static Sparsifier Get(string name) => All.FirstOrDefault(s => s.Name == name)
        ?? throw new CabsException(CabsError.SparsifierUnknown, $"unknown sparsifier {Text.Quote(name)}{Suggestion.Hint(name, All.Select(s => s.Name))} (known: {string.Join(", ", All.Select(s => s.Name))})", name);
}
