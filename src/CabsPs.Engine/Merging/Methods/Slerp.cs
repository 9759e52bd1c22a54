using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>Spherical interpolation between the base (t = 0) and one model (t = 1), each tensor taken as one vector: with θ the angle between
/// them, sin((1 − t)θ)/sin θ · base + sin(tθ)/sin θ · model. Nearly parallel or opposite vectors are interpolated linearly.</summary>
public sealed class Slerp : MergeMethod
{
    private static readonly MethodParameter s_t = new("t", ParameterKind.Number, ParameterScope.Global, "The place between the base (0) and the model (1).");

    /// <inheritdoc/>
    public override string Name => "slerp";

    /// <inheritdoc/>
    public override string Summary => "spherical interpolation between the base and one model";

    /// <inheritdoc/>
    public override string Formula => "sin((1 − t)θ)/sin θ · base + sin(tθ)/sin θ · model, θ the angle between them";

    /// <inheritdoc/>
    public override string Source => "Shoemake, Animating rotation with quaternion curves, SIGGRAPH 1985; as in mergekit";

    /// <inheritdoc/>
    public override InputCount InputCount => InputCount.Exactly(1);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_t];

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels) => new Kernel<T>(context.Number(s_t), kernels);

    internal sealed class Kernel<T>(double place, IKernels<T> kernels) : TensorKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public double Place => _t;

        public double OfBase => _ofBase;

        public double OfModel => _ofModel;

        // as mergekit: below the first a vector has no direction, above the second two have the same
        private const double SmallestNorm = 1e-8;
        private const double Parallel = 0.9995;
        private readonly double _t = place;
        private double _ofBase = 1 - place;
        private double _ofModel = place;

        public override int MeasuringPasses => _t is 0 or 1 ? 0 : 1;

        // ‖base‖², ‖model‖², base · model; the pass that writes needs none
        public override int SumCount(int pass) => pass < MeasuringPasses ? 3 : 0;

        public override void Measure(int pass, Tile<T> tile, Span<double> sums)
        {
            sums[0] += kernels.SumOfSquares(tile.Base);
            sums[1] += kernels.SumOfSquares(tile.Input(0));
            sums[2] += Reductions.Dot<T>(tile.Base, tile.Input(0));
        }

        public override void Complete(int pass, ReadOnlySpan<double> totals)
        {
            double cosine = totals[2] / (Divisor(totals[0]) * Divisor(totals[1]));
            if (Math.Abs(cosine) > Parallel)
                return;
            double angle = Math.Acos(cosine);
            _ofBase = Math.Sin((1 - _t) * angle) / Math.Sin(angle);
            _ofModel = Math.Sin(_t * angle) / Math.Sin(angle);
        }

        public override void Merge(Tile<T> tile, Span<T> output, Span<double> sums)
        {
            // the ends are the models themselves, signs of zeros included
            (_t == 1 ? tile.Input(0) : tile.Base).CopyTo(output);
            if (_t is 0 or 1)
                return;
            kernels.Scale(output, T.CreateTruncating(_ofBase));
            kernels.AddScaled(output, tile.Input(0), T.CreateTruncating(_ofModel));
        }

        private static double Divisor(double energy) => Math.Sqrt(energy) is var norm && norm > SmallestNorm ? norm : 1;
    }
}
