using System.IO.Enumeration;

namespace CabsPs.Engine.Merging;

/// <summary>Names of tensors as a parameter gives them; in each, * stands for any characters.</summary>
/// <param name="patterns">The names.</param>
public sealed class TensorNames(IReadOnlyList<string> patterns)
{
    /// <summary>The names.</summary>
    public IReadOnlyList<string> Patterns { get; } = patterns;

    /// <summary>Whether a tensor's name is among them.</summary>
    public bool Fit(string tensor) => Patterns.Any(p => FileSystemName.MatchesSimpleExpression(p, tensor, ignoreCase: false));

    /// <inheritdoc/>
    public override string ToString() => $"[{string.Join(", ", Patterns)}]";
}
