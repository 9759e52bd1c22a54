using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Tokenizers;

/// <summary>Tells which tensors have a row per token: embeddings, output heads and their biases. Names decide, as model files in use
/// write them; where vocabularies differ in size, so do heights that follow them.</summary>
public static class VocabularyTensors
{
    private static readonly string[] s_anywhere =
    [
        "embed_tokens.weight", "word_embeddings.weight", "wte.weight", "tok_embeddings.weight", "embed_in.weight", "embed_out.weight", "lm_head.weight", "lm_head.bias",
        "lm_head.decoder.weight", "lm_head.decoder.bias", "generator_lm_head.weight", "generator_lm_head.bias", "vocab_projector.weight", "vocab_projector.bias",
        "predictions.decoder.weight", "predictions.decoder.bias", "predictions.bias", "lm_loss.weight", "lm_loss.bias", "output_layer.weight", "final_logits_bias",
    ];

    // words too common to trust inside a model
    private static readonly string[] s_outermost = ["shared.weight", "output.weight", "model.shared.weight", "backbone.embeddings.weight", "rwkv.embeddings.weight"];

    /// <summary>Whether a name is that of a tensor with a row per token.</summary>
    public static bool IsName(string name) =>
        s_outermost.Contains(name, StringComparer.Ordinal)
        || s_anywhere.Any(ending => name.EndsWith(ending, StringComparison.Ordinal) && (name.Length == ending.Length || name[^(ending.Length + 1)] == '.'));

    /// <summary>Whether a tensor has a row per token in all models that have it.</summary>
    /// <param name="name">Its name in the result.</param>
    /// <param name="tensors">The tensor in each model.</param>
    /// <param name="models">The models, in the same order.</param>
    public static bool Is(string name, IReadOnlyList<TensorInfo> tensors, IReadOnlyList<Checkpoint> models)
    {
        if (tensors.Any(t => t.Shape.Count == 0 || t.Count == 0))
            return false;
        if (IsName(name))
            return true;
        return tensors.Any(t => t.Shape[0] != tensors[0].Shape[0])
            && tensors.Select((t, i) => TiedWeights.FindEmbedding(models[i])?.Shape[0] == t.Shape[0]).All(same => same);
    }

    /// <summary>How many tokens a tensor has rows for. A bias may be stored as one long row.</summary>
    public static long RowCount(TensorInfo tensor) => tensor.Shape[Axis(tensor)];

    /// <summary>The shape with another number of rows.</summary>
    public static IReadOnlyList<long> WithRows(TensorInfo tensor, long rows)
    {
        long[] shape = [.. tensor.Shape];
        shape[Axis(tensor)] = rows;
        return shape;
    }

    // elements of a token lie together either way
    private static int Axis(TensorInfo tensor) => tensor.Shape is [1, > 1] && tensor.Name.EndsWith("bias", StringComparison.Ordinal) ? 1 : 0;
}
