using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CabsPs.Engine.Numerics;

/// <summary>The loops of <see cref="MaskedStream{TStored}"/> with AVX2.</summary>
/// <typeparam name="TStored">How weights are stored.</typeparam>
internal static unsafe class MaskedLoops256<TStored>
    where TStored : struct, IStored
{
    /// <summary>See <see cref="MaskedLoops512{TStored}.AddMagnitudes"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddMagnitudes(byte* origin, byte* stored, uint* mask, int length, double* all, double* kept)
    {
        nint ahead = length * TStored.Size;
        for (nint i = 0; i < length;)
        {
            Vector256<float> all0 = default, all1 = default, all2 = default, all3 = default, kept0 = default, kept1 = default, kept2 = default, kept3 = default;
            for (nint end = i + EnergySums.Chunk; i < end; i += 32)
            {
                byte* at = stored + (i * TStored.Size), from = origin + (i * TStored.Size);
                Prefetch(at + ahead, from + ahead);
                Vector256<uint> word = Vector256.Create(mask[i >> 5]);
                Measure(at, from, word, Starts(0), Starts(TStored.PairsAlternate ? 1u : 8), ref all0, ref all1, ref kept0, ref kept1);
                Measure(at + (16 * TStored.Size), from + (16 * TStored.Size), word, Starts(16), Starts(TStored.PairsAlternate ? 17u : 24), ref all2, ref all3, ref kept2, ref kept3);
            }

            AddHalf(all0 + all2, all);
            AddHalf(all1 + all3, all + 8);
            AddHalf(kept0 + kept2, kept);
            AddHalf(kept1 + kept3, kept + 8);
        }
    }

    /// <summary>See <see cref="MaskedLoops512{TStored}.AddChunks"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int AddChunks<TSum>(byte* origin, byte* stored, uint* mask, float weight, float* total, int start, int end, double* all, double* kept)
        where TSum : struct, ISum
    {
        Vector256<float> all0 = default, all1 = default, all2 = default, all3 = default, kept0 = default, kept1 = default, kept2 = default, kept3 = default;
        Vector256<float> factor = Vector256.Create(weight);
        nint ahead = end * TStored.Size, i = start;
        while (i < end)
        {
            byte* at = stored + (i * TStored.Size), from = origin + (i * TStored.Size);
            Prefetch(at + ahead, from + ahead);
            Vector256<uint> word = Vector256.Create(mask[i >> 5]);
            Take<TSum>(at, from, word, Starts(0), Starts(TStored.PairsAlternate ? 1u : 8), factor, total + i, ref all0, ref all1, ref kept0, ref kept1);
            Take<TSum>(at + (16 * TStored.Size), from + (16 * TStored.Size), word, Starts(16), Starts(TStored.PairsAlternate ? 17u : 24), factor, total + i + 16, ref all2, ref all3, ref kept2, ref kept3);
            i += 32;
            if (i % EnergySums.Chunk != 0)
                continue;
            all0 += all2;
            all1 += all3;
            if (!EnergySums.HoldsLanes(all0, all1))
            {
                i = -i;
                break;
            }

            AddHalf(all0, all);
            AddHalf(all1, all + 8);
            AddHalf(kept0 + kept2, kept);
            AddHalf(kept1 + kept3, kept + 8);
            all0 = all1 = all2 = all3 = kept0 = kept1 = kept2 = kept3 = default;
        }

        return (int)i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddHalf(Vector256<float> lanes, double* sums)
    {
        (Vector256.Load(sums) + Widen(lanes.GetLower())).Store(sums);
        (Vector256.Load(sums + 4) + Widen(lanes.GetUpper())).Store(sums + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Measure(byte* stored, byte* origin, Vector256<uint> word, Vector256<uint> places, Vector256<uint> placesToo, ref Vector256<float> all0, ref Vector256<float> all1, ref Vector256<float> kept0, ref Vector256<float> kept1)
    {
        (Lanes256 first, Lanes256 second) = TStored.LoadPair<Lanes256>(in *stored);
        (Lanes256 less, Lanes256 lessToo) = TStored.LoadPair<Lanes256>(in *origin);
        Vector256<float> a = Vector256.Abs((first - less).Value), b = Vector256.Abs((second - lessToo).Value);
        all0 += a;
        all1 += b;
        kept0 += Keep(a, word, places);
        kept1 += Keep(b, word, placesToo);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take<TSum>(byte* stored, byte* origin, Vector256<uint> word, Vector256<uint> places, Vector256<uint> placesToo, Vector256<float> factor, float* total, ref Vector256<float> all0, ref Vector256<float> all1, ref Vector256<float> kept0, ref Vector256<float> kept1)
        where TSum : struct, ISum
    {
        (Lanes256 first, Lanes256 second) = TStored.LoadPair<Lanes256>(in *stored);
        (Lanes256 less, Lanes256 lessToo) = TStored.LoadPair<Lanes256>(in *origin);
        Vector256<float> a = (first - less).Value, b = (second - lessToo).Value;
        Vector256<float> ka = Keep(a, word, places), kb = Keep(b, word, placesToo);
        all0 += a * a;
        all1 += b * b;
        kept0 += ka * ka;
        kept1 += kb * kb;
        (TSum.Of<Lanes256>(total).Value + (factor * ka)).Store(total);
        (TSum.Of<Lanes256>(total + 8).Value + (factor * kb)).Store(total + 8);
    }

    // how far a lane's bit is from the sign, for lanes whose bits begin at one
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Starts(uint at) =>
        Vector256.Create(31 - at) - (TStored.PairsAlternate ? Vector256.Create(0u, 2, 4, 6, 8, 10, 12, 14) : Vector256.Create(0u, 1, 2, 3, 4, 5, 6, 7));

    // what the next tile will read
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* stored, byte* origin)
    {
        Sse.Prefetch0(stored);
        Sse.Prefetch0(origin);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Widen(Vector128<float> values) => Avx.ConvertToVector256Double(values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Keep(Vector256<float> values, Vector256<uint> word, Vector256<uint> places) =>
        Avx.BlendVariable(Vector256<float>.Zero, values, Avx2.ShiftLeftLogicalVariable(word, places).AsSingle());
}
