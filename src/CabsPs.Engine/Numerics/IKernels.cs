using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Numerics;

/// <summary>The arithmetic of a merge on one piece of a tensor, flattened row-major. Every implementation gives the same bits;
/// <see cref="ReferenceKernels{T}"/> is the one to read. Masks are flat bit sets: bit i of word i/64 stands for element i, bits
/// past the last element are zero.</summary>
/// <typeparam name="T">The type computed in: float, or double for tensors with a float64 input.</typeparam>
public interface IKernels<T>
    where T : unmanaged
{
    /// <summary>Converts stored elements to the computing type, exactly.</summary>
    /// <param name="source">Stored bytes, little-endian; <c>destination.Length</c> elements.</param>
    /// <param name="type">Their type: F64, F32, F16 or BF16, not wider than <typeparamref name="T"/>.</param>
    /// <param name="destination">Receives the values.</param>
    /// <returns>True when all values are finite.</returns>
    bool Widen(ReadOnlySpan<byte> source, DType type, Span<T> destination);

    /// <summary>Converts stored elements and subtracts others from them, in one pass.</summary>
    /// <param name="source">Stored bytes, as for <see cref="Widen"/>.</param>
    /// <param name="type">Their type.</param>
    /// <param name="origin">What to subtract.</param>
    /// <param name="delta">Receives the differences.</param>
    /// <returns>True when all stored values are finite.</returns>
    bool WidenDelta(ReadOnlySpan<byte> source, DType type, ReadOnlySpan<T> origin, Span<T> delta);

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

    /// <summary>values[i] *= factor.</summary>
    void Scale(Span<T> values, T factor);

    /// <summary>values[i] /= divisor.</summary>
    void Divide(Span<T> values, T divisor);

    /// <summary>values[i] += other[i].</summary>
    void Add(Span<T> values, ReadOnlySpan<T> other);

    /// <summary>Σ values[i]² in float64, in the order fixed by <see cref="ReferenceKernels{T}.Lanes"/>.</summary>
    double SumOfSquares(ReadOnlySpan<T> values);

    /// <summary>Σ values[i]² over the ones of a mask, in the same order.</summary>
    double SumOfSquares(ReadOnlySpan<T> values, ReadOnlySpan<ulong> mask);

    /// <summary>Both sums at once: over all values and over the ones of the mask, each in the same order.</summary>
    (double All, double Kept) SumsOfSquares(ReadOnlySpan<T> values, ReadOnlySpan<ulong> mask);

    /// <summary>The same for reports, to about seven digits: see <see cref="EnergySums"/>.</summary>
    /// <param name="values">The values.</param>
    /// <param name="mask">Which of them to sum once more by themselves.</param>
    (double All, double Kept) Energies(ReadOnlySpan<T> values, ReadOnlySpan<ulong> mask);

    /// <summary>Σ |values[i]| over all values and over the ones of the mask; of float32 to about seven digits: see <see cref="MagnitudeSums"/>.</summary>
    (double All, double Kept) SumsOfMagnitudes(ReadOnlySpan<T> values, ReadOnlySpan<ulong> mask);

    /// <summary>base + lambda · (Σ weight · masked delta) / divisor, stored: products, sums, quotient, product and sum are rounded
    /// one by one in this order, the terms in theirs.</summary>
    /// <param name="tile">The base and the deltas; its room for sums may be overwritten.</param>
    /// <param name="terms">The terms.</param>
    /// <param name="divisor">What the sum is divided by; 1 for nothing.</param>
    /// <param name="lambda">What the sum is multiplied by; 1 for nothing.</param>
    /// <param name="type">The stored type.</param>
    /// <param name="destination">Receives the bytes.</param>
    void Combine(Tile<T> tile, ReadOnlySpan<Term<T>> terms, T divisor, T lambda, DType type, Span<byte> destination);

    /// <summary><see cref="Combine"/>, and the <see cref="Energies"/> of each term, where an implementation has a way to do both in one pass.</summary>
    /// <param name="tile">The base and the deltas.</param>
    /// <param name="terms">The terms.</param>
    /// <param name="divisor">What the sum is divided by; 1 for nothing.</param>
    /// <param name="lambda">What the sum is multiplied by; 1 for nothing.</param>
    /// <param name="type">The stored type.</param>
    /// <param name="destination">Receives the bytes.</param>
    /// <param name="energies">Receives the sums, per term.</param>
    /// <returns>False when it was not done, because there is no such way or a result is not finite; the destination is garbage then.</returns>
    bool TryCombineMeasured(Tile<T> tile, ReadOnlySpan<Term<T>> terms, T divisor, T lambda, DType type, Span<byte> destination, Span<(double All, double Kept)> energies) => false;

    /// <summary>The same for dense deltas of weights that are all stored as one type, from stored bytes to stored bytes without a
    /// tile between, where an implementation has a way to do that.</summary>
    /// <param name="origin">The base's stored weights.</param>
    /// <param name="type">The type of all inputs.</param>
    /// <param name="experts">Per term the stored weights.</param>
    /// <param name="weights">Per term the factor.</param>
    /// <param name="divisor">What the sum is divided by; 1 for nothing.</param>
    /// <param name="lambda">What the sum is multiplied by; 1 for nothing.</param>
    /// <param name="resultType">The stored type of the result.</param>
    /// <param name="destination">Receives the bytes.</param>
    /// <returns>False when it was not done, because there is no such way or a weight is not finite; the destination is garbage
    /// then.</returns>
    bool TryCombineStored(ReadOnlyMemory<byte> origin, DType type, ReadOnlySpan<ReadOnlyMemory<byte>> experts, ReadOnlySpan<T> weights, T divisor, T lambda, DType resultType, Memory<byte> destination) => false;

    /// <summary><see cref="SumsOfMagnitudes"/> of the deltas of stored weights, without a tile between, where an implementation has a way to do
    /// that.</summary>
    /// <param name="origin">The base's stored weights.</param>
    /// <param name="stored">The vector's.</param>
    /// <param name="type">The type of both.</param>
    /// <param name="mask">Which of them to sum once more by themselves.</param>
    /// <param name="sums">Receives the sums.</param>
    /// <returns>False when there is no such way or a weight is not finite.</returns>
    bool TryMagnitudes(ReadOnlySpan<byte> origin, ReadOnlySpan<byte> stored, DType type, ReadOnlySpan<ulong> mask, out (double All, double Kept) sums)
    {
        sums = default;
        return false;
    }

    /// <summary>total[i] += weight · delta[i] where the mask has a one, or from 0 up with the first of several vectors, and the <see cref="Energies"/> of the deltas, from stored weights in the
    /// same way.</summary>
    /// <returns>False when there is no such way or a delta is not finite; the total is garbage then.</returns>
    bool TryAddMasked(ReadOnlySpan<byte> origin, ReadOnlySpan<byte> stored, DType type, ReadOnlySpan<ulong> mask, T weight, bool isFirst, Span<T> total, out (double All, double Kept) energies)
    {
        energies = default;
        return false;
    }

    /// <summary>base + lambda · total / divisor, stored: the end of <see cref="Combine"/>, from stored weights in the same way.</summary>
    /// <returns>False when there is no such way or a result is not finite; the destination is garbage then.</returns>
    bool TryStoreSum(ReadOnlySpan<byte> origin, DType type, ReadOnlySpan<T> total, T divisor, T lambda, Span<byte> destination) => false;

    /// <summary>base + lambda · (Σ of the terms weight · masked delta that agree with the sign of the sum of all) / (Σ of their shares),
    /// stored (TIES: Yadav et al., NeurIPS 2023, section 3). A sum of zero elects plus; zeros agree with nothing; without an
    /// agreeing term nothing is divided.</summary>
    /// <param name="tile">The base and the deltas; its room for sums may be overwritten.</param>
    /// <param name="terms">The terms.</param>
    /// <param name="shares">What an agreeing term counts in the divisor.</param>
    /// <param name="normalize">Whether to divide.</param>
    /// <param name="lambda">What the sum is multiplied by.</param>
    /// <param name="type">The stored type.</param>
    /// <param name="destination">Receives the bytes.</param>
    void CombineElected(Tile<T> tile, ReadOnlySpan<Term<T>> terms, ReadOnlySpan<T> shares, bool normalize, T lambda, DType type, Span<byte> destination);

    /// <summary>The same for two vectors that keep all magnitudes above a limit each, from stored bytes to stored bytes, where an implementation has a
    /// way to do that.</summary>
    /// <param name="origin">The base's stored weights.</param>
    /// <param name="type">The type of all inputs.</param>
    /// <param name="first">One vector's stored weights.</param>
    /// <param name="second">The other's.</param>
    /// <param name="one">What is kept of the first, and what it counts.</param>
    /// <param name="other">The same of the second.</param>
    /// <param name="normalize">Whether to divide.</param>
    /// <param name="lambda">What the sum is multiplied by.</param>
    /// <param name="resultType">The stored type of the result.</param>
    /// <param name="destination">Receives the bytes.</param>
    /// <param name="figures">To be added to: how many the first keeps, <see cref="Energies"/> of all and of these, the same of the second, how many both keep.</param>
    /// <returns>False when it was not done; the destination is garbage then.</returns>
    bool TryCombineElected(ReadOnlySpan<byte> origin, DType type, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ElectedTerm<T> one, ElectedTerm<T> other, bool normalize, T lambda, DType resultType, Span<byte> destination, Span<double> figures) => false;

    /// <summary>Looks up magnitudes of stored weights' differences from a base's, as integers of the same order, where an implementation has a way to do
    /// that without a tile between.</summary>
    /// <param name="origin">The base's stored weights.</param>
    /// <param name="weights">The stored weights.</param>
    /// <param name="type">The type of both.</param>
    /// <param name="first">The least magnitude sought.</param>
    /// <param name="last">The greatest.</param>
    /// <param name="found">Receives those between, in no order; has room for all.</param>
    /// <param name="above">How many are greater.</param>
    /// <returns>How many were found; -1 when it was not done, because there is no such way or a difference is not finite.</returns>
    int FindBetween(ReadOnlySpan<byte> origin, ReadOnlySpan<byte> weights, DType type, uint first, uint last, Span<uint> found, out int above)
    {
        above = 0;
        return -1;
    }

    /// <summary>Keeps the largest |delta| of every block (SPEC: balanced sparsification, conflict-aware assignment).</summary>
    /// <param name="delta">The deltas; blocks begin at element 0.</param>
    /// <param name="blockLength">m: elements per block; the last block may be shorter.</param>
    /// <param name="quota">n: how many to keep in a complete block.</param>
    /// <param name="tailQuota">How many to keep in an incomplete last block.</param>
    /// <param name="claimed">Positions earlier vectors keep; used only where a block has too few free nonzero ones. May be empty.</param>
    /// <param name="mask">Receives the positions kept. Equal magnitudes: the lowest index wins; an exact zero is never kept.</param>
    /// <param name="hint">Where the search begins and the next one shall begin: what the last call on this vector left there, or 0.
    /// The result does not depend on it.</param>
    void KeepLargest(ReadOnlySpan<T> delta, int blockLength, int quota, int tailQuota, ReadOnlySpan<ulong> claimed, Span<ulong> mask, ref uint hint);

    /// <summary>Fills the masks of vectors that compete for positions (SPEC §4, <c>joint</c>; the rule is
    /// <see cref="JointAssignment{T}"/>).</summary>
    /// <param name="tile">The deltas; begins at a block.</param>
    /// <param name="members">The inputs that compete.</param>
    /// <param name="blockLength">m.</param>
    /// <param name="quotas">Per member how many positions of a complete block it gets.</param>
    /// <param name="tailQuotas">Per member how many of an incomplete last block.</param>
    /// <param name="rms">Per member the root mean square over the whole tensor; 1 for a vector of zeros.</param>
    void AssignJointly(Tile<T> tile, IReadOnlyList<int> members, int blockLength, ReadOnlySpan<int> quotas, ReadOnlySpan<int> tailQuotas, ReadOnlySpan<double> rms);
}

/// <summary>A vector's part in a sum.</summary>
/// <param name="Input">Which input of the tile.</param>
/// <param name="Weight">Its factor.</param>
/// <param name="Masked">Whether only the ones of its mask count.</param>
/// <typeparam name="T">float or double.</typeparam>
public readonly record struct Term<T>(int Input, T Weight, bool Masked)
    where T : unmanaged;

/// <summary>A vector's part in a sign election.</summary>
/// <param name="Limit">The magnitude above which it keeps all, as an integer of the same order; -1 where it keeps everything.</param>
/// <param name="Weight">Its factor.</param>
/// <param name="Share">What an agreeing term of it counts in the divisor.</param>
/// <typeparam name="T">float or double.</typeparam>
public readonly record struct ElectedTerm<T>(int Limit, T Weight, T Share)
    where T : unmanaged;
