namespace CabsPs.Engine.Merging;

/// <summary>Layers of a model, counted from 0.</summary>
/// <param name="Start">The first.</param>
/// <param name="End">The one after the last.</param>
public readonly record struct LayerRange(int Start, int End)
{
    /// <summary>How many.</summary>
    public int Count => End - Start;

    /// <inheritdoc/>
    public override string ToString() => $"[{Start}, {End}]";
}

/// <summary>A part of the result that is merged from the same number of layers of each of its sources. Slices lie one behind
/// the other; what comes before the layers (embeddings) belongs to a module's first slice, what comes after them (final norm, output head)
/// to its last.</summary>
/// <param name="Sources">The entries, in order; each model once. The base may be among them, and gives its layers then.</param>
public sealed record MergeSlice(IReadOnlyList<ModelInput> Sources)
{
    /// <summary>The base model of this slice.</summary>
    public string? BasePath { get; init; }

    /// <summary>Values for the slice.</summary>
    public ParameterSet Parameters { get; init; } = ParameterSet.Empty;

    /// <summary>Where it was asked for, for messages.</summary>
    public string? Origin { get; init; }
}

/// <summary>A part of a model with layers of its own, such as a vision tower or an encoder.</summary>
/// <param name="Name">Its name in the recipe; null for the whole model.</param>
/// <param name="Slices">Its slices; a single one whose sources have no layer ranges stands for whole models.</param>
public sealed record MergeModule(string? Name, IReadOnlyList<MergeSlice> Slices)
{
    /// <summary>Values for the module.</summary>
    public ParameterSet Parameters { get; init; } = ParameterSet.Empty;

    /// <summary>Where it was asked for, for messages.</summary>
    public string? Origin { get; init; }
}
