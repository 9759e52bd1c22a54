using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CabsPs.Engine.Numerics;

/// <summary>32 codes in a vector, counted lane by lane: AVX2.</summary>
internal readonly struct Codes256 : ICodes
{
    // a lane counts at most this many vectors before it would overflow
    private const int LongestRun = 32 * 254;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Encode64(ref readonly float delta, uint floor, int shift, ref byte codes)
    {
        Encode32(in delta, 0, floor, shift, ref codes);
        Encode32(in delta, 32, floor, shift, ref codes);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Encode256(ref readonly float delta, uint floor, int shift, ref byte codes)
    {
        if (!Avx2.IsSupported)
        {
            for (nuint i = 0; i < 256; i += 64)
                Encode64(in Unsafe.Add(ref Unsafe.AsRef(in delta), i), floor, shift, ref Unsafe.Add(ref codes, i));
            return;
        }

        // 16 bits from the fifteenth on are all that count
        Vector256<ushort> least = Vector256.Create((ushort)(floor >> 15)), most = Vector256.Create((ushort)255);
        Vector128<ushort> more = Vector128.CreateScalar((ushort)(shift - 15));
        for (nuint i = 0; i < 256; i += 32)
        {
            Vector256<ushort> low = Avx2.Min(Avx2.ShiftRightLogical(Avx2.SubtractSaturate(Halves(in delta, i), least), more), most);
            Vector256<ushort> high = Avx2.Min(Avx2.ShiftRightLogical(Avx2.SubtractSaturate(Halves(in delta, i + 16), least), more), most);
            // the packs work on halves; this puts the eight groups of four in order
            Vector256<byte> bytes = Avx2.PermuteVar8x32(Avx2.PackUnsignedSaturate(low.AsInt16(), high.AsInt16()).AsInt32(), Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)).AsByte();
            bytes.StoreUnsafe(ref codes, i);
        }
    }

    /// <inheritdoc/>
    public static ulong FindEight(ref readonly byte codes, int wanted) =>
        FindFour(in codes, wanted) | ((ulong)FindFour(in Unsafe.Add(ref Unsafe.AsRef(in codes), 4 * 256), wanted) << 32);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint FindFour(ref readonly byte codes, int wanted)
    {
        int a = 0, b = 0, c = 0, d = 0;
        for (int bit = 128; bit > 0; bit >>= 1)
        {
            a += bit & ~((Count256(in codes, 0, a + bit) - wanted) >> 31);
            b += bit & ~((Count256(in codes, 256, b + bit) - wanted) >> 31);
            c += bit & ~((Count256(in codes, 512, c + bit) - wanted) >> 31);
            d += bit & ~((Count256(in codes, 768, d + bit) - wanted) >> 31);
        }

        return (uint)(a | (b << 8) | (c << 16) | (d << 24));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int CountAtLeast(ref readonly byte codes, int length, int code)
    {
        Vector256<byte> limit = Vector256.Create((byte)code);
        int count = 0;
        for (int start = 0; start < length; start += LongestRun)
        {
            Vector256<byte> counts = Vector256<byte>.Zero, others = Vector256<byte>.Zero;
            int end = Math.Min(length, start + LongestRun);
            int i = start;
            for (; i + 128 <= end; i += 128)
            {
                counts -= AtLeast(in codes, i, limit);
                others -= AtLeast(in codes, i + 32, limit);
                counts -= AtLeast(in codes, i + 64, limit);
                others -= AtLeast(in codes, i + 96, limit);
            }

            for (; i < end; i += 32)
                counts -= AtLeast(in codes, i, limit);
            count += Sum(counts) + Sum(others);
        }

        return count;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong AtLeast(ref readonly byte codes, int code)
    {
        Vector256<byte> limit = Vector256.Create((byte)code);
        return AtLeast(in codes, 0, limit).ExtractMostSignificantBits() | ((ulong)AtLeast(in codes, 32, limit).ExtractMostSignificantBits() << 32);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Erase(ref byte codes, ulong keep)
    {
        Erase32(ref codes, (uint)keep);
        Erase32(ref Unsafe.Add(ref codes, 32), (uint)(keep >> 32));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong SameMagnitude(ref readonly float delta, uint magnitude)
    {
        Vector256<uint> wanted = Vector256.Create(magnitude);
        ulong same = 0;
        for (int i = 0; i < 64; i += 8)
            same |= (ulong)Vector256.Equals(Magnitude(in delta, (nuint)i), wanted).ExtractMostSignificantBits() << i;
        return same;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Encode32(ref readonly float delta, nuint at, uint floor, int shift, ref byte codes)
    {
        Vector256<uint> a = Code(in delta, at, floor, shift), b = Code(in delta, at + 8, floor, shift);
        Vector256<uint> c = Code(in delta, at + 16, floor, shift), d = Code(in delta, at + 24, floor, shift);
        Vector256<byte> bytes;
        if (Avx2.IsSupported)
        {
            Vector256<ushort> low = Avx2.PackUnsignedSaturate(a.AsInt32(), b.AsInt32()), high = Avx2.PackUnsignedSaturate(c.AsInt32(), d.AsInt32());
            // the packs work on halves; this puts the eight groups of four in order
            bytes = Avx2.PermuteVar8x32(Avx2.PackUnsignedSaturate(low.AsInt16(), high.AsInt16()).AsInt32(), Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)).AsByte();
        }
        else
        {
            bytes = Vector256.Narrow(Vector256.Narrow(a, b), Vector256.Narrow(c, d));
        }

        bytes.StoreUnsafe(ref codes, at);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Code(ref readonly float delta, nuint i, uint floor, int shift) =>
        Vector256.Min((Vector256.Max(Magnitude(in delta, i), Vector256.Create(floor)) - Vector256.Create(floor)) >>> shift, Vector256.Create(255u));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Erase32(ref byte codes, uint keep)
    {
        Vector256<byte> bit = Vector256.Create(0x8040201008040201ul).AsByte(), words = Vector256.Create(keep).AsByte();
        Vector256<byte> place = Vector256.Create(0ul, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303).AsByte();
        Vector256<byte> source = Avx2.IsSupported ? Avx2.Shuffle(words, place) : Vector256.Shuffle(words, place);
        (Vector256.LoadUnsafe(ref codes) & Vector256.Equals(source & bit, bit)).StoreUnsafe(ref codes);
    }

    // bits 15 to 30 of 16 floats, those of each half in the order a, b of its fours
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ushort> Halves(ref readonly float delta, nuint i)
    {
        Vector256<uint> a = (Vector256.LoadUnsafe(in delta, i).AsUInt32() << 1) >>> 16, b = (Vector256.LoadUnsafe(in delta, i + 8).AsUInt32() << 1) >>> 16;
        return Avx2.PackUnsignedSaturate(a.AsInt32(), b.AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Count256(ref readonly byte codes, int i, int code)
    {
        Vector256<byte> limit = Vector256.Create((byte)code);
        Vector256<byte> some = AtLeast(in codes, i, limit) + AtLeast(in codes, i + 32, limit);
        Vector256<byte> others = AtLeast(in codes, i + 64, limit) + AtLeast(in codes, i + 96, limit);
        some += AtLeast(in codes, i + 128, limit);
        others += AtLeast(in codes, i + 160, limit);
        some += AtLeast(in codes, i + 192, limit);
        others += AtLeast(in codes, i + 224, limit);
        return Sum(Vector256<byte>.Zero - (some + others));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> AtLeast(ref readonly byte codes, int i, Vector256<byte> limit)
    {
        Vector256<byte> value = Vector256.LoadUnsafe(in codes, (nuint)i);
        return Vector256.Equals(Vector256.Max(value, limit), value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Sum(Vector256<byte> counts)
    {
        if (Avx2.IsSupported)
        {
            Vector256<ulong> sums = Avx2.SumAbsoluteDifferences(counts, Vector256<byte>.Zero).AsUInt64();
            Vector128<ulong> pair = sums.GetLower() + sums.GetUpper();
            return (int)(pair.ToScalar() + pair.GetElement(1));
        }

        (Vector256<ushort> low, Vector256<ushort> high) = Vector256.Widen(counts);
        return Vector256.Sum(low + high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Magnitude(ref readonly float delta, nuint i) =>
        Vector256.LoadUnsafe(in delta, i).AsUInt32() & Vector256.Create(0x7FFF_FFFFu);
}
