using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Tokenizers;

/// <summary>Cuts vocabulary-indexed tensors to the shortest model's: what <c>--unsafe-truncate-embeddings</c> asks for. Rows keep
/// their numbers, whatever tokens they stand for.</summary>
internal sealed class EmbeddingCut : IVocabularyFit
{
    private readonly Dictionary<string, int> _rows = new(StringComparer.Ordinal);

    /// <summary>Finds how many rows each tensor keeps. Tensors that have the same height in the first model that has them are cut to
    /// the same height, so that embedding and head still fit together.</summary>
    /// <param name="models">The models merged.</param>
    public EmbeddingCut(IReadOnlyList<Checkpoint> models)
    {
        var found = new List<(string Name, long First, long Least)>();
        foreach (string name in models.SelectMany(m => m.Tensors).Select(t => t.Name).Distinct(StringComparer.Ordinal))
        {
            Checkpoint[] having = [.. models.Where(m => m.Find(name) is not null)];
            TensorInfo[] tensors = [.. having.Select(m => m.Find(name)!)];
            if (VocabularyTensors.Is(name, tensors, having))
                found.Add((name, VocabularyTensors.RowCount(tensors[0]), tensors.Min(VocabularyTensors.RowCount)));
        }

        foreach (var group in found.GroupBy(t => t.First))
        {
            long least = group.Min(t => t.Least);
            foreach ((string name, _, _) in group)
                _rows.Add(name, least <= TokenizerReading.MaxTokens ? (int)least : throw new CabsException(CabsError.TensorShapeMismatch, $"tensor {Text.Quote(name)} has {least} rows, which no vocabulary has", name));
        }

        Size = models.Select(TiedWeights.FindEmbedding).OfType<TensorInfo>().Select(t => _rows.TryGetValue(t.Name, out int rows) ? rows : (int?)null).FirstOrDefault();
    }

    /// <inheritdoc/>
    public int? Size { get; }

    /// <inheritdoc/>
    public bool Covers(string name, IReadOnlyList<(Checkpoint Model, TensorInfo Tensor)> inputs) => _rows.ContainsKey(name);

    /// <inheritdoc/>
    public int RowsOf(string name) => _rows[name];

    /// <inheritdoc/>
    public IReadOnlyList<MappedTensor?> Map(string name, IReadOnlyList<(Checkpoint Model, TensorInfo Tensor)> inputs) =>
        [.. inputs.Select(i => First(i.Tensor, _rows[name]))];

    /// <summary>A model's first rows; null where that is all of them.</summary>
    public static MappedTensor? First(TensorInfo tensor, int rows) =>
        VocabularyTensors.RowCount(tensor) == rows ? null : new MappedTensor(tensor, new RowMap([.. Enumerable.Range(0, rows)], []), new Dictionary<int, TensorInfo>());
}
