using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Diagnostics;

/// <summary>Adds tensors' figures up, in the order of the plan: tensor by tensor, layer by layer, all together.</summary>
/// <param name="names">Names of the definition's inputs.</param>
/// <param name="layers">The layers.</param>
internal sealed class MeasuredParts(IReadOnlyList<string> names, LayerMap layers)
{
    private readonly List<(string Tensor, TensorFigures Figures)> _tensors = [];

    /// <summary>Adds a tensor.</summary>
    public void Add(string tensor, TensorFigures figures) => _tensors.Add((tensor, figures));

    /// <summary>Tensor by tensor.</summary>
    public IReadOnlyList<MeasuredPart> Tensors => [.. _tensors.Select(t => Part(PartKind.Tensor, t.Tensor, layers.LayerOf(t.Tensor)?.Layer, [t], null))];

    /// <summary>Layer by layer, and last the tensors outside.</summary>
    public IReadOnlyList<MeasuredPart> Layers =>
        [.. Grouped().Select(g => Part(PartKind.Layer, g.Key.Name, g.Key.Layer, [.. g], null))];

    /// <summary>All together.</summary>
    public MeasuredPart Total(IReadOnlyList<MeasuredPart> parts)
    {
        IEnumerable<MeasuredVector> inLayers = parts.Where(p => p.Layer is not null).SelectMany(p => p.Vectors);
        ILookup<string, double> shares = inLayers.ToLookup(v => v.Name, v => v.Density);
        return Part(PartKind.Total, MeasuredPart.Whole, null, _tensors, name => ShareSpread.Of([.. shares[name]]).Variation);
    }

    /// <summary>The layer that a tensor belongs to: its name and number.</summary>
    public static (string Name, int? Layer) LayerOf(LayerMap layers, string tensor) =>
        layers.LayerOf(tensor) is (int layer, _) ? ($"{LayerMap.Split(tensor)!.Value.Prefix}{layer}", layer) : (MeasuredPart.OutsideLayers, null);

    private IEnumerable<IGrouping<(string Name, int? Layer), (string Tensor, TensorFigures Figures)>> Grouped() =>
        _tensors.GroupBy(t => LayerOf(layers, t.Tensor)).OrderBy(g => g.Key.Layer is null);

    private MeasuredPart Part(PartKind kind, string name, int? layer, IReadOnlyList<(string Tensor, TensorFigures Figures)> tensors, Func<string, double?>? layerVariation)
    {
        List<VectorSums> all = [.. tensors.SelectMany(t => t.Figures.Vectors)];
        List<PairSums> met = [.. tensors.SelectMany(t => t.Figures.Pairs)];
        var vectors = all.GroupBy(v => v.Vector).OrderBy(g => g.Key).Select(g => Vector(names[g.Key], [.. g], layerVariation?.Invoke(names[g.Key])));
        var pairs = met.GroupBy(p => (p.First.Vector, p.Second.Vector)).Select(g => (Key: Ordered(g.Key), Sums: g)).GroupBy(g => g.Key, g => g.Sums)
            .OrderBy(g => g.Key).Select(g => Pair(names[g.Key.A], names[g.Key.B], g.Key.A, [.. g.SelectMany(s => s)]));
        return new MeasuredPart(kind, name, layer, tensors.Sum(t => t.Figures.Vectors.Count == 0 ? 0 : t.Figures.Vectors[0].Count), [.. vectors], [.. pairs]);
    }

    // slices may have the models in another order
    private static (int A, int B) Ordered((int A, int B) pair) => pair.A < pair.B ? pair : (pair.B, pair.A);

    private static MeasuredVector Vector(string name, IReadOnlyList<VectorSums> parts, double? layers) => new(
        name,
        parts.Sum(p => p.Count),
        parts.Sum(p => p.Kept),
        parts.Sum(p => p.Energy),
        parts.Sum(p => p.EnergyKept),
        new Balance(Spread(parts.Select(p => p.Blocks)), Spread(parts.Select(p => p.Rows)), layers));

    private static double? Spread(IEnumerable<ShareSpread?> parts)
    {
        var all = new ShareSpread(0, 0, 0);
        foreach (ShareSpread? part in parts)
        {
            if (part is not { } known)
                return null;
            all = all.With(known);
        }

        return all.Variation;
    }

    private static MeasuredPair Pair(string first, string second, int a, IReadOnlyList<PairSums> parts)
    {
        VectorSums Of(PairSums pair, bool firstOne) => pair.First.Vector == a == firstOne ? pair.First : pair.Second;
        return new MeasuredPair(
            first,
            second,
            parts.Sum(p => Of(p, true).Kept),
            parts.Sum(p => Of(p, false).Kept),
            parts.Sum(p => p.Shared),
            parts.Sum(p => p.Opposite),
            Cosine(parts.Sum(p => p.Product), parts.Sum(p => Of(p, true).Energy), parts.Sum(p => Of(p, false).Energy)),
            Cosine(parts.Sum(p => p.ProductKept), parts.Sum(p => Of(p, true).EnergyKept), parts.Sum(p => Of(p, false).EnergyKept)));
    }

    private static double Cosine(double product, double a, double b) => a == 0 || b == 0 ? 0 : product / (Math.Sqrt(a) * Math.Sqrt(b));
}
