using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CabsPs.Engine.Numerics;

/// <summary>The loops of <see cref="MaskedStream{TStored}"/> in vectors of 512 bits: 32 elements, one word of a mask, a step.</summary>
/// <typeparam name="TStored">How weights are stored.</typeparam>
internal static unsafe class MaskedLoops512<TStored>
    where TStored : struct, IStored
{
    /// <summary>Adds Σ|δ| of whole chunks to sixteen lanes, half of the lanes after the other half; infinity where float32 does not hold a
    /// chunk's sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddMagnitudes(byte* origin, byte* stored, uint* mask, int length, double* all, double* kept)
    {
        Vector512<uint> bits = Bits, bits1 = bits << (TStored.PairsAlternate ? 1 : 16);
        Vector512<double> sum0 = default, sum1 = default, keptSum0 = default, keptSum1 = default;
        nint ahead = length * TStored.Size;
        for (nint i = 0; i < length;)
        {
            Vector512<float> all0 = default, all1 = default, kept0 = default, kept1 = default;
            for (nint end = i + EnergySums.Chunk; i < end; i += 32)
            {
                byte* at = stored + (i * TStored.Size), from = origin + (i * TStored.Size);
                Prefetch(at + ahead, from + ahead);
                (Lanes512 first, Lanes512 second) = TStored.LoadPair<Lanes512>(in *at);
                (Lanes512 less, Lanes512 lessToo) = TStored.LoadPair<Lanes512>(in *from);
                Vector512<float> a = Vector512.Abs((first - less).Value), b = Vector512.Abs((second - lessToo).Value);
                Vector512<uint> word = Vector512.Create(mask[i >> 5]);
                all0 += a;
                all1 += b;
                kept0 += Keep(a, word, bits);
                kept1 += Keep(b, word, bits1);
            }

            (Vector256<float> even, Vector256<float> odd) = Halve(all0, all1);
            (Vector256<float> keptEven, Vector256<float> keptOdd) = Halve(kept0, kept1);
            sum0 += Widen(even);
            sum1 += Widen(odd);
            keptSum0 += Widen(keptEven);
            keptSum1 += Widen(keptOdd);
        }

        sum0.Store(all);
        sum1.Store(all + 8);
        keptSum0.Store(kept);
        keptSum1.Store(kept + 8);
    }

    /// <summary>Adds weight · δ where the mask has a one, and the energies of chunks to sixteen lanes, half of the lanes after the other
    /// half.</summary>
    /// <returns>The end; or where it stopped, as a negative number: after a chunk whose energies float32 does not hold, which were not
    /// added.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int AddChunks<TSum>(byte* origin, byte* stored, uint* mask, float weight, float* total, int start, int end, double* all, double* kept)
        where TSum : struct, ISum
    {
        Vector512<uint> bits = Bits, bits1 = bits << (TStored.PairsAlternate ? 1 : 16);
        Vector512<double> sum0 = Vector512.Load(all), sum1 = Vector512.Load(all + 8), keptSum0 = Vector512.Load(kept), keptSum1 = Vector512.Load(kept + 8);
        Vector512<float> all0 = default, all1 = default, kept0 = default, kept1 = default, factor = Vector512.Create(weight);
        nint ahead = end * TStored.Size, i = start;
        while (i < end)
        {
            byte* at = stored + (i * TStored.Size), from = origin + (i * TStored.Size);
            Prefetch(at + ahead, from + ahead);
            (Lanes512 first, Lanes512 second) = TStored.LoadPair<Lanes512>(in *at);
            (Lanes512 less, Lanes512 lessToo) = TStored.LoadPair<Lanes512>(in *from);
            Vector512<float> a = (first - less).Value, b = (second - lessToo).Value;
            Vector512<uint> word = Vector512.Create(mask[i >> 5]);
            Vector512<float> ka = Keep(a, word, bits), kb = Keep(b, word, bits1);
            all0 += a * a;
            all1 += b * b;
            kept0 += ka * ka;
            kept1 += kb * kb;
            (TSum.Of<Lanes512>(total + i).Value + (factor * ka)).Store(total + i);
            (TSum.Of<Lanes512>(total + i + 16).Value + (factor * kb)).Store(total + i + 16);
            i += 32;
            if (i % EnergySums.Chunk != 0)
                continue;
            (Vector256<float> even, Vector256<float> odd) = Halve(all0, all1);
            (Vector256<float> keptEven, Vector256<float> keptOdd) = Halve(kept0, kept1);
            if (!EnergySums.HoldsLanes(even, odd))
            {
                i = -i;
                break;
            }

            sum0 += Widen(even);
            sum1 += Widen(odd);
            keptSum0 += Widen(keptEven);
            keptSum1 += Widen(keptOdd);
            all0 = all1 = kept0 = kept1 = default;
        }

        sum0.Store(all);
        sum1.Store(all + 8);
        keptSum0.Store(kept);
        keptSum1.Store(kept + 8);
        return (int)i;
    }

    // which bits of a word belong to the lanes of the first half
    private static Vector512<uint> Bits
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TStored.PairsAlternate
            ? Vector512.Create(1u << 0, 1u << 2, 1u << 4, 1u << 6, 1u << 8, 1u << 10, 1u << 12, 1u << 14, 1u << 16, 1u << 18, 1u << 20, 1u << 22, 1u << 24, 1u << 26, 1u << 28, 1u << 30)
            : Vector512.Create(1u << 0, 1u << 1, 1u << 2, 1u << 3, 1u << 4, 1u << 5, 1u << 6, 1u << 7, 1u << 8, 1u << 9, 1u << 10, 1u << 11, 1u << 12, 1u << 13, 1u << 14, 1u << 15);
    }

    // lanes i and i + 16 of 32 added
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> First, Vector256<float> Second) Halve(Vector512<float> a, Vector512<float> b) => TStored.PairsAlternate
        ? (a.GetLower() + a.GetUpper(), b.GetLower() + b.GetUpper())
        : ((a + b).GetLower(), (a + b).GetUpper());

    // what the next tile will read
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* stored, byte* origin)
    {
        if (!Sse.IsSupported)
            return;
        Sse.Prefetch0(stored);
        Sse.Prefetch0(origin);
        if (TStored.Size <= 2)
            return;
        Sse.Prefetch0(stored + 64);
        Sse.Prefetch0(origin + 64);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Widen(Vector256<float> values) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Double(values)
        : Vector512.Create(Vector256.WidenLower(values), Vector256.WidenUpper(values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Keep(Vector512<float> values, Vector512<uint> word, Vector512<uint> bits) =>
        Vector512.ConditionalSelect(Vector512.Equals(word & bits, bits).AsSingle(), values, Vector512<float>.Zero);
}
