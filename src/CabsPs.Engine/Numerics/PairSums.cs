using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Numerics;

/// <summary><see cref="IKernels{T}.Combine"/> of two masked terms and the <see cref="IKernels{T}.Energies"/> of both in one go, over whole
/// chunks.</summary>
/// <typeparam name="TStored">How results are stored.</typeparam>
internal static unsafe class PairSums<TStored>
    where TStored : struct, IStored
{
    private const int Chunk = EnergySums.Chunk;
    private const int Lanes = ReferenceKernels<float>.Lanes;

    /// <summary>See <see cref="IKernels{T}.TryCombineMeasured"/>.</summary>
    public static bool Run<V>(Tile<float> tile, ReadOnlySpan<Term<float>> terms, float divisor, float lambda, Span<byte> destination, Span<(double All, double Kept)> energies)
        where V : struct, ILanes<V>
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, tile.Length * TStored.Size);
        // aligned as vectors are; a tile's arrays do not move
        byte* room = stackalloc byte[(4 * Lanes * sizeof(double)) + (8 * Lanes * sizeof(float)) + 64];
        double* sums = (double*)(((nint)room + 63) & ~63);
        new Span<double>(sums, 4 * Lanes).Clear();
        float* origin = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tile.Base));
        TileTerm one = TileTerm.Of(tile, terms[0]), other = TileTerm.Of(tile, terms[1]);
        bool isFinite = true;
        fixed (byte* to = destination)
        {
            for (int at = 0; at < tile.Length && isFinite;)
            {
                int end = V.Count == 16
                    ? PairLoops512<TStored>.Run(origin, one, other, divisor, lambda, to, at, tile.Length, sums, ref isFinite)
                    : PairLoops256<TStored>.Run(origin, one, other, divisor, lambda, to, at, tile.Length, sums, (float*)(sums + (4 * Lanes)), ref isFinite);
                at = Math.Abs(end);
                for (int t = 0; t < 2 && end < 0; t++)
                {
                    double* all = sums + (2 * Lanes * t);
                    EnergySums.Add<V>(tile.Input(terms[t].Input).Slice(at - Chunk, Chunk), tile.Mask(terms[t].Input)[((at - Chunk) >> 6)..], new Span<double>(all, Lanes), new Span<double>(all + Lanes, Lanes));
                }
            }
        }

        for (int t = 0; t < 2; t++)
        {
            double* all = sums + (2 * Lanes * t);
            energies[t] = (EnergySums.AddUp(new Span<double>(all, Lanes)), EnergySums.AddUp(new Span<double>(all + Lanes, Lanes)));
        }

        return isFinite;
    }
}
