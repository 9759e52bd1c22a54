using CabsPs.Engine.TaskVectors;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>TIES: the largest weights of each task vector, and of these where vectors meet only those that agree with the sign of their sum.</summary>
public sealed class Ties() : TaskVectorMethod("ties", new MagnitudeSparsifier(rescale: false), ConflictRule.Elect, normalize: true)
{
    /// <inheritdoc/>
    public override string Summary => "trims task vectors to their largest weights, elects a sign per position, averages what agrees with it";

    /// <inheritdoc/>
    public override string Formula => "base + λ · Σ w·δ / Σ w over the terms whose sign is that of Σ w·δ, δ trimmed to its largest density · numel";

    /// <inheritdoc/>
    public override string Source => "Yadav et al., TIES-Merging: Resolving Interference When Merging Models, NeurIPS 2023";
}
