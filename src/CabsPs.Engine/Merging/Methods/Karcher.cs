using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>Karcher (Fréchet) mean on a sphere: the direction u that minimises the mean squared angle to the models' directions uᵢ = xᵢ/‖xᵢ‖, times
/// the models' mean norm. From the normalised mean, up to <c>max_iter</c> steps T = Σ θᵢ/sin θᵢ · (uᵢ − cos θᵢ · u)/N, u ← cos ‖T‖ · u + sin ‖T‖/‖T‖ · T, until
/// ‖T‖ is below <c>tol</c>. A base model is an input like the others.</summary>
/// <remarks>Every u is a sum of the uᵢ, and all angles follow from the inner products of the models, so one pass over the
/// weights serves all iterations. Models no longer than <c>tol</c> have no direction and count for the mean norm only; where no model
/// has one, the result is the mean (mergekit writes zeros). A model opposite to u pulls in no direction.</remarks>
public sealed class Karcher : MergeMethod
{
    private static readonly MethodParameter s_iterations = new("max_iter", ParameterKind.Integer, ParameterScope.Global, "The most steps.") { Default = 10.0, Minimum = 0 };
    private static readonly MethodParameter s_tolerance = new("tol", ParameterKind.Number, ParameterScope.Global, "A step shorter than this is the last.") { Default = 1e-5, Minimum = 0 };

    /// <inheritdoc/>
    public override string Name => "karcher";

    /// <inheritdoc/>
    public override string Summary => "the mean of the models on a sphere: least squared angles to all, at their mean norm";

    /// <inheritdoc/>
    public override string Formula => "u · mean ‖x‖, u the direction with the least Σ angle(u, x)²";

    /// <inheritdoc/>
    public override string Source => "Karcher, Riemannian center of mass and mollifier smoothing, CPAM 30, 1977; as in mergekit";

    /// <inheritdoc/>
    public override BaseRule BaseRule => BaseRule.Ignored;

    /// <inheritdoc/>
    public override InputCount InputCount => new(1);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_iterations, s_tolerance];

    /// <inheritdoc/>
    public override bool IsCopy(TensorContext context) => context.Inputs.Count == 1;

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels) =>
        new Kernel<T>(context.Inputs.Count, (long)context.Number(s_iterations), context.Number(s_tolerance), kernels);

    internal sealed class Kernel<T>(int count, long iterations, double tolerance, IKernels<T> kernels) : TensorKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public double[] Factors => _factors;

        public int Count => count;

        private readonly InnerProducts<T> _products = new(count);
        private double[] _factors = [];

        public override int MeasuringPasses => 1;

        public override int SumCount(int pass) => pass == 0 ? _products.SumCount : 0;

        public override void Measure(int pass, Tile<T> tile, Span<double> sums) => _products.Measure(tile, 0, tile.Length, sums);

        public override void Complete(int pass, ReadOnlySpan<double> totals) =>
            _factors = SphereMean.Factors(_products.Matrix(totals), iterations, tolerance);

        public override void Merge(Tile<T> tile, Span<T> output, Span<double> sums) => Blend.Into(tile, 0, _factors, output, kernels);
    }
}
