using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CabsPs.Engine.Numerics;

/// <summary>16 codes in a vector: SSE, Arm64.</summary>
internal readonly struct Codes128 : ICodes
{
    // a lane counts at most this many vectors before it would overflow
    private const int LongestRun = 16 * 252;

    /// <inheritdoc/>
    public static void Encode64(ref readonly float delta, uint floor, int shift, ref byte codes)
    {
        for (nuint i = 0; i < 64; i += 16)
        {
            Vector128<ushort> low = Vector128.Narrow(Code(in delta, i, floor, shift), Code(in delta, i + 4, floor, shift));
            Vector128<ushort> high = Vector128.Narrow(Code(in delta, i + 8, floor, shift), Code(in delta, i + 12, floor, shift));
            Vector128.Narrow(low, high).StoreUnsafe(ref codes, i);
        }
    }

    /// <inheritdoc/>
    public static void Encode256(ref readonly float delta, uint floor, int shift, ref byte codes)
    {
        for (nuint i = 0; i < 256; i += 64)
            Encode64(in Unsafe.Add(ref Unsafe.AsRef(in delta), i), floor, shift, ref Unsafe.Add(ref codes, i));
    }

    /// <inheritdoc/>
    public static ulong FindEight(ref readonly byte codes, int wanted)
    {
        ulong found = 0;
        for (int block = 7; block >= 0; block--)
        {
            int code = 0;
            for (int bit = 128; bit > 0; bit >>= 1)
                code += bit & ~((CountAtLeast(in Unsafe.Add(ref Unsafe.AsRef(in codes), block * 256), 256, code + bit) - wanted) >> 31);
            found = (found << 8) | (uint)code;
        }

        return found;
    }

    /// <inheritdoc/>
    public static int CountAtLeast(ref readonly byte codes, int length, int code)
    {
        Vector128<byte> limit = Vector128.Create((byte)code);
        int count = 0;
        for (int start = 0; start < length; start += LongestRun)
        {
            Vector128<byte> counts = Vector128<byte>.Zero;
            int end = Math.Min(length, start + LongestRun);
            for (int i = start; i < end; i += 16)
                counts -= AtLeast(in codes, i, limit);
            (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(counts);
            count += Vector128.Sum(low + high);
        }

        return count;
    }

    /// <inheritdoc/>
    public static ulong AtLeast(ref readonly byte codes, int code)
    {
        Vector128<byte> limit = Vector128.Create((byte)code);
        ulong bits = 0;
        for (int i = 0; i < 64; i += 16)
            bits |= (ulong)AtLeast(in codes, i, limit).ExtractMostSignificantBits() << i;
        return bits;
    }

    /// <inheritdoc/>
    public static void Erase(ref byte codes, ulong keep)
    {
        Vector128<byte> bit = Vector128.Create(0x8040201008040201ul).AsByte();
        for (nuint i = 0; i < 64; i += 16, keep >>= 16)
        {
            Vector128<byte> source = Vector128.Create((keep & 0xFF) * 0x0101010101010101, ((keep >> 8) & 0xFF) * 0x0101010101010101).AsByte();
            (Vector128.LoadUnsafe(ref codes, i) & Vector128.Equals(source & bit, bit)).StoreUnsafe(ref codes, i);
        }
    }

    /// <inheritdoc/>
    public static ulong SameMagnitude(ref readonly float delta, uint magnitude)
    {
        ulong same = 0;
        for (int i = 0; i < 64; i += 4)
            same |= (ulong)Vector128.Equals(Magnitude(in delta, (nuint)i), Vector128.Create(magnitude)).ExtractMostSignificantBits() << i;
        return same;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Code(ref readonly float delta, nuint i, uint floor, int shift) =>
        Vector128.Min((Vector128.Max(Magnitude(in delta, i), Vector128.Create(floor)) - Vector128.Create(floor)) >>> shift, Vector128.Create(255u));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> AtLeast(ref readonly byte codes, int i, Vector128<byte> limit)
    {
        Vector128<byte> value = Vector128.LoadUnsafe(in codes, (nuint)i);
        return Vector128.Equals(Vector128.Max(value, limit), value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Magnitude(ref readonly float delta, nuint i) =>
        Vector128.LoadUnsafe(in delta, i).AsUInt32() & Vector128.Create(0x7FFF_FFFFu);
}
