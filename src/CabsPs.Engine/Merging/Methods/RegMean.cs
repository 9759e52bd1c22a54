using System.Numerics;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.LinearAlgebra;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>RegMean: of every linear layer the weights whose outputs are nearest to each model's on its own inputs, W = (Σ Wᵢ·Gᵢ)·(Σ Gᵢ)⁻¹ with the Gram Gᵢ of
/// the inputs (mean of x·xᵀ), off the diagonal times a ratio. Tensors without a Gram are averaged.</summary>
public sealed class RegMean : MergeMethod
{
    // below it the sum of Grams has no inverse worth the name in float64
    private const double LeastShare = 1e-13;
    private static readonly MethodParameter s_path = new("gram_path", ParameterKind.Path, ParameterScope.Model, "Grams of the inputs of the model's linear layers (mean of x·xᵀ): a safetensors file with a square tensor per weight, of its name.");
    private static readonly MethodParameter s_ratio = new("reduce_non_diagonal_ratio", ParameterKind.Number, ParameterScope.Global, "What Grams are multiplied by off their diagonals; below 1 they have an inverse.") { Minimum = 0, Maximum = 1 };

    /// <inheritdoc/>
    public override string Name => "regmean";

    /// <inheritdoc/>
    public override string Summary => "linear layers whose outputs are nearest to each model's on its own inputs";

    /// <inheritdoc/>
    public override string Formula => "(Σ model · G) · (Σ G)⁻¹, G the Gram of a layer's inputs; other tensors: the mean";

    /// <inheritdoc/>
    public override string Source => "Jin et al., Dataless Knowledge Fusion by Merging Weights of Language Models, ICLR 2023";

    /// <inheritdoc/>
    public override BaseRule BaseRule => BaseRule.Ignored;

    /// <inheritdoc/>
    public override InputCount InputCount => new(1);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_path, s_ratio];

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels)
    {
        double ratio = context.Number(s_ratio);
        if (context.Shape.Count != 2 || context.Count == 0 || context.Model.Statistics.GramsFor(context, s_path) is not { } grams)
            return new MeanKernel<T>(context.Inputs.Count);
        (long rows, long columns) = (context.Shape[0], context.Shape[1]);
        long workspace = sizeof(double) * ((3 * rows * columns) + (7 * columns * columns));
        return new MatrixKernel<T>(context, workspace, task => Solve(task, grams, ratio), deltas: false);
    }

    private static Matrix Solve(MatrixTask task, IReadOnlyList<TensorInfo> grams, double ratio)
    {
        Matrix total = new(task.Columns, task.Columns), target = new(task.Rows, task.Columns);
        for (int i = 0; i < grams.Count; i++)
        {
            task.Pause();
            Matrix gram = Read(grams[i], task.Columns, ratio, task.Scope.Reader);
            total.Add(gram, 1);
            target.Add(task.Algebra.Multiply(task.Inputs[i], gram), 1);
        }

        SymmetricEigen eigen = task.Algebra.Eigen(total);
        if (!(eigen.Values[^1] > LeastShare * eigen.Values[0]))
            throw new CabsException(CabsError.StatisticInvalid, $"{grams[0].File}: the Grams of tensor {Text.Quote(task.Context.Tensor)} add up to a matrix without inverse; lower 'reduce_non_diagonal_ratio', measure them on more inputs, or exclude the tensor", task.Context.Tensor);
        Matrix along = task.Algebra.Multiply(target, eigen.Vectors);
        along.ScaleColumns([.. eigen.Values.Select(v => 1 / v)]);
        return task.Algebra.Multiply(along, eigen.Vectors, Transposed.Second);
    }

    // symmetric to the bit, off the diagonal times the ratio
    private static Matrix Read(TensorInfo tensor, int order, double ratio, CheckpointReader reader)
    {
        var gram = new Matrix(order, order);
        byte[] bytes = new byte[order * tensor.Type.Size()];
        for (int row = 0; row < order; row++)
        {
            reader.Read(tensor, (long)row * bytes.Length, bytes);
            Span<double> values = gram.Row(row);
            ReferenceKernels<double>.Instance.Widen(bytes, tensor.Type, values);
            int bad = values.IndexOfAnyExceptInRange(double.MinValue, double.MaxValue);
            if (bad >= 0 || values[row] < 0)
                throw StatisticFiles.BadValue(tensor, values[bad >= 0 ? bad : row], ((long)row * order) + (bad >= 0 ? bad : row));
        }

        for (int row = 0; row < order; row++)
        {
            for (int column = 0; column < row; column++)
            {
                double a = gram[row, column], b = gram[column, row], scale = Math.Sqrt(gram[row, row] * gram[column, column]);
                if (Math.Abs(a - b) > 1e-2 * scale)
                    throw new CabsException(CabsError.StatisticInvalid, $"{tensor.File}: tensor {Text.Quote(tensor.Name)} is no Gram: it holds {Text.Significant(a)} at [{row}, {column}] and {Text.Significant(b)} at [{column}, {row}]", tensor.Name);
                gram[row, column] = gram[column, row] = ratio * (a + b) / 2;
            }
        }

        return gram;
    }

    private sealed class MeanKernel<T>(int inputs) : TensorKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public override void Merge(Tile<T> tile, Span<T> output, Span<double> sums) => WeightedMean.Into(tile, inputs, static (_, _) => 1, output);
    }
}
