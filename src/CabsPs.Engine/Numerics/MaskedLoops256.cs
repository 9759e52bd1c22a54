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
        Vector256<double> all0 = default, all1 = default, all2 = default, all3 = default, kept0 = default, kept1 = default, kept2 = default, kept3 = default;
        nint ahead = length * TStored.Size;
        for (nint i = 0; i < length; i += 16)
        {
            byte* at = stored + (i * TStored.Size), from = origin + (i * TStored.Size);
            Prefetch(at + ahead, from + ahead, i);
            (Lanes256 first, Lanes256 second) = TStored.LoadPair<Lanes256>(in *at);
            (Lanes256 less, Lanes256 lessToo) = TStored.LoadPair<Lanes256>(in *from);
            Vector256<float> a = Vector256.Abs((first - less).Value), b = Vector256.Abs((second - lessToo).Value);
            Vector256<ulong> word = Vector256.Create((uint)((ushort*)mask)[i >> 4]).AsUInt64();
            Vector256<double> d0 = Widen(a.GetLower()), d1 = Widen(a.GetUpper()), d2 = Widen(b.GetLower()), d3 = Widen(b.GetUpper());
            all0 += d0;
            all1 += d1;
            all2 += d2;
            all3 += d3;
            kept0 += Keep(d0, word, Places(0));
            kept1 += Keep(d1, word, Places(TStored.PairsAlternate ? 8u : 4));
            kept2 += Keep(d2, word, Places(TStored.PairsAlternate ? 1u : 8));
            kept3 += Keep(d3, word, Places(TStored.PairsAlternate ? 9u : 12));
        }

        all0.Store(all);
        all1.Store(all + 4);
        all2.Store(all + 8);
        all3.Store(all + 12);
        kept0.Store(kept);
        kept1.Store(kept + 4);
        kept2.Store(kept + 8);
        kept3.Store(kept + 12);
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
            Prefetch(at + ahead, from + ahead, 0);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Places(ulong at) =>
        Vector256.Create(63 - at) - (TStored.PairsAlternate ? Vector256.Create(0ul, 2, 4, 6) : Vector256.Create(0ul, 1, 2, 3));

    // what the next tile will read
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* stored, byte* origin, nint i)
    {
        if (TStored.Size == 2 && (i & 16) != 0)
            return;
        Sse.Prefetch0(stored);
        Sse.Prefetch0(origin);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Widen(Vector128<float> values) => Avx.ConvertToVector256Double(values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Keep(Vector256<double> values, Vector256<ulong> word, Vector256<ulong> places) =>
        Avx.BlendVariable(Vector256<double>.Zero, values, Avx2.ShiftLeftLogicalVariable(word, places).AsDouble());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Keep(Vector256<float> values, Vector256<uint> word, Vector256<uint> places) =>
        Avx.BlendVariable(Vector256<float>.Zero, values, Avx2.ShiftLeftLogicalVariable(word, places).AsSingle());
}
