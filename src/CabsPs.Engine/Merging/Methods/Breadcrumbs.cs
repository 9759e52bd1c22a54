using CabsPs.Engine.TaskVectors;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>Model Breadcrumbs: task arithmetic over task vectors without their largest and their smallest weights.</summary>
public sealed class Breadcrumbs() : TaskVectorMethod("breadcrumbs", new OutlierSparsifier(rescale: false), ConflictRule.Add, normalize: false)
{
    /// <inheritdoc/>
    public override string Summary => "drops the largest and the smallest weights of task vectors and adds the rest";

    /// <inheritdoc/>
    public override string Formula => "base + λ · Σ weight · δ, δ without its γ · numel largest and with the density · numel next ones";

    /// <inheritdoc/>
    public override string Source => "Davari and Belilovsky, Model Breadcrumbs, ECCV 2024";
}

/// <summary>Breadcrumbs with the sign election of TIES.</summary>
public sealed class BreadcrumbsTies() : TaskVectorMethod("breadcrumbs_ties", new OutlierSparsifier(rescale: false), ConflictRule.Elect, normalize: false)
{
    /// <inheritdoc/>
    public override string Summary => "drops the largest and the smallest weights of task vectors and elects a sign per position";

    /// <inheritdoc/>
    public override string Formula => "base + λ · Σ w·δ over the terms whose sign is that of Σ w·δ, δ cut as by breadcrumbs";

    /// <inheritdoc/>
    public override string Source => "Davari and Belilovsky, Model Breadcrumbs, ECCV 2024; Yadav et al., TIES-Merging, NeurIPS 2023";
}
