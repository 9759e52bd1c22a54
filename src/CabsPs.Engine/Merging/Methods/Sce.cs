using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>Select, calculate, erase: of all positions of a tensor only the share <c>select_topk</c> is kept where the models' δ vary most; each model
/// weighs as much as its kept δ have energy, wᵢ = Σ δᵢ² / Σⱼ Σ δⱼ²; at each position those δ are erased whose sign is not that
/// of Σ δᵢ (0 counts as plus), and the others averaged by weight.</summary>
/// <remarks>As mergekit: the population variance; k = ⌊select_topk · number of variances that are not 0⌋ in float32; mean energies that add up to less
/// than 1e-6 count as equal; a sum of weights below 1e-6 divides as that much. Equal variances: the lowest index is kept first. Passes count the
/// variances, search for the k-th (<see cref="RankSearch{T}"/>) and measure the energies of what is kept; the last one writes.</remarks>
public sealed class Sce : MergeMethod
{
    private static readonly MethodParameter s_share = new("select_topk", ParameterKind.Number, ParameterScope.Global, "The share of positions kept, those where the task vectors vary most.") { Default = 1.0, Minimum = 0 };

    /// <inheritdoc/>
    public override string Name => "sce";

    /// <inheritdoc/>
    public override string Summary => "task vectors where they vary most, weighted by energy, minority signs erased";

    /// <inheritdoc/>
    public override string Formula => "base + Σ w·δ / Σ w over the δ whose sign is that of Σ δ, at the positions where δ vary most; w = Σ δ² of a model / Σ δ² of all";

    /// <inheritdoc/>
    public override string Source => "Wan et al., FuseChat: Knowledge Fusion of Chat Models, 2024; as in mergekit";

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_share];

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels) =>
        new SceKernel<T>(context.Inputs.Count, context.Count, context.Number(s_share), kernels);
}
