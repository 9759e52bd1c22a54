using CabsPs.Engine.LinearAlgebra;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>What methods share that merge every tensor of two dimensions as a matrix and average the others' deltas.</summary>
public abstract class MatrixMethod : MergeMethod
{
    /// <summary>Matrices that are averaged like the other tensors.</summary>
    protected static MethodParameter ExcludeKeys { get; } = new("exclude_keys", ParameterKind.TensorNames, ParameterScope.Global, "Names of matrices whose deltas are averaged, as those of other tensors are; * stands for any characters.") { Default = string.Empty };

    /// <inheritdoc/>
    public override InputCount InputCount => new(1);

    /// <inheritdoc/>
    public sealed override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels)
    {
        double[] weights = [.. context.Inputs.Select((_, i) => WeightOf(context, i))];
        double factor = FactorOf(context);
        if (context.Shape.Count != 2 || context.Value(ExcludeKeys) is TensorNames names && names.Fit(context.Tensor))
            return new MeanKernel<T>(weights, context.ModelCount, AveragesAreScaled ? factor : 1);
        CheckParameters(context);
        return new MatrixKernel<T>(context, Workspace(context.Shape[0], context.Shape[1], context.Inputs.Count), task =>
        {
            for (int i = 0; i < weights.Length; i++)
            {
                if (weights[i] != 1)
                    task.Inputs[i].Scale(weights[i]);
            }

            Matrix merged = Merge(task);
            if (factor != 1)
                merged.Scale(factor);
            return merged;
        });
    }

    /// <summary>Bytes that a thin SVD takes besides the matrix, at most.</summary>
    protected internal static long SvdBytes(long rows, long columns)
    {
        long least = Math.Min(rows, columns);
        return sizeof(double) * ((6 * rows * columns) + (8 * least * least));
    }

    /// <summary>The merged delta of a matrix, before the factor. The inputs may be changed.</summary>
    /// <param name="task">The weighted deltas.</param>
    protected abstract Matrix Merge(MatrixTask task);

    /// <summary>Bytes that <see cref="Merge"/> takes besides the inputs.</summary>
    protected abstract long Workspace(long rows, long columns, int inputs);

    /// <summary>What the result is multiplied by.</summary>
    protected virtual double FactorOf(TensorContext context) => 1;

    /// <summary>Whether the factor counts for averaged tensors too.</summary>
    protected virtual bool AveragesAreScaled => true;

    /// <summary>What an input's delta is multiplied by first.</summary>
    protected virtual double WeightOf(TensorContext context, int input) => 1;

    /// <summary>Reads the method's other values, so that a wrong one is told before anything is computed.</summary>
    protected virtual void CheckParameters(TensorContext context)
    {
    }
}
