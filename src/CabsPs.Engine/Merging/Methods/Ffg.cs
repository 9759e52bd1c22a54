using System.Buffers;
using System.Numerics;
using CabsPs.Engine.Numerics;
using CabsPs.Engine.TaskVectors;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>FFG: keeps of one task vector, per tensor, the weights whose loss matters most: the largest δ²·v with the second moments v of the model's Adam,
/// max(1, round(density · numel)) of them, halves to even, the first among equals.</summary>
public sealed class Ffg : MergeMethod
{
    private static readonly MethodParameter s_density = new("density", ParameterKind.Number, ParameterScope.Global, "The share of each tensor's weights that is kept.") { Default = 0.1, Minimum = 0, Maximum = 1 };

    /// <inheritdoc/>
    public override string Name => "ffg";

    /// <inheritdoc/>
    public override string Summary => "keeps of a task vector the weights with the largest δ² · second moment";

    /// <inheritdoc/>
    public override string Formula => "base + mask ⊙ δ, mask: the largest density · numel of δ²·v per tensor, v Adam's second moments";

    /// <inheritdoc/>
    public override string Source => "Mahdavinia et al., Harnessing Optimization Dynamics for Curvature-Informed Model Merging, 2025 (arXiv 2509.11167); details as in the authors' code";

    /// <inheritdoc/>
    public override InputCount InputCount => InputCount.Exactly(1);

    /// <inheritdoc/>
    public override MethodParameter? Statistic => Ota.Path;

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [Ota.Path, s_density, Ota.Approximates];

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels)
    {
        long kept = Math.Max(1, (long)Math.Round(context.Number(s_density) * context.Count, MidpointRounding.ToEven));
        return new Kernel<T>(new Preconditioner<T>(context, (bool)context.Value(Ota.Approximates, 0)), RankMask<double>.Create(context.Count, Math.Max(1, context.Count), 0, kept, context.Tensor), kept, context);
    }

    internal sealed class Kernel<T>(Preconditioner<T> moments, VectorMask<double> mask, long kept, TensorContext context) : DeltaKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public Preconditioner<T> Moments => moments;

        public long Kept => kept;

        public long Count => context.Count;

        private readonly int _sumsPasses = moments.SumCount > 0 ? 1 : 0;

        public override int BlockLength { get; } = CommonBlock.Of([moments.BlockLength, mask.BlockLength], context.Count, context.Tensor);

        public override int MostSegments => _sumsPasses > 0 ? 16 : int.MaxValue;

        public override int MeasuringPasses => _sumsPasses + mask.MeasuringPasses;

        public override int SumCount(int pass) => pass < _sumsPasses ? moments.SumCount : 0;

        public override int StrideOf(int pass) => pass < _sumsPasses || pass >= MeasuringPasses ? 1 : mask.StrideOf(pass - _sumsPasses);

        public override void Measure(int pass, Tile<T> tile, Span<double> sums)
        {
            if (pass < _sumsPasses)
            {
                moments.Measure(tile.Input(1), tile.Start, sums);
                return;
            }

            double[] scores = Scores(tile);
            mask.Measure(pass - _sumsPasses, scores.AsSpan(0, tile.Length), tile.Start);
            ArrayPool<double>.Shared.Return(scores);
        }

        public override void Complete(int pass, ReadOnlySpan<double> totals)
        {
            if (pass < _sumsPasses)
                moments.Complete(totals);
            else
                mask.Complete(pass - _sumsPasses);
        }

        public override void MergeDelta(Tile<T> tile, Span<T> delta, Span<double> sums)
        {
            double[] scores = Scores(tile);
            Span<ulong> kept = tile.Mask(0);
            mask.MakeMask(scores.AsSpan(0, tile.Length), tile.Start, kept);
            ArrayPool<double>.Shared.Return(scores);
            ReadOnlySpan<T> own = tile.Input(0);
            for (int j = 0; j < delta.Length; j++)
                delta[j] = (kept[j >> 6] >> (j & 63) & 1) != 0 ? own[j] : T.Zero;
        }

        // a weight that moved without a second moment ranks last, but before those that did not move
        private double[] Scores(Tile<T> tile)
        {
            double[] scores = ArrayPool<double>.Shared.Rent(tile.Length);
            ReadOnlySpan<T> own = tile.Input(0), second = tile.Input(1);
            for (int j = 0; j < own.Length; j++)
            {
                double delta = double.CreateTruncating(own[j]);
                scores[j] = delta == 0 ? 0 : Math.Max(double.Epsilon, delta * delta * moments.At(second[j], tile.Start + j));
            }

            return scores;
        }
    }
}
