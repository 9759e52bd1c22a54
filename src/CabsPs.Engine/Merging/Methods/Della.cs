using CabsPs.Engine.TaskVectors;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>DELLA: task vectors thinned at random, large weights less likely, with the sign election of TIES.</summary>
public sealed class Della() : TaskVectorMethod("della", new DellaSparsifier(rescale: true), ConflictRule.Elect, normalize: true)
{
    /// <inheritdoc/>
    public override string Summary => "drops weights at random, small ones more often than large ones, and elects a sign per position";

    /// <inheritdoc/>
    public override string Formula => "base + λ · Σ w·δ / Σ w over the terms whose sign is that of Σ w·δ, δ kept with probability density − ε (smallest of a row) to density + ε (largest)";

    /// <inheritdoc/>
    public override string Source => "Deep, Bhardwaj and Poria, DELLA-Merging, 2024";
}

/// <summary>DELLA without sign election.</summary>
public sealed class DellaLinear() : TaskVectorMethod("della_linear", new DellaSparsifier(rescale: true), ConflictRule.Add, normalize: false)
{
    /// <inheritdoc/>
    public override string Summary => "drops weights at random, small ones more often than large ones, and adds";

    /// <inheritdoc/>
    public override string Formula => "base + λ · Σ weight · δ, δ kept with probability density − ε (smallest of a row) to density + ε (largest)";

    /// <inheritdoc/>
    public override string Source => "Deep, Bhardwaj and Poria, DELLA-Merging, 2024";
}
