using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>Between the base and the models' mean, nearer to the mean the more their task vectors agree: with c the mean of the cosines of all
/// pairs of task vectors, t = Nc / (1 + (N − 1)c), the result is base + t · mean δ. The cosines are those of whole tensors, or with
/// <c>filter_wise</c> of each row.</summary>
/// <remarks>t · mean + (1 − t) · base is computed as base + t · mean δ, which leaves weights alone that no model changed. As mergekit, a product of
/// norms below 1e-6 counts as that much, and where |1 + (N − 1)c| is below 1e-6 the result is the base. Rows need no pass of their own.</remarks>
public sealed class ModelStock : MergeMethod
{
    private const double SmallestProduct = 1e-6;
    private const double SmallestDivisor = 1e-6;

    private static readonly MethodParameter s_rows = new("filter_wise", ParameterKind.Switch, ParameterScope.Global, "Takes each row (along the last axis) by itself, instead of each tensor.") { Default = false };

    /// <inheritdoc/>
    public override string Name => "model_stock";

    /// <inheritdoc/>
    public override string Summary => "base + t · mean task vector, t from the angles between the task vectors";

    /// <inheritdoc/>
    public override string Formula => "base + t · mean δ, t = Nc / (1 + (N − 1)c), c the mean cosine of pairs of δ";

    /// <inheritdoc/>
    public override string Source => "Jang, Yun and Han, Model Stock, ECCV 2024; the mean of the pairs' cosines as in mergekit";

    /// <inheritdoc/>
    public override InputCount InputCount => new(2);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_rows];

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels) => context.IsOn(s_rows) && context.Shape.Count > 1
        ? new Kernel<T>(context.Inputs.Count, WholeRows.LengthOf(context, "'filter_wise: true'"), kernels)
        : new Kernel<T>(context.Inputs.Count, null, kernels);

    private static double Share(double[,] products)
    {
        int count = products.GetLength(0);
        double sum = 0;
        for (int i = 0; i < count; i++)
        {
            for (int j = i + 1; j < count; j++)
                sum += Math.Clamp(products[i, j] / Math.Max(Math.Sqrt(products[i, i]) * Math.Sqrt(products[j, j]), SmallestProduct), -1, 1);
        }

        double cosine = sum / (count * (count - 1) / 2), divisor = 1 + ((count - 1) * cosine);
        return Math.Abs(divisor) < SmallestDivisor ? 0 : count * cosine / divisor;
    }

    internal sealed class Kernel<T>(int count, int? rowLength, IKernels<T> kernels) : TensorKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public int Count => count;

        public int? RowLength => rowLength;

        public double OfMean => _share;

        public double OfMeanIn(ReadOnlySpan<double> sums) => Share(_products.Matrix(sums));

        private readonly InnerProducts<T> _products = new(count);
        private readonly double[] _alike = [.. Enumerable.Repeat(1.0, count)];
        private double _share;

        public override bool WantsDeltas => true;

        public override int BlockLength => rowLength ?? 1;

        public override int MeasuringPasses => rowLength is null ? 1 : 0;

        public override int SumCount(int pass) => pass < MeasuringPasses ? _products.SumCount : 0;

        public override void Measure(int pass, Tile<T> tile, Span<double> sums) => _products.Measure(tile, 0, tile.Length, sums);

        public override void Complete(int pass, ReadOnlySpan<double> totals) => _share = Share(_products.Matrix(totals));

        public override void Merge(Tile<T> tile, Span<T> output, Span<double> sums)
        {
            output.Clear();
            for (int i = 0; i < count; i++)
                kernels.Add(output, tile.Input(i));
            kernels.Divide(output, T.CreateTruncating(count));
            Blend.KeepCommon(tile, 0, _alike, output);
            if (rowLength is not { } length)
            {
                kernels.Scale(output, T.CreateTruncating(_share));
            }
            else
            {
                var products = new double[_products.SumCount];
                for (int row = 0; row < tile.Length; row += length)
                {
                    Array.Clear(products);
                    _products.Measure(tile, row, length, products);
                    kernels.Scale(output.Slice(row, length), T.CreateTruncating(Share(_products.Matrix(products))));
                }
            }

            kernels.Add(output, tile.Base);
        }
    }
}
