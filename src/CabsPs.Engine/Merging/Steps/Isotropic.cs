using CabsPs.Engine.Merging.Methods;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Steps;

/// <summary>Sets all singular values of every merged matrix to their mean, as <see cref="IsoC"/> does with the sum of task vectors; other tensors stay as
/// merged.</summary>
public sealed class Isotropic : PostMethod
{
    /// <inheritdoc/>
    public override string Name => "isotropic";

    /// <inheritdoc/>
    public override string Summary => "sets the singular values of each merged matrix to their mean";

    /// <inheritdoc/>
    public override string Source => "Marczak et al., No Task Left Behind: Isotropic Model Merging with Common and Task-Specific Subspaces, ICML 2025, after any method";

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [TsvM.Rcond];

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, PostStep step, TensorKernel<T> merged, IKernels<T> kernels)
    {
        RequireBase(context);
        double rcond = (double)context.Value(TsvM.Rcond, step.Parameters);
        return context.Shape.Count != 2 ? merged
            : new MatrixStepKernel<T>(context, merged, [], MatrixMethod.SvdBytes(context.Shape[0], context.Shape[1]), (task, sum) => IsoC.Flatten(task, sum, rcond));
    }
}
