using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Numerics;

namespace CabsPs.Bench;

/// <summary>Weights of a synthetic base and its fine-tunes. Every value follows from the seed, the model and its place alone, so a
/// range can be made on any thread and is the same on every machine.</summary>
/// <param name="seed">The seed.</param>
/// <param name="deltas">How fine-tunes differ from the base.</param>
public sealed class SyntheticWeights(ulong seed, SyntheticDeltas deltas)
{
    private const float Deviation = 0.02f;

    /// <summary>Makes stored weights.</summary>
    /// <param name="model">0 for the base, then the experts from 1.</param>
    /// <param name="start">The first weight's place in the model.</param>
    /// <param name="type">F32, F16 or BF16.</param>
    /// <param name="destination">Receives the bytes.</param>
    public void Fill(int model, long start, DType type, Span<byte> destination)
    {
        switch (type)
        {
            case DType.F32:
                Span<uint> wide = MemoryMarshal.Cast<byte, uint>(destination);
                for (int i = 0; i < wide.Length; i++)
                {
                    uint weight = BitConverter.SingleToUInt32Bits(Base(start + i));
                    wide[i] = model == 0 ? weight : deltas == SyntheticDeltas.Ulps ? Step(weight, 31, model, start + i) : BitConverter.SingleToUInt32Bits(Moved(BitConverter.UInt32BitsToSingle(weight), model, start + i));
                }

                break;
            case DType.F16:
                Fill(model, start, MemoryMarshal.Cast<byte, ushort>(destination), static v => BitConverter.HalfToUInt16Bits((Half)v), static b => (float)BitConverter.UInt16BitsToHalf(b));
                break;
            case DType.BF16:
                Fill(model, start, MemoryMarshal.Cast<byte, ushort>(destination), BFloat16.FromSingle, BFloat16.ToSingle);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "F32, F16 or BF16");
        }
    }

    private void Fill(int model, long start, Span<ushort> narrow, Func<float, ushort> round, Func<ushort, float> widen)
    {
        for (int i = 0; i < narrow.Length; i++)
        {
            ushort weight = round(Base(start + i));
            if (model == 0)
                narrow[i] = weight;
            else if (deltas == SyntheticDeltas.Ulps)
                narrow[i] = (ushort)Step(weight, 15, model, start + i);
            else
                narrow[i] = round(Moved(widen(weight), model, start + i));
        }
    }

    private float Base(long index) => Normal(Mix(seed ^ Mix((ulong)index)));

    private float Moved(float weight, int model, long index) => weight + Normal(Random(model, index));

    // bits of a float count up with its magnitude; at the sign's edge the step goes the other way
    private uint Step(uint bits, int signBit, int model, long index)
    {
        uint sign = bits & (1u << signBit);
        int steps = (int)(Random(model, index) % 7) - 3;
        return sign | (uint)Math.Abs((int)(bits ^ sign) + steps);
    }

    private ulong Random(int model, long index) => Mix(seed ^ Mix((ulong)index ^ ((ulong)model << 56)));

    // the sum of four uniform numbers is normal enough
    private static float Normal(ulong random)
    {
        int sum = (int)(random & 0xFFFF) + (int)((random >> 16) & 0xFFFF) + (int)((random >> 32) & 0xFFFF) + (int)(random >> 48);
        return (sum - 131070) * (Deviation / 37837f);
    }

    // splitmix64's output function
    private static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
