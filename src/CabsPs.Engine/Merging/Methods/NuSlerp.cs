using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>Spherical interpolation between two models by their weights, t = w₂/(w₁ + w₂): sin((1 − t)θ)/sin θ · x₁ + sin(tθ)/sin θ · x₂; with a base,
/// between their task vectors, which are then added to it. The angle θ is that of whole tensors, or one per row or column.</summary>
/// <remarks>Parallel, opposite and (for weights that add up to 0, which gives t = ½) all other cases without an arc follow mergekit: the
/// straight line. Columns are measured first, with room for three figures per column and thread; rows need no pass of their own.</remarks>
public sealed class NuSlerp : MergeMethod
{
    // as mergekit: weights that add up to less have no share, and norms below count as this much
    private const double SmallestSum = 1e-6;
    private const double SmallestNorm = 1e-7;

    private static readonly MethodParameter s_weight = new("weight", ParameterKind.Number, ParameterScope.Model, "The model's share.");
    private static readonly MethodParameter s_flatten = new("nuslerp_flatten", ParameterKind.Switch, ParameterScope.Global, "Takes each tensor as one vector, instead of as many.") { Default = true };
    private static readonly MethodParameter s_columns = new("nuslerp_row_wise", ParameterKind.Switch, ParameterScope.Global, "Without nuslerp_flatten: takes each column (along the first axis) as a vector, instead of each row (along the last axis); the name is mergekit's.") { Default = false };

    /// <inheritdoc/>
    public override string Name => "nuslerp";

    /// <inheritdoc/>
    public override string Summary => "spherical interpolation between two models, or their task vectors, by weight";

    /// <inheritdoc/>
    public override string Formula => "sin((1 − t)θ)/sin θ · x₁ + sin(tθ)/sin θ · x₂, t = w₂/(w₁ + w₂); with a base, x are the task vectors, and it is added";

    /// <inheritdoc/>
    public override string Source => "Shoemake, Animating rotation with quaternion curves, SIGGRAPH 1985; as in mergekit";

    /// <inheritdoc/>
    public override BaseRule BaseRule => BaseRule.Optional;

    /// <inheritdoc/>
    public override InputCount InputCount => InputCount.Exactly(2);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_weight, s_flatten, s_columns];

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels)
    {
        double first = context.Number(s_weight, 0), second = context.Number(s_weight, 1), sum = first + second;
        double place = Math.Abs(sum) < SmallestSum ? 0.5 : second / sum;
        bool flat = context.IsOn(s_flatten) || context.Shape.Count < 2, byColumns = context.IsOn(s_columns);
        if (place is 0 or 1)
            return new End<T>((int)place);
        return flat ? new Whole<T>(place, context.HasBase, kernels)
            : byColumns ? new NuSlerpColumns<T>(context, place, SmallestNorm)
            : new Rows<T>(place, context.HasBase, WholeRows.LengthOf(context, "nuslerp without nuslerp_flatten"), kernels);
    }

    // the ends are the models themselves, bit for bit
    internal sealed class End<T>(int input) : TensorKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public int Input => input;

        public override void Merge(Tile<T> tile, Span<T> output, Span<double> sums) => tile.Input(input).CopyTo(output);
    }

    internal sealed class Whole<T>(double place, bool hasBase, IKernels<T> kernels) : TensorKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public ReadOnlySpan<double> Factors => _factors;

        public bool HasBase => hasBase;

        private readonly InnerProducts<T> _products = new(2);
        private readonly double[] _factors = new double[2];

        public override bool WantsDeltas => true;

        public override int MeasuringPasses => 1;

        public override int SumCount(int pass) => pass == 0 ? _products.SumCount : 0;

        public override void Measure(int pass, Tile<T> tile, Span<double> sums) => _products.Measure(tile, 0, tile.Length, sums);

        public override void Complete(int pass, ReadOnlySpan<double> totals) =>
            (_factors[0], _factors[1]) = Arc.Between<T>(totals[0], totals[2], totals[1], place, SmallestNorm);

        public override void Merge(Tile<T> tile, Span<T> output, Span<double> sums)
        {
            Blend.Into(tile, 0, _factors, output, kernels);
            if (hasBase)
                kernels.Add(output, tile.Base);
        }
    }

    internal sealed class Rows<T>(double place, bool hasBase, int length, IKernels<T> kernels) : TensorKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public bool HasBase => hasBase;

        public (double First, double Second) FactorsOf(double first, double second, double product) => Arc.Between<T>(first, second, product, place, SmallestNorm);

        private readonly InnerProducts<T> _products = new(2);

        public override bool WantsDeltas => true;

        public override int BlockLength => length;

        public override void Merge(Tile<T> tile, Span<T> output, Span<double> sums)
        {
            Span<double> products = stackalloc double[_products.SumCount], factors = stackalloc double[2];
            for (int row = 0; row < tile.Length; row += length)
            {
                products.Clear();
                _products.Measure(tile, row, length, products);
                (factors[0], factors[1]) = Arc.Between<T>(products[0], products[2], products[1], place, SmallestNorm);
                Blend.Into(tile, row, factors, output.Slice(row, length), kernels);
            }

            if (hasBase)
                kernels.Add(output, tile.Base);
        }
    }
}
