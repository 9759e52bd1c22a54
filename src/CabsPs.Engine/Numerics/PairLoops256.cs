using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CabsPs.Engine.Numerics;

/// <summary>The loop of <see cref="PairSums{TStored}"/> with AVX2: registers hold the energies of every other eight elements, so
/// that a chunk is gone through twice.</summary>
/// <typeparam name="TStored">How results are stored.</typeparam>
internal static unsafe class PairLoops256<TStored>
    where TStored : struct, IStored
{
    /// <summary>See <see cref="PairLoops512{TStored}.Run"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Run(float* origin, TileTerm one, TileTerm other, float divisor, float lambda, byte* destination, int start, int end, double* sums, ref bool isFinite)
    {
        Vector256<uint> largest = default;
        Vector256<float> weight = Vector256.Create(one.Weight), weightToo = Vector256.Create(other.Weight);
        float* delta = (float*)one.Delta, deltaToo = (float*)other.Delta;
        uint* mask = (uint*)one.Mask, maskToo = (uint*)other.Mask;
        bool scaled = divisor != 1 || lambda != 1;
        nint ahead = end * TStored.Size, i = start;
        while (i < end)
        {
            Vector256<float> all0 = default, all1 = default, kept0 = default, kept1 = default;
            Vector256<float> other0 = default, other1 = default, otherKept0 = default, otherKept1 = default;
            nint stop = i + EnergySums.Chunk;
            for (nint at = i; at < stop; at += 32)
            {
                Vector256<uint> word = Vector256.Create(mask[at >> 5]), wordToo = Vector256.Create(maskToo[at >> 5]);
                Vector256<float> sum = Take(delta + at, weight, word, 0, ref all0, ref kept0), sum1 = Take(delta + at + 16, weight, word, 16, ref all1, ref kept1);
                sum = Vector256<float>.Zero + sum + Take(deltaToo + at, weightToo, wordToo, 0, ref other0, ref otherKept0);
                sum1 = Vector256<float>.Zero + sum1 + Take(deltaToo + at + 16, weightToo, wordToo, 16, ref other1, ref otherKept1);
                if (scaled)
                {
                    sum = sum / Vector256.Create(divisor) * Vector256.Create(lambda);
                    sum1 = sum1 / Vector256.Create(divisor) * Vector256.Create(lambda);
                }

                sum = Vector256.Load(origin + at) + sum;
                sum1 = Vector256.Load(origin + at + 16) + sum1;
                largest = Vector256.Max(largest, Vector256.Max(sum.AsUInt32() & Vector256.Create(0x7FFF_FFFFu), sum1.AsUInt32() & Vector256.Create(0x7FFF_FFFFu)));
                byte* into = destination + (at * TStored.Size);
                // where the next tile's results go
                Sse.Prefetch0(into + ahead);
                if (TStored.Size > 2)
                    Sse.Prefetch0(into + ahead + 64);
                TStored.StoreFinite(new Lanes256(sum), ref *into);
                TStored.StoreFinite(new Lanes256(sum1), ref into[16 * TStored.Size]);
            }

            Vector256<float> firstAll = all0 + all1, firstKept = kept0 + kept1, firstOther = other0 + other1, firstOtherKept = otherKept0 + otherKept1;
            all0 = all1 = kept0 = kept1 = other0 = other1 = otherKept0 = otherKept1 = default;
            for (nint at = i + 8; at < stop; at += 32)
            {
                Vector256<uint> word = Vector256.Create(mask[at >> 5]), wordToo = Vector256.Create(maskToo[at >> 5]);
                Vector256<float> sum = Take(delta + at, weight, word, 8, ref all0, ref kept0), sum1 = Take(delta + at + 16, weight, word, 24, ref all1, ref kept1);
                sum = Vector256<float>.Zero + sum + Take(deltaToo + at, weightToo, wordToo, 8, ref other0, ref otherKept0);
                sum1 = Vector256<float>.Zero + sum1 + Take(deltaToo + at + 16, weightToo, wordToo, 24, ref other1, ref otherKept1);
                if (scaled)
                {
                    sum = sum / Vector256.Create(divisor) * Vector256.Create(lambda);
                    sum1 = sum1 / Vector256.Create(divisor) * Vector256.Create(lambda);
                }

                sum = Vector256.Load(origin + at) + sum;
                sum1 = Vector256.Load(origin + at + 16) + sum1;
                largest = Vector256.Max(largest, Vector256.Max(sum.AsUInt32() & Vector256.Create(0x7FFF_FFFFu), sum1.AsUInt32() & Vector256.Create(0x7FFF_FFFFu)));
                byte* into = destination + (at * TStored.Size);
                TStored.StoreFinite(new Lanes256(sum), ref *into);
                TStored.StoreFinite(new Lanes256(sum1), ref into[16 * TStored.Size]);
            }

            i = stop;
            all0 += all1;
            other0 += other1;
            if (!EnergySums.HoldsLanes(firstAll, all0) || !EnergySums.HoldsLanes(firstOther, other0))
            {
                i = -i;
                break;
            }

            Add(firstAll, sums);
            Add(all0, sums + 8);
            Add(firstKept, sums + 16);
            Add(kept0 + kept1, sums + 24);
            Add(firstOther, sums + 32);
            Add(other0, sums + 40);
            Add(firstOtherKept, sums + 48);
            Add(otherKept0 + otherKept1, sums + 56);
        }

        isFinite &= !Vector256.GreaterThanAny(largest.AsInt32(), Vector256.Create(0x7F7F_FFFF));
        return (int)i;
    }

    // the product where the mask has a one, a zero elsewhere
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Take(float* delta, Vector256<float> weight, Vector256<uint> word, uint at, ref Vector256<float> all, ref Vector256<float> kept)
    {
        Vector256<float> every = Vector256.Load(delta), some = Keep(every, word, at);
        all += every * every;
        kept += some * some;
        return weight * some;
    }

    // a lane's bit becomes its sign, which is what the blend looks at
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Keep(Vector256<float> values, Vector256<uint> word, uint at)
    {
        Vector256<uint> places = Vector256.Create(31 - at, 30 - at, 29 - at, 28 - at, 27 - at, 26 - at, 25 - at, 24 - at);
        return Avx.BlendVariable(Vector256<float>.Zero, values, Avx2.ShiftLeftLogicalVariable(word, places).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector256<float> lanes, double* sums)
    {
        (Vector256.Load(sums) + Avx.ConvertToVector256Double(lanes.GetLower())).Store(sums);
        (Vector256.Load(sums + 4) + Avx.ConvertToVector256Double(lanes.GetUpper())).Store(sums + 4);
    }
}
