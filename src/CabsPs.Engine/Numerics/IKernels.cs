using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Numerics;

/// <summary>The arithmetic of a merge on one piece of a tensor, flattened row-major. Every implementation gives the same bits;
/// <see cref="ReferenceKernels{T}"/> is the one to read. Masks are flat bit sets: bit i of word i/64 stands for element i, bits
/// past the last element are zero.</summary>
/// <typeparam name="T">The type computed in: float, or double for tensors with a float64 input.</typeparam>
public interface IKernels<T>
    where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
{
    /// <summary>Converts stored elements to the computing type, exactly.</summary>
    /// <param name="source">Stored bytes, little-endian; <c>destination.Length</c> elements.</param>
    /// <param name="type">Their type: F64, F32, F16 or BF16, not wider than <typeparamref name="T"/>.</param>
    /// <param name="destination">Receives the values.</param>
    /// <returns>True when all values are finite.</returns>
    bool Widen(ReadOnlySpan<byte> source, DType type, Span<T> destination);

    /// <summary>Widens stored elements and subtracts the base: delta[i] = source[i] − baseValues[i].</summary>
    /// <returns>True when all stored values are finite.</returns>
    bool WidenDelta(ReadOnlySpan<byte> source, DType type, ReadOnlySpan<T> baseValues, Span<T> delta);

    /// <summary>Adds dense task vectors to a base in one pass over their stored bytes: widen, subtract, weigh, sum, divide, scale, add, round.</summary>
    /// <returns>False when a value is not finite, or the types are not all the same; the output then means nothing.</returns>
    bool MergeDense(in StoredTile tile, in Terms<T> terms);

    /// <summary>Adds weighed deltas, masked or not, to a base and rounds: output = base + (Σ weight · mask ⊙ delta) / divisor · factor.</summary>
    void MergeDeltas(Tile<T> tile, in Terms<T> terms, DType type, Span<byte> output);

    /// <summary>Converts computed values to the stored type, rounding once to nearest, ties to even.</summary>
    /// <param name="source">The values.</param>
    /// <param name="type">The stored type: F64, F32, F16 or BF16.</param>
    /// <param name="destination">Receives the bytes.</param>
    void Narrow(ReadOnlySpan<T> source, DType type, Span<byte> destination);

    /// <summary>The index of the first NaN or infinity, or -1.</summary>
    int FirstNonFinite(ReadOnlySpan<T> values);

    /// <summary>values[i] -= other[i].</summary>
    void Subtract(Span<T> values, ReadOnlySpan<T> other);

    /// <summary>total[i] += weight * delta[i]: the product is rounded before the sum.</summary>
    void AddScaled(Span<T> total, ReadOnlySpan<T> delta, T weight);

    /// <summary>total[i] += weight * delta[i] where the mask has a one.</summary>
    void AddScaled(Span<T> total, ReadOnlySpan<T> delta, T weight, ReadOnlySpan<ulong> mask);

    /// <summary>Where the product weight * delta[i] is not zero and has the sign of elected[i] (zero counts as plus): sum[i] gets it added,
    /// divisor[i] gets share added.</summary>
    /// <param name="elected">The numbers whose signs are sought.</param>
    /// <param name="delta">A vector's deltas.</param>
    /// <param name="weight">Its weight.</param>
    /// <param name="share">What an agreeing term counts in the divisor.</param>
    /// <param name="mask">Which deltas take part; empty means all.</param>
    /// <param name="sum">The sums of the agreeing terms.</param>
    /// <param name="divisor">The sums of their shares.</param>
    void AddAgreeing(ReadOnlySpan<T> elected, ReadOnlySpan<T> delta, T weight, T share, ReadOnlySpan<ulong> mask, Span<T> sum, Span<T> divisor);

    /// <summary>values[i] /= divisor[i] where the divisor is not zero.</summary>
    void DivideEach(Span<T> values, ReadOnlySpan<T> divisor);

    /// <summary>values[i] *= factor.</summary>
    void Scale(Span<T> values, T factor);

    /// <summary>values[i] /= divisor.</summary>
    void Divide(Span<T> values, T divisor);

    /// <summary>values[i] += other[i].</summary>
    void Add(Span<T> values, ReadOnlySpan<T> other);

    /// <summary>Σ values[i]² in float64, in the order fixed by <see cref="ReferenceKernels{T}.Lanes"/>.</summary>
    double SumOfSquares(ReadOnlySpan<T> values);

    /// <summary>Σ values[i]² over all and over the ones of a mask, in the same order.</summary>
    (double All, double Kept) SumOfSquares(ReadOnlySpan<T> values, ReadOnlySpan<ulong> mask);

    /// <summary>Σ |values[i]| in float64, in the same order.</summary>
    double SumOfMagnitudes(ReadOnlySpan<T> values);

    /// <summary>Σ |values[i]| over the ones of a mask, in the same order.</summary>
    double SumOfMagnitudes(ReadOnlySpan<T> values, ReadOnlySpan<ulong> mask);

    /// <summary>Keeps the largest |delta| of every block (SPEC: balanced sparsification, conflict-aware assignment).</summary>
    /// <param name="delta">The deltas; blocks begin at element 0.</param>
    /// <param name="blockLength">m: elements per block; the last block may be shorter.</param>
    /// <param name="quota">n: how many to keep in a complete block.</param>
    /// <param name="tailQuota">How many to keep in an incomplete last block.</param>
    /// <param name="claimed">Positions earlier vectors keep; used only where a block has too few free nonzero ones. May be empty.</param>
    /// <param name="mask">Receives the positions kept. Equal magnitudes: the lowest index wins; an exact zero is never kept.</param>
    /// <param name="guess">Where the search begins: what an earlier call on similar data left there. Never changes the result; several threads
    /// may share it.</param>
    void KeepLargest(ReadOnlySpan<T> delta, int blockLength, int quota, int tailQuota, ReadOnlySpan<ulong> claimed, Span<ulong> mask, ref int guess);
}
