using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CabsPs.Engine.Numerics;

/// <summary>What is summed of each value, first in float32.</summary>
internal interface IChunkTerm
{
    /// <summary>The terms of some values.</summary>
    static abstract V Of<V>(V values)
        where V : struct, ILanes<V>;

    /// <summary>Whether float32 holds a chunk's sums, of which these are the largest.</summary>
    static abstract bool Holds<V>(V largest)
        where V : struct, ILanes<V>;
}

/// <summary>Sums over a chunk of values and over the ones of a mask: element i goes to float32 sum i mod 32, those of one lane of sixteen are added, and
/// the lanes become float64.</summary>
internal static class ChunkSums
{
    /// <summary>Values summed in float32 before float64 takes over.</summary>
    public const int Chunk = 256;

    private const int Lanes = ReferenceKernels<float>.Lanes;

    /// <summary>Adds a chunk's terms to lanes.</summary>
    /// <returns>False where float32 does not hold its sums; nothing was added then.</returns>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryAdd<V, TTerm>(ref readonly float values, ref readonly ulong mask, Span<double> all, Span<double> kept)
        where V : struct, ILanes<V>
        where TTerm : struct, IChunkTerm
    {
        Span<float> sums = stackalloc float[2 * Lanes];
        ref float sum = ref MemoryMarshal.GetReference(sums);
        V largest = V.OfBits(0);
        for (int lane = 0; lane < Lanes; lane += V.Count)
        {
            // two sums of each, so that one addition need not wait for the last
            V a = V.OfBits(0), b = V.OfBits(0), c = V.OfBits(0), d = V.OfBits(0);
            for (nint i = lane; i < Chunk; i += 2 * Lanes)
            {
                V words = V.OfBits(Unsafe.Add(ref Unsafe.As<ulong, uint>(ref Unsafe.AsRef(in mask)), i >> 5));
                ref float at = ref Unsafe.Add(ref Unsafe.AsRef(in values), i);
                V even = TTerm.Of(V.Load(in at)), odd = TTerm.Of(V.Load(in Unsafe.Add(ref at, Lanes)));
                a += even;
                b += odd;
                c = V.AddWhere(c, even, words, lane);
                d = V.AddWhere(d, odd, words, lane + Lanes);
            }

            a += b;
            V.Store(a, ref Unsafe.Add(ref sum, lane));
            V.Store(c + d, ref Unsafe.Add(ref sum, Lanes + lane));
            largest = V.MaxBits(largest, a);
        }

        if (!TTerm.Holds(largest))
            return false;
        AddWidened(in sum, ref MemoryMarshal.GetReference(all));
        AddWidened(in Unsafe.Add(ref sum, Lanes), ref MemoryMarshal.GetReference(kept));
        return true;
    }

    /// <summary>Adds float32 lanes to float64 ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddWidened(ref readonly float lanes, ref double sums)
    {
        for (nuint i = 0; i < Lanes; i += 4)
        {
            Vector128<float> four = Vector128.LoadUnsafe(in lanes, i);
            Vector256<double> wide = Avx.IsSupported
                ? Avx.ConvertToVector256Double(four)
                : Vector256.Create(Vector128.WidenLower(four), Vector128.WidenUpper(four));
            (Vector256.LoadUnsafe(ref sums, i) + wide).StoreUnsafe(ref sums, i);
        }
    }
}
