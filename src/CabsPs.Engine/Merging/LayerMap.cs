namespace CabsPs.Engine.Merging;

/// <summary>Finds layers from tensor names: the first part of a dotted name that is a number
/// (<c>model.layers.3.mlp…</c>, <c>transformer.h.3…</c>, <c>encoder.layer.3…</c>), counted per prefix. No list of architectures.</summary>
public sealed class LayerMap
{
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>Counts the layers of a model.</summary>
    /// <param name="names">All tensor names.</param>
    public LayerMap(IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            if (Split(name) is (string prefix, int layer, _))
                _counts[prefix] = Math.Max(_counts.GetValueOrDefault(prefix), layer + 1);
        }
    }

    /// <summary>A tensor's place between the first layer (0) and the last (1), as gradients count it: 1 in a model of one layer,
    /// 0 for tensors outside the layers.</summary>
    public double PlaceOf(string name)
    {
        if (Split(name) is not (string prefix, int layer, _))
            return 0;
        int count = _counts[prefix];
        return count == 1 ? 1 : layer / (double)(count - 1);
    }

    /// <summary>A tensor's layer and how many there are of its kind, or null for a tensor outside the layers.</summary>
    public (int Layer, int Count)? LayerOf(string name) => Split(name) is (string prefix, int layer, _) ? (layer, _counts[prefix]) : null;

    /// <summary>A name around its layer number, or null for a tensor outside the layers.</summary>
    public static (string Prefix, int Layer, string Suffix)? Split(string name)
    {
        int start = 0;
        while (start < name.Length)
        {
            int dot = name.IndexOf('.', start);
            int end = dot < 0 ? name.Length : dot;
            if (start > 0 && end > start && int.TryParse(name.AsSpan(start, end - start), System.Globalization.NumberStyles.None, null, out int layer))
                return (name[..start], layer, name[end..]);
            start = end + 1;
        }

        return null;
    }
}
