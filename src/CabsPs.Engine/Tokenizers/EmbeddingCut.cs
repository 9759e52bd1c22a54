using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Tokenizers;

/// <summary>Cuts vocabulary-indexed tensors to the shortest model's: what <c>--unsafe-truncate-embeddings</c> asks for. Rows keep
/// their numbers, whatever tokens they stand for.</summary>
internal static class EmbeddingCut
{
    /// <summary>How many rows each tensor keeps. Tensors that have the same height in the first model are cut to the same height, so
    /// that embedding and head still fit together.</summary>
    /// <param name="tensors">Per vocabulary-indexed tensor its name and where each model has it.</param>
    public static IReadOnlyDictionary<string, int> Rows(IReadOnlyList<(string Name, IReadOnlyList<TensorInfo> Inputs)> tensors)
    {
        var rows = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var group in tensors.GroupBy(t => VocabularyTensors.RowCount(t.Inputs[0])))
        {
            int shortest = (int)group.Min(t => t.Inputs.Min(VocabularyTensors.RowCount));
            foreach ((string name, _) in group)
                rows.Add(name, shortest);
        }

        return rows;
    }

    /// <summary>A model's first rows; null where that is all of them.</summary>
    public static MappedTensor? First(TensorInfo tensor, int rows) =>
        VocabularyTensors.RowCount(tensor) == rows ? null : new MappedTensor(tensor, new RowMap([.. Enumerable.Range(0, rows)], []), _ => tensor);
}
