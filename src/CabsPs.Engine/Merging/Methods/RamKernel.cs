using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary><see cref="Ram"/> on one tensor: per position the mean of the deltas above ε.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal class RamKernel<T>(int count, double epsilon, IKernels<T> kernels) : TensorKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>How many inputs there are.</summary>
    internal int Count => count;

    /// <summary>What a change must exceed.</summary>
    internal double Epsilon => epsilon;

    /// <inheritdoc/>
    public sealed override bool WantsDeltas => true;

    /// <inheritdoc/>
    public sealed override void Merge(Tile<T> tile, Span<T> output, Span<double> sums)
    {
        Span<T> total = tile.Total, changes = tile.Scratch;
        total.Clear();
        CountChanges(tile);
        T threshold = T.CreateTruncating(epsilon);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<T> delta = tile.Input(i);
            T alone = OfLoneChanges(i);
            for (int j = 0; j < total.Length; j++)
            {
                if (T.Abs(delta[j]) > threshold)
                    total[j] += changes[j] == T.One ? delta[j] * alone : delta[j];
            }
        }

        for (int j = 0; j < output.Length; j++)
            output[j] = changes[j] > T.One ? total[j] / changes[j] : total[j];
        kernels.Add(output, tile.Base);
    }

    /// <summary>Writes the number of models that changed each position to the tile's divisors.</summary>
    protected void CountChanges(Tile<T> tile)
    {
        Span<T> changes = tile.Scratch;
        changes.Clear();
        T threshold = T.CreateTruncating(epsilon);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<T> delta = tile.Input(i);
            for (int j = 0; j < changes.Length; j++)
                changes[j] += T.Abs(delta[j]) > threshold ? T.One : T.Zero;
        }
    }

    /// <summary>Whether an input changed a position.</summary>
    protected bool IsChange(T delta) => T.Abs(delta) > T.CreateTruncating(epsilon);

    /// <summary>The factor of changes that only one input made.</summary>
    internal virtual T OfLoneChanges(int input) => T.One;
}
