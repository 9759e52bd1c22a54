using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>Consensus task arithmetic: the sum of the task vectors where at least k tasks claim a weight by their TALL-mask
/// (<see cref="TallMask"/>), times a factor; what fewer claim is dropped.</summary>
public sealed class ConsensusTa : MergeMethod
{
    private static readonly MethodParameter s_least = new("prun_thre_k", ParameterKind.Integer, ParameterScope.Global, "How many tasks must claim a weight for it to stay.") { Default = 2.0, Minimum = 0 };
    private static readonly MethodParameter s_factor = new("scaling_factor", ParameterKind.Number, ParameterScope.Global, "Scales the sum.") { Default = 1.0 };

    /// <inheritdoc/>
    public override string Name => "consensus_ta";

    /// <inheritdoc/>
    public override string Summary => "task arithmetic without the weights that matter to fewer than k tasks";

    /// <inheritdoc/>
    public override string Formula => "base + factor · s where at least k tasks have |δₜ| > λₜ · |s − δₜ|, s = Σ δ";

    /// <inheritdoc/>
    public override string Source => "Wang et al., Localizing Task Information for Improved Model Merging and Compression, ICML 2024";

    /// <inheritdoc/>
    public override InputCount InputCount => new(1);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [TallMask.Lambda, s_least, s_factor];

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels) => new Kernel<T>(
        [.. context.Inputs.Select((_, i) => T.CreateTruncating(context.Number(TallMask.Lambda, i)))],
        (int)context.Number(s_least),
        T.CreateTruncating(context.Number(s_factor)),
        kernels);

    internal sealed class Kernel<T>(T[] lambdas, int least, T factor, IKernels<T> kernels) : DeltaKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public T[] Lambdas => lambdas;

        public int Least => least;

        public T Factor => factor;

        public override void MergeDelta(Tile<T> tile, Span<T> delta, Span<double> sums)
        {
            Span<T> claims = tile.Scratch;
            delta.Clear();
            claims.Clear();
            for (int i = 0; i < lambdas.Length; i++)
                kernels.Add(delta, tile.Input(i));
            for (int i = 0; i < lambdas.Length; i++)
            {
                ReadOnlySpan<T> own = tile.Input(i);
                for (int j = 0; j < delta.Length; j++)
                    claims[j] += TallMask.Matters(own[j], delta[j], lambdas[i]) ? T.One : T.Zero;
            }

            T needed = T.CreateTruncating(least);
            for (int j = 0; j < delta.Length; j++)
                delta[j] = claims[j] >= needed ? factor * delta[j] : T.Zero;
        }
    }
}
