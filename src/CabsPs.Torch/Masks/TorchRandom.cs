using CabsPs.Engine.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace CabsPs.Torch.Masks;

/// <summary>The numbers of <see cref="CounterRandom"/> on a device, bit for bit: integers of 64 bits that wrap around.</summary>
internal static class TorchRandom
{
    private const long Golden = unchecked((long)0x9E37_79B9_7F4A_7C15);
    private const long First = unchecked((long)0xBF58_476D_1CE4_E5B9);
    private const long Second = unchecked((long)0x94D0_49BB_1331_11EB);

    /// <summary>Numbers from 0 to below 1, one per place.</summary>
    public static Tensor Uniform(CounterRandom random, long start, long length, torch.Device device) =>
        Shifted(Bits(random.Keys.Key, TensorMath.Places(start, length, device)), 11).to(ScalarType.Float64) * Number.Of(1.0 / (1UL << 53));

    /// <summary>Keeps each element with a probability.</summary>
    public static Tensor KeepEach(CounterRandom random, double probability, long start, long length, torch.Device device)
    {
        if (probability >= 1)
            return ones(length, dtype: ScalarType.Bool, device: device);
        ulong threshold = (ulong)(Math.Max(probability, 0) * (1UL << 48));
        long coarse = (long)(threshold >> 32), fine = (uint)threshold;
        Tensor places = TensorMath.Places(start, length, device);
        Tensor word = Bits(random.Keys.Key, places.bitwise_right_shift(Whole(2, device)));
        // the word's 16 bits of this place; what an arithmetic shift drags in is cut off
        Tensor part = word.bitwise_right_shift(places.bitwise_and(Whole(3, device)) * Number.Of(16)).bitwise_and(Whole(0xFFFF, device));
        Tensor rest = Bits(random.Keys.FineKey, places).bitwise_and(Whole(0xFFFF_FFFF, device));
        return (part < Number.Of(coarse)).logical_or(part.eq(Number.Of(coarse)).logical_and(rest < Number.Of(fine)));
    }

    private static Tensor Bits(ulong key, Tensor places)
    {
        Tensor z = (places * Whole(Golden, places.device)).Plus(Whole(unchecked((long)key), places.device));
        z = z.bitwise_xor(Shifted(z, 30)) * Whole(First, places.device);
        z = z.bitwise_xor(Shifted(z, 27)) * Whole(Second, places.device);
        return z.bitwise_xor(Shifted(z, 31));
    }

    // zeros come in from above
    private static Tensor Shifted(Tensor z, int bits) =>
        z.bitwise_right_shift(Whole(bits, z.device)).bitwise_and(Whole((long)(ulong.MaxValue >> bits), z.device));

    private static Tensor Whole(long value, torch.Device device) => tensor(value, dtype: ScalarType.Int64, device: device);
}
