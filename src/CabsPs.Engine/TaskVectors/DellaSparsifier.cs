using System.Numerics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.TaskVectors;

/// <summary>Keeps each weight with a probability that grows with its magnitude's rank in the row, from density − ε for the smallest to
/// density + ε for the largest (MAGPRUNE: Deep, Bhardwaj and Poria, "DELLA-Merging", 2024; per row as mergekit does).</summary>
public sealed class DellaSparsifier(bool rescale) : IndependentSparsifier(rescale)
{
    private static readonly MethodParameter s_epsilon = new("epsilon", ParameterKind.Number, ParameterScope.Model, "Half the spread of the probabilities around the density.") { Default = 0.15, Minimum = 0 };

    /// <inheritdoc/>
    public override string Name => "della";

    /// <inheritdoc/>
    protected override IReadOnlyList<MethodParameter> OwnParameters => [s_epsilon];

    /// <inheritdoc/>
    protected override VectorMask<T> Bind<T>(TensorContext context, SparsifierGroup group, int member, double density)
    {
        if (density is <= 0 or >= 1)
            return new ConstantMask<T>(density >= 1);
        double epsilon = (double)context.Value(s_epsilon, member, group.Parameters);
        if (density - epsilon <= 0 || density + epsilon >= 1)
            throw new CabsException(CabsError.ParameterInvalid, $"density {Text.Significant(density)} and epsilon {Text.Significant(epsilon)} of model {context.Inputs[member].Name} at tensor {Text.Quote(context.Tensor)} give probabilities outside 0 to 1; density ± epsilon must lie between", "epsilon");
        if (context.RowLength > CabsSparsifier.MaxBlockLength)
            throw new CabsException(CabsError.ParameterInvalid, $"tensor {Text.Quote(context.Tensor)} has rows of {context.RowLength} weights; della ranks rows of at most {CabsSparsifier.MaxBlockLength}", context.Tensor);
        return new Mask<T>(context.RandomOf(member), density, epsilon, (int)context.RowLength);
    }

    internal sealed class Mask<T>(CounterRandom random, double density, double epsilon, int rowLength) : VectorMask<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public CounterRandom Random => random;

        public double ProbabilityOf(int rank) => BlockLength == 1 ? density : density - epsilon + (2 * epsilon * rank / (BlockLength - 1));

        public override int BlockLength => Math.Max(1, rowLength);

        public override void MakeMask(ReadOnlySpan<T> delta, long start, Span<ulong> mask)
        {
            mask.Clear();
            int[] order = new int[BlockLength];
            ulong[] keys = new ulong[BlockLength];
            for (int row = 0; row < delta.Length; row += BlockLength)
            {
                for (int i = 0; i < BlockLength; i++)
                    (order[i], keys[i]) = (i, ReferenceKernels<T>.Magnitude(delta[row + i]));
                // equal magnitudes rank by position, the lower index first as the larger
                Array.Sort(order, (a, b) => keys[a] != keys[b] ? keys[a].CompareTo(keys[b]) : b.CompareTo(a));
                for (int rank = 0; rank < BlockLength; rank++)
                {
                    if (keys[order[rank]] != 0 && random.Uniform(start + row + order[rank]) < ProbabilityOf(rank))
                        BitMask.Set(mask, row + order[rank]);
                }
            }
        }
    }
}
