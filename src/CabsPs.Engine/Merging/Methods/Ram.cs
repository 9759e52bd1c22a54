using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>Merging of task vectors that are sparse by nature, as reinforcement learning leaves them: a weight that one model changed (by more than
/// ε) keeps its δ, one that several changed gets the mean of theirs.</summary>
public class Ram : MergeMethod
{
    private static readonly MethodParameter s_epsilon = new("epsilon", ParameterKind.Number, ParameterScope.Global, "A weight counts as changed where its |δ| is above this.") { Default = 1e-5, Minimum = 0 };

    /// <inheritdoc/>
    public override string Name => "ram";

    /// <inheritdoc/>
    public override string Summary => "changes of one model are kept, changes that several share are averaged";

    /// <inheritdoc/>
    public override string Formula => "base + mean of the δ with |δ| > ε";

    /// <inheritdoc/>
    public override string Source => "Behavior Knowledge Merge in Reinforced Agentic Models (RAM), 2026; as in mergekit";

    /// <inheritdoc/>
    public sealed override InputCount InputCount => InputCount.Any;

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_epsilon];

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels) => new RamKernel<T>(context.Inputs.Count, EpsilonOf(context), kernels);

    /// <summary>The ε of a tensor.</summary>
    protected static double EpsilonOf(TensorContext context) => context.Number(s_epsilon);

    /// <summary>The declaration of ε.</summary>
    protected static MethodParameter Epsilon => s_epsilon;
}
