using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Merging;

/// <summary>A tile as it came from the files: what can be computed from it in one pass need not be widened first. No row of it is computed, no
/// input holds deltas or statistics.</summary>
/// <param name="Start">The first element's place in the tensor.</param>
/// <param name="Length">Its elements.</param>
/// <param name="At">The first element's place in the weights.</param>
/// <param name="Origin">The base's weights.</param>
/// <param name="Inputs">The inputs' weights, of the base's type.</param>
internal readonly record struct StoredTile(long Start, int Length, int At, StoredWeights Origin, StoredWeights[] Inputs)
{
    /// <summary>The type of all weights.</summary>
    public DType Type => Origin.Type;

    /// <summary>The base's bytes.</summary>
    public ReadOnlySpan<byte> Base => Origin.Slice(At, Length);

    /// <summary>An input's bytes.</summary>
    public ReadOnlySpan<byte> Input(int index) => Inputs[index].Slice(At, Length);
}
