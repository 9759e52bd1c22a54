using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CabsPs.Engine.Numerics;

/// <summary>The loops of <see cref="MaskedStream{TStored}"/> in vectors of 512 bits: 32 elements, one word of a mask, a step.</summary>
/// <typeparam name="TStored">How weights are stored.</typeparam>
internal static unsafe class MaskedLoops512<TStored>
    where TStored : struct, IStored
{
    /// <summary>Adds Σ|δ| of whole chunks to sixteen lanes, half of the lanes after the other half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddMagnitudes(byte* origin, byte* stored, uint* mask, int length, double* all, double* kept)
    {
        // which bits of a word belong to the lanes of the four quarters
        Vector512<ulong> bits = TStored.PairsAlternate
            ? Vector512.Create(1ul << 0, 1ul << 2, 1ul << 4, 1ul << 6, 1ul << 8, 1ul << 10, 1ul << 12, 1ul << 14)
            : Vector512.Create(1ul << 0, 1ul << 1, 1ul << 2, 1ul << 3, 1ul << 4, 1ul << 5, 1ul << 6, 1ul << 7);
        Vector512<ulong> bits1 = bits << (TStored.PairsAlternate ? 1 : 8), bits2 = bits << 16, bits3 = bits1 << 16;
        Vector512<double> all0 = default, all1 = default, kept0 = default, kept1 = default;
        nint ahead = length * TStored.Size;
        for (nint i = 0; i < length; i += 32)
        {
            byte* at = stored + (i * TStored.Size), from = origin + (i * TStored.Size);
            Prefetch(at + ahead, from + ahead);
            (Lanes512 first, Lanes512 second) = TStored.LoadPair<Lanes512>(in *at);
            (Lanes512 less, Lanes512 lessToo) = TStored.LoadPair<Lanes512>(in *from);
            Vector512<float> a = Vector512.Abs((first - less).Value), b = Vector512.Abs((second - lessToo).Value);
            Vector512<ulong> word = Vector512.Create(mask[i >> 5]).AsUInt64();
            Vector512<double> d0 = Widen(a.GetLower()), d1 = Widen(TStored.PairsAlternate ? b.GetLower() : a.GetUpper());
            Vector512<double> d2 = Widen(TStored.PairsAlternate ? a.GetUpper() : b.GetLower()), d3 = Widen(b.GetUpper());
            all0 += d0;
            all1 += d1;
            kept0 = AddWhere(kept0, d0, word, bits);
            kept1 = AddWhere(kept1, d1, word, bits1);
            all0 += d2;
            all1 += d3;
            kept0 = AddWhere(kept0, d2, word, bits2);
            kept1 = AddWhere(kept1, d3, word, bits3);
        }

        all0.Store(all);
        all1.Store(all + 8);
        kept0.Store(kept);
        kept1.Store(kept + 8);
    }

    /// <summary>Adds weight · δ where the mask has a one, and the energies of chunks to sixteen lanes, half of the lanes after the other
    /// half.</summary>
    /// <returns>The end; or where it stopped, as a negative number: after a chunk whose energies float32 does not hold, which were not
    /// added.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int AddChunks<TSum>(byte* origin, byte* stored, uint* mask, float weight, float* total, int start, int end, double* all, double* kept)
        where TSum : struct, ISum
    {
        Vector512<uint> bits = TStored.PairsAlternate
            ? Vector512.Create(1u << 0, 1u << 2, 1u << 4, 1u << 6, 1u << 8, 1u << 10, 1u << 12, 1u << 14, 1u << 16, 1u << 18, 1u << 20, 1u << 22, 1u << 24, 1u << 26, 1u << 28, 1u << 30)
            : Vector512.Create(1u << 0, 1u << 1, 1u << 2, 1u << 3, 1u << 4, 1u << 5, 1u << 6, 1u << 7, 1u << 8, 1u << 9, 1u << 10, 1u << 11, 1u << 12, 1u << 13, 1u << 14, 1u << 15);
        Vector512<uint> bits1 = bits << (TStored.PairsAlternate ? 1 : 16);
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
    private static Vector512<double> AddWhere(Vector512<double> sum, Vector512<double> term, Vector512<ulong> word, Vector512<ulong> bits) =>
        Vector512.ConditionalSelect(Vector512.Equals(word & bits, bits).AsDouble(), sum + term, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Keep(Vector512<float> values, Vector512<uint> word, Vector512<uint> bits) =>
        Vector512.ConditionalSelect(Vector512.Equals(word & bits, bits).AsSingle(), values, Vector512<float>.Zero);
}
