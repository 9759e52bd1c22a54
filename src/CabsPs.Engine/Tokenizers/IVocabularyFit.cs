using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Tokenizers;

/// <summary>Fits vocabulary-indexed tensors of models whose vocabularies differ to one number of rows.</summary>
internal interface IVocabularyFit
{
    /// <summary>The result's vocabulary size, as config.json names it; null where no tensor says it.</summary>
    int? Size { get; }

    /// <summary>Whether a tensor of the result is one to fit.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="inputs">Where the models merged there have it.</param>
    bool Covers(string name, IReadOnlyList<(Checkpoint Model, TensorInfo Tensor)> inputs);

    /// <summary>The rows that the tensor gets.</summary>
    int RowsOf(string name);

    /// <summary>Each model's rows for the result; null for a model whose rows are the result's as they stand.</summary>
    IReadOnlyList<MappedTensor?> Map(string name, IReadOnlyList<(Checkpoint Model, TensorInfo Tensor)> inputs);
}
