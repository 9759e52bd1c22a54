using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>Takes over weights of the model where they are near the base's, and the less of them the further away they are: with
/// w = clamp(t / max(|base − model|, 1e-6), 0, 1), the result is w · model + (1 − w) · base.</summary>
/// <remarks>Where w is 0 or 1, or both agree, the result has the bits of one of them.</remarks>
public sealed class NearSwap : MergeMethod
{
    private const double SmallestDifference = 1e-6;

    private static readonly MethodParameter s_t = new("t", ParameterKind.Number, ParameterScope.Global, "The distance up to which the model's weights are taken whole.");

    /// <inheritdoc/>
    public override string Name => "nearswap";

    /// <inheritdoc/>
    public override string Summary => "the model's weights where they are near the base's, less of them where they are not";

    /// <inheritdoc/>
    public override string Formula => "w · model + (1 − w) · base, w = clamp(t / |model − base|, 0, 1)";

    /// <inheritdoc/>
    public override string Source => "alchemonaut, model card of QuartetAnemoi-70B, 2024; as in mergekit";

    /// <inheritdoc/>
    public override InputCount InputCount => InputCount.Exactly(1);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_t];

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels) => new Kernel<T>(context.Number(s_t));

    internal sealed class Kernel<T>(double t) : TensorKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public double Distance => t;

        public double Smallest => SmallestDifference;

        public override void Merge(Tile<T> tile, Span<T> output, Span<double> sums)
        {
            ReadOnlySpan<T> origin = tile.Base, model = tile.Input(0);
            T distance = T.CreateTruncating(t), smallest = T.CreateTruncating(SmallestDifference);
            for (int i = 0; i < output.Length; i++)
            {
                T a = origin[i], b = model[i];
                // the reciprocal first, as mergekit divides
                T weight = T.One / T.Max(T.Abs(a - b), smallest) * distance;
                output[i] = a == b || weight <= T.Zero ? a : weight >= T.One ? b : (weight * b) + ((T.One - weight) * a);
            }
        }
    }
}
