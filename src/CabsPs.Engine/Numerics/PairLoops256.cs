using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CabsPs.Engine.Numerics;

/// <summary>The loop of <see cref="PairSums{TStored}"/> with AVX2: registers hold the energies of every other sixteen elements, so
/// that a chunk is gone through twice.</summary>
/// <typeparam name="TStored">How results are stored.</typeparam>
internal static unsafe class PairLoops256<TStored>
    where TStored : struct, IStored
{
    private const int Half = 16;

    /// <summary>See <see cref="PairLoops512{TStored}.Run"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Run(float* origin, TileTerm one, TileTerm other, float divisor, float lambda, byte* destination, int start, int end, double* sums, float* room, ref bool isFinite)
    {
        Vector256<uint> largest = default;
        Vector256<float> weight = Vector256.Create(one.Weight), weightToo = Vector256.Create(other.Weight);
        float* delta = (float*)one.Delta, deltaToo = (float*)other.Delta;
        ushort* mask = (ushort*)one.Mask, maskToo = (ushort*)other.Mask;
        bool scaled = divisor != 1 || lambda != 1;
        nint ahead = end * TStored.Size, i = start;
        while (i < end)
        {
            nint stop = i + EnergySums.Chunk;
            for (nint half = 0; half < 2 * Half; half += Half)
            {
                Vector256<float> all0 = default, all1 = default, kept0 = default, kept1 = default;
                Vector256<float> other0 = default, other1 = default, otherKept0 = default, otherKept1 = default;
                for (nint at = i + half; at < stop; at += 2 * Half)
                {
                    Vector256<uint> word = Vector256.Create(mask[at >> 4]).AsUInt32(), wordToo = Vector256.Create(maskToo[at >> 4]).AsUInt32();
                    Vector256<float> sum = Vector256<float>.Zero + Take(delta + at, weight, word, 0, ref all0, ref kept0);
                    Vector256<float> sum1 = Vector256<float>.Zero + Take(delta + at + 8, weight, word, 8, ref all1, ref kept1);
                    sum += Take(deltaToo + at, weightToo, wordToo, 0, ref other0, ref otherKept0);
                    sum1 += Take(deltaToo + at + 8, weightToo, wordToo, 8, ref other1, ref otherKept1);
                    if (scaled)
                    {
                        sum = sum / Vector256.Create(divisor) * Vector256.Create(lambda);
                        sum1 = sum1 / Vector256.Create(divisor) * Vector256.Create(lambda);
                    }

                    sum = Vector256.Load(origin + at) + sum;
                    sum1 = Vector256.Load(origin + at + 8) + sum1;
                    largest = Vector256.Max(largest, Vector256.Max(sum.AsUInt32() & Vector256.Create(0x7FFF_FFFFu), sum1.AsUInt32() & Vector256.Create(0x7FFF_FFFFu)));
                    byte* into = destination + (at * TStored.Size);
                    // where the next tile's results go
                    Sse.Prefetch0(into + ahead);
                    TStored.StoreFinite(new Lanes256(sum), new Lanes256(sum1), ref *into);
                }

                float* lanes = room + (half * 4);
                all0.Store(lanes);
                all1.Store(lanes + 8);
                kept0.Store(lanes + 16);
                kept1.Store(lanes + 24);
                other0.Store(lanes + 32);
                other1.Store(lanes + 40);
                otherKept0.Store(lanes + 48);
                otherKept1.Store(lanes + 56);
            }

            i = stop;
            if (!EnergySums.HoldsLanes(Lanes(room, 0), Lanes(room, 8)) || !EnergySums.HoldsLanes(Lanes(room, 32), Lanes(room, 40)))
            {
                i = -i;
                break;
            }

            for (nint lane = 0; lane < 4 * Half; lane += 8)
                Add(Lanes(room, lane), sums + lane);
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
        Vector256<uint> places = Vector256.Create(15 - at, 14 - at, 13 - at, 12 - at, 11 - at, 10 - at, 9 - at, 8 - at);
        return Avx.BlendVariable(Vector256<float>.Zero, values, Avx2.ShiftLeftLogicalVariable(word, places).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Lanes(float* room, nint lane) => Vector256.Load(room + lane) + Vector256.Load(room + (4 * Half) + lane);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector256<float> lanes, double* sums)
    {
        (Vector256.Load(sums) + Avx.ConvertToVector256Double(lanes.GetLower())).Store(sums);
        (Vector256.Load(sums + 4) + Avx.ConvertToVector256Double(lanes.GetUpper())).Store(sums + 4);
    }
}
