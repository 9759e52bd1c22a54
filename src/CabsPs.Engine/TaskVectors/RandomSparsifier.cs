using System.Numerics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.TaskVectors;

/// <summary>Keeps each weight with a probability (DARE: Yu et al., "Language Models are Super Mario", ICML 2024). The choice depends on seed,
/// vector, tensor and position alone.</summary>
public sealed class RandomSparsifier(bool rescale) : IndependentSparsifier(rescale)
{
    /// <inheritdoc/>
    public override string Name => "random";

    /// <inheritdoc/>
    protected override VectorMask<T> Bind<T>(TensorContext context, SparsifierGroup group, int member, double density) =>
        density is <= 0 or >= 1 ? new ConstantMask<T>(density >= 1) : new Mask<T>(context.RandomOf(member), density);

    internal sealed class Mask<T>(CounterRandom random, double density) : VectorMask<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public CounterRandom Random => random;

        public double Density => density;

        public override bool ReadsDeltas => false;

        internal override bool IsCheap => CounterRandom.IsFast;

        // whole words of the mask are drawn at once
        public override int BlockLength => 64;

        public override void MakeMask(ReadOnlySpan<T> delta, long start, Span<ulong> mask) =>
            random.KeepEach(density, start, delta.Length, mask);
    }
}
