using System.Numerics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.TaskVectors.Files;

/// <summary>The choice that was made before a task vector was stored: what is not zero is kept.</summary>
internal sealed class StoredSparsifier(VectorFile file) : Sparsifier
{
    /// <inheritdoc/>
    public override string Name => "stored";

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters => [];

    /// <inheritdoc/>
    public override string Describe(ParameterSet parameters) => file.Sparsification!;

    /// <inheritdoc/>
    public override SparsifierKernel<T> Bind<T>(TensorContext context, SparsifierGroup group, IKernels<T> kernels) =>
        new Kernel<T>([.. group.Members], file.Tensors[context.Tensor]);

    internal sealed class Kernel<T>(int[] members, VectorTensor tensor) : SparsifierKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public override IReadOnlyList<int> Members => members;

        // sums are cut where they were cut when the choice was made
        public override int BlockLength => tensor.Block;

        public override double FactorOf(int member) => tensor.Factor;

        public override double? EnergyOf(int member) => tensor.Energy;

        public override void MakeMasks(Tile<T> tile)
        {
            foreach (int member in members)
            {
                Span<ulong> mask = tile.Mask(member);
                ReadOnlySpan<T> delta = tile.Input(member);
                for (int word = 0; word < mask.Length; word++)
                    mask[word] = NonZero.Bits(delta[(word << 6)..Math.Min(delta.Length, (word + 1) << 6)]);
            }
        }
    }
}
