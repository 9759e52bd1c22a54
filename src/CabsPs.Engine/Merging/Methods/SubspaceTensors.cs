using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>Which tensors the methods merge that leave all others at the base: matrices, and without a recipe's <c>include</c> none of embeddings and
/// heads.</summary>
internal static class SubspaceTensors
{
    /// <summary>Whether a tensor is one.</summary>
    public static bool Takes(TensorContext context) => context.Shape.Count == 2
        && (context.Model.Definition.Include.Count > 0 || !(VocabularyTensors.IsName(context.Tensor) || context.Tensor.Contains("embed", StringComparison.Ordinal)));
}
