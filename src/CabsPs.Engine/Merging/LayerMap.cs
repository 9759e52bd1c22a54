using System.Globalization;

namespace CabsPs.Engine.Merging;

/// <summary>Layers that follow each other: all tensors whose names begin alike up to a number.</summary>
/// <param name="Prefix">What stands before the number, such as <c>model.layers.</c></param>
/// <param name="Layers">Per layer what stands behind the number in the names of its tensors.</param>
public sealed record LayerStack(string Prefix, IReadOnlyList<IReadOnlyList<string>> Layers)
{
    /// <summary>How many layers.</summary>
    public int Count => Layers.Count;

    /// <summary>Tensors that only the first layer has, where it has all that the others have too: they serve the whole stack
    /// (T5's table of relative positions) and stay in front whichever layers a merge takes.</summary>
    public IReadOnlySet<string> FirstOnly { get; } = FindFirstOnly(Layers);

    /// <summary>A tensor's name in one of the layers.</summary>
    public string Name(int layer, string suffix) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{layer}{suffix}");

    private static HashSet<string> FindFirstOnly(IReadOnlyList<IReadOnlyList<string>> layers)
    {
        if (layers.Count < 2)
            return [];
        HashSet<string> first = [.. layers[0]];
        int count = first.Count;
        var others = layers.Skip(1).SelectMany(l => l).ToHashSet(StringComparer.Ordinal);
        first.ExceptWith(others);
        return count - first.Count == others.Count ? first : [];
    }
}

/// <summary>Finds layers from tensor names: the first part of a dotted name that is a number
/// (<c>model.layers.3.mlp…</c>, <c>transformer.h.3…</c>, <c>encoder.layer.3…</c>), where the numbers of a prefix run from 0 without a gap.
/// No list of architectures.</summary>
public sealed class LayerMap
{
    private readonly Dictionary<string, LayerStack> _stacks = new(StringComparer.Ordinal);

    /// <summary>Finds the layers of a model.</summary>
    /// <param name="names">All tensor names.</param>
    public LayerMap(IEnumerable<string> names)
    {
        var found = new Dictionary<string, SortedDictionary<int, List<string>>>(StringComparer.Ordinal);
        foreach (string name in names)
        {
            if (Split(name) is not (string prefix, int layer, string suffix))
                continue;
            if (!found.TryGetValue(prefix, out var layers))
                found.Add(prefix, layers = []);
            if (!layers.TryGetValue(layer, out var suffixes))
                layers.Add(layer, suffixes = []);
            suffixes.Add(suffix);
        }

        foreach ((string prefix, SortedDictionary<int, List<string>> layers) in found)
        {
            if (layers.Keys.Last() == layers.Count - 1)
                _stacks.Add(prefix, new LayerStack(prefix, [.. layers.Values]));
        }
    }

    /// <summary>All stacks.</summary>
    public IReadOnlyCollection<LayerStack> Stacks => _stacks.Values;

    /// <summary>The stack of this prefix, or null.</summary>
    public LayerStack? Find(string prefix) => _stacks.GetValueOrDefault(prefix);

    /// <summary>A tensor's place between the first layer (0) and the last (1), as gradients count it: 1 in a model of one layer,
    /// 0 for tensors outside the layers.</summary>
    public double PlaceOf(string name) =>
        Split(name) is (string prefix, int layer, string suffix) && _stacks.TryGetValue(prefix, out LayerStack? stack) && !stack.FirstOnly.Contains(suffix)
            ? PlaceOf(layer, stack.Count)
            : 0;

    /// <summary>A layer's place among so many.</summary>
    public static double PlaceOf(int layer, int count) => count == 1 ? 1 : layer / (double)(count - 1);

    /// <summary>A tensor's layer and how many there are of its kind, or null for a tensor outside the layers.</summary>
    public (int Layer, int Count)? LayerOf(string name) => Split(name) is (string prefix, int layer, _) && _stacks.TryGetValue(prefix, out LayerStack? stack) ? (layer, stack.Count) : null;

    /// <summary>A name around its layer number, or null for a tensor outside the layers.</summary>
    public static (string Prefix, int Layer, string Suffix)? Split(string name)
    {
        int start = 0;
        while (start < name.Length)
        {
            int dot = name.IndexOf('.', start);
            int end = dot < 0 ? name.Length : dot;
            if (start > 0 && end > start && int.TryParse(name.AsSpan(start, end - start), NumberStyles.None, null, out int layer))
                return (name[..start], layer, name[end..]);
            start = end + 1;
        }

        return null;
    }
}
