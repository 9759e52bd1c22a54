using CabsPs.Engine.Numerics;
using CabsPs.Engine.TaskVectors;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>Task arithmetic: the base plus weighted task vectors, dense or however they were sparsified before.</summary>
public class TaskArithmetic : MergeMethod
{
    private static readonly MethodParameter s_weight = new("weight", ParameterKind.Number, ParameterScope.Model, "λ of a task vector; auto restores the norm that sparsification took: ‖δ‖ / ‖kept δ‖ per tensor.") { Words = ["auto"] };
    private static readonly MethodParameter s_lambda = new("lambda", ParameterKind.Number, ParameterScope.Global, "Scales the sum of the weighted task vectors.") { Default = 1.0 };
    private static readonly MethodParameter s_normalize = new("normalize", ParameterKind.Switch, ParameterScope.Global, "Divides the sum by the sum of the weights.") { Default = false };
    private static readonly MethodParameter s_overlap = new("overlap", ParameterKind.Choice, ParameterScope.Global, "Where several masks keep the same position: sum adds the terms, ties averages those that agree with the sign of their sum.") { Default = "sum", Words = ["sum", "ties"] };

    /// <inheritdoc/>
    public override string Name => "task_arithmetic";

    /// <inheritdoc/>
    public override string Summary => "base + λ · Σ weight · (expert − base)";

    /// <inheritdoc/>
    public override string Source => "Ilharco et al., Editing Models with Task Arithmetic, ICLR 2023";

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_weight, s_lambda, s_normalize, s_overlap];

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels)
    {
        var weights = new double?[context.Inputs.Count];
        for (int i = 0; i < weights.Length; i++)
        {
            if (context.Inputs[i].Contributes)
                weights[i] = context.Value(s_weight, i) as double?;
        }

        return new TaskVectorKernel<T>(context, new Combination(
            weights,
            (double)context.Value(s_lambda),
            (bool)context.Value(s_normalize),
            (string)context.Value(s_overlap) == "ties"), kernels);
    }
}

/// <summary>CABS: task arithmetic over vectors that share out n positions of every block of m.</summary>
public sealed class Cabs : TaskArithmetic
{
    /// <inheritdoc/>
    public override string Name => "cabs";

    /// <inheritdoc/>
    public override string Summary => "task arithmetic over n:m-sparsified task vectors that avoid each other's positions";

    /// <inheritdoc/>
    public override string Source => "Yang et al., CABS: Conflict-Aware and Balanced Sparsification for Enhancing Model Merging, ICML 2025";

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [.. new TaskArithmetic().Parameters, .. CabsSparsifier.Instance.Parameters];

    /// <inheritdoc/>
    public override Sparsifier? Sparsifier => CabsSparsifier.Instance;
}
