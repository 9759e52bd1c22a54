using CabsPs.Engine.TaskVectors;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>CABS: task arithmetic over vectors that share out n positions of every block of m.</summary>
public sealed class Cabs() : TaskArithmetic("cabs", CabsSparsifier.Instance)
{
    /// <inheritdoc/>
    public override string Summary => "task arithmetic over n:m-sparsified task vectors that avoid each other's positions";

    /// <inheritdoc/>
    public override string Formula => "base + λ · Σ weight · mask ⊙ δ; a mask keeps the n largest |δ| of every m, first among positions no other vector keeps";

    /// <inheritdoc/>
    public override string Source => "Yang et al., CABS: Conflict-Aware and Balanced Sparsification for Enhancing Model Merging, ICML 2025";
}
