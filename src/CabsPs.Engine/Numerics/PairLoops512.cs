using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CabsPs.Engine.Numerics;

/// <summary>The loop of <see cref="PairSums{TStored}"/> in vectors of 512 bits: 32 elements, one word of a mask, a step.</summary>
/// <typeparam name="TStored">How results are stored.</typeparam>
internal static unsafe class PairLoops512<TStored>
    where TStored : struct, IStored
{
    /// <summary>Merges whole chunks, and adds their energies: per term sixteen lanes of all, sixteen of what is kept.</summary>
    /// <returns>The end; or where it stopped, as a negative number: after a chunk whose energies float32 does not hold, which were not
    /// added.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Run(float* origin, TileTerm one, TileTerm other, float divisor, float lambda, byte* destination, int start, int end, double* sums, ref bool isFinite)
    {
        Vector512<uint> bits = Vector512.Create(1u << 0, 1u << 1, 1u << 2, 1u << 3, 1u << 4, 1u << 5, 1u << 6, 1u << 7, 1u << 8, 1u << 9, 1u << 10, 1u << 11, 1u << 12, 1u << 13, 1u << 14, 1u << 15);
        Vector512<uint> bits1 = bits << 16, largest = default;
        Vector512<float> weight = Vector512.Create(one.Weight), weightToo = Vector512.Create(other.Weight);
        Vector512<float> all0 = default, all1 = default, kept0 = default, kept1 = default;
        Vector512<float> other0 = default, other1 = default, otherKept0 = default, otherKept1 = default;
        float* delta = (float*)one.Delta, deltaToo = (float*)other.Delta;
        uint* mask = (uint*)one.Mask, maskToo = (uint*)other.Mask;
        bool scaled = divisor != 1 || lambda != 1;
        nint ahead = end * TStored.Size, i = start;
        while (i < end)
        {
            Vector512<uint> word = Vector512.Create(mask[i >> 5]), wordToo = Vector512.Create(maskToo[i >> 5]);
            Vector512<float> a = Vector512.Load(delta + i), b = Vector512.Load(delta + i + 16);
            Vector512<float> sum = AddWhere(Vector512<float>.Zero, weight * a, word, bits), sum1 = AddWhere(Vector512<float>.Zero, weight * b, word, bits1);
            a *= a;
            b *= b;
            all0 += a;
            all1 += b;
            kept0 = AddWhere(kept0, a, word, bits);
            kept1 = AddWhere(kept1, b, word, bits1);
            a = Vector512.Load(deltaToo + i);
            b = Vector512.Load(deltaToo + i + 16);
            sum = AddWhere(sum, weightToo * a, wordToo, bits);
            sum1 = AddWhere(sum1, weightToo * b, wordToo, bits1);
            a *= a;
            b *= b;
            other0 += a;
            other1 += b;
            otherKept0 = AddWhere(otherKept0, a, wordToo, bits);
            otherKept1 = AddWhere(otherKept1, b, wordToo, bits1);
            if (scaled)
            {
                sum = sum / Vector512.Create(divisor) * Vector512.Create(lambda);
                sum1 = sum1 / Vector512.Create(divisor) * Vector512.Create(lambda);
            }

            sum = Vector512.Load(origin + i) + sum;
            sum1 = Vector512.Load(origin + i + 16) + sum1;
            largest = Vector512.Max(largest, Vector512.Max(sum.AsUInt32() & Vector512.Create(0x7FFF_FFFFu), sum1.AsUInt32() & Vector512.Create(0x7FFF_FFFFu)));
            byte* into = destination + (i * TStored.Size);
            // where the next tile's results go
            if (Sse.IsSupported)
                Sse.Prefetch0(into + ahead);
            if (Sse.IsSupported && TStored.Size > 2)
                Sse.Prefetch0(into + ahead + 64);
            TStored.StoreFinite(new Lanes512(sum), new Lanes512(sum1), ref *into);
            i += 32;
            if (i % EnergySums.Chunk != 0)
                continue;
            all0 += all1;
            other0 += other1;
            if (!EnergySums.HoldsLanes(all0) || !EnergySums.HoldsLanes(other0))
            {
                i = -i;
                break;
            }

            Add(all0, sums);
            Add(kept0 + kept1, sums + 16);
            Add(other0, sums + 32);
            Add(otherKept0 + otherKept1, sums + 48);
            all0 = all1 = kept0 = kept1 = other0 = other1 = otherKept0 = otherKept1 = default;
        }

        isFinite &= !Vector512.GreaterThanAny(largest.AsInt32(), Vector512.Create(0x7F7F_FFFF));
        return (int)i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector512<float> lanes, double* sums)
    {
        (Vector512.Load(sums) + Widen(lanes.GetLower())).Store(sums);
        (Vector512.Load(sums + 8) + Widen(lanes.GetUpper())).Store(sums + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Widen(Vector256<float> values) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Double(values)
        : Vector512.Create(Vector256.WidenLower(values), Vector256.WidenUpper(values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> AddWhere(Vector512<float> sum, Vector512<float> term, Vector512<uint> word, Vector512<uint> bits) =>
        Vector512.ConditionalSelect((~Vector512.Equals(word & bits, Vector512<uint>.Zero)).AsSingle(), sum + term, sum);
}
