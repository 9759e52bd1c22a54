using CabsPs.Engine.TaskVectors;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>DARE: task arithmetic over task vectors thinned at random and scaled up again.</summary>
public sealed class DareLinear() : TaskVectorMethod("dare_linear", new RandomSparsifier(rescale: true), ConflictRule.Add, normalize: false)
{
    /// <inheritdoc/>
    public override string Summary => "drops weights of task vectors at random, scales the rest up, adds";

    /// <inheritdoc/>
    public override string Formula => "base + λ · Σ weight · kept δ · ‖δ‖₁/‖kept δ‖₁, each δ kept with probability density";

    /// <inheritdoc/>
    public override string Source => "Yu et al., Language Models are Super Mario, ICML 2024";
}

/// <summary>DARE with the sign election of TIES.</summary>
public sealed class DareTies() : TaskVectorMethod("dare_ties", new RandomSparsifier(rescale: true), ConflictRule.Elect, normalize: false)
{
    /// <inheritdoc/>
    public override string Summary => "drops weights of task vectors at random, scales the rest up, elects a sign per position";

    /// <inheritdoc/>
    public override string Formula => "base + λ · Σ w·δ over the terms whose sign is that of Σ w·δ, δ thinned as by dare_linear";

    /// <inheritdoc/>
    public override string Source => "Yu et al., Language Models are Super Mario, ICML 2024; Yadav et al., TIES-Merging, NeurIPS 2023";
}
