using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Merging;

/// <summary>Gives a definition's models other paths: where results of earlier merges are, once that is known.</summary>
internal static class Relocation
{
    /// <summary>The definition with every path mapped.</summary>
    public static MergeDefinition Relocate(this MergeDefinition definition, Func<string, string> map) => definition with
    {
        BasePath = definition.BasePath is { } own ? map(own) : null,
        Inputs = [.. definition.Inputs.Select(i => i with { Path = map(i.Path) })],
        Modules = [.. definition.Modules.Select(m => m with { Slices = [.. m.Slices.Select(s => s.Relocate(map))] })],
        Tokenizer = definition.Tokenizer?.Relocate(map),
    };

    private static MergeSlice Relocate(this MergeSlice slice, Func<string, string> map) => slice with
    {
        BasePath = slice.BasePath is { } own ? map(own) : null,
        Sources = [.. slice.Sources.Select(s => s with { Path = map(s.Path) })],
    };

    private static TokenizerSettings Relocate(this TokenizerSettings settings, Func<string, string> map) => settings with
    {
        SourceModel = settings.SourceModel is { } source ? map(source) : null,
        Tokens = [.. settings.Tokens.Select(t => t.Source is ModelRow row ? t with { Source = row with { Model = map(row.Model) } } : t)],
    };
}
