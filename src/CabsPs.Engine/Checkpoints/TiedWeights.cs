namespace CabsPs.Engine.Checkpoints;

/// <summary>The names under which a language model stores its output head and its token embedding. A model that ties them
/// stores the embedding alone.</summary>
public static class TiedWeights
{
    /// <summary>The output head.</summary>
    public const string Head = "lm_head.weight";

    private static readonly string[] s_embeddings =
        ["embed_tokens.weight", "wte.weight", "word_embeddings.weight", "tok_embeddings.weight", "embed_in.weight", "shared.weight"];

    /// <summary>The token embedding of a model, or null.</summary>
    public static TensorInfo? FindEmbedding(Checkpoint model) => model.Embedding;

    /// <summary>The token embedding among tensors, or null.</summary>
    internal static TensorInfo? FindEmbedding(IReadOnlyList<TensorInfo> tensors)
    {
        foreach (string ending in s_embeddings)
        {
            TensorInfo? found = tensors.FirstOrDefault(t => IsNamed(t.Name, ending));
            if (found is not null)
                return found;
        }

        return null;
    }

    /// <summary>Whether a name is that of a token embedding.</summary>
    public static bool IsEmbedding(string name) => s_embeddings.Any(e => IsNamed(name, e));

    /// <summary>True for class names of models that have an output head over the vocabulary.</summary>
    public static bool IsLanguageModel(string architecture) =>
        architecture.EndsWith("LMHeadModel", StringComparison.Ordinal)
        || architecture.EndsWith("ForCausalLM", StringComparison.Ordinal)
        || architecture.EndsWith("ForConditionalGeneration", StringComparison.Ordinal);

    private static bool IsNamed(string name, string ending) =>
        name.EndsWith(ending, StringComparison.Ordinal) && (name.Length == ending.Length || name[^(ending.Length + 1)] == '.');
}
