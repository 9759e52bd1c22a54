using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CabsPs.Engine.Numerics;

/// <summary>64 codes in a vector, comparisons as 64-bit masks: AVX-512.</summary>
internal readonly struct Codes512 : ICodes
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Encode64(ref readonly float delta, uint floor, int shift, ref byte codes)
    {
        Vector512<uint> least = Vector512.Create(floor);
        Encode(in delta, 0, least, shift).StoreUnsafe(ref codes);
        Encode(in delta, 16, least, shift).StoreUnsafe(ref codes, 16);
        Encode(in delta, 32, least, shift).StoreUnsafe(ref codes, 32);
        Encode(in delta, 48, least, shift).StoreUnsafe(ref codes, 48);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Encode256(ref readonly float delta, uint floor, int shift, ref byte codes)
    {
        if (!Avx512BW.IsSupported)
        {
            for (nuint i = 0; i < 256; i += 64)
                Encode64(in Unsafe.Add(ref Unsafe.AsRef(in delta), i), floor, shift, ref Unsafe.Add(ref codes, i));
            return;
        }

        // 16 bits from the fifteenth on are all that count
        Vector512<ushort> least = Vector512.Create((ushort)(floor >> 15));
        Vector128<ushort> more = Vector128.CreateScalar((ushort)(shift - 15));
        for (nuint i = 0; i < 256; i += 64)
        {
            Vector512<ushort> low = Avx512BW.SubtractSaturate(Halves(in delta, i), least), high = Avx512BW.SubtractSaturate(Halves(in delta, i + 32), least);
            Avx512BW.ConvertToVector256ByteWithSaturation(Avx512BW.ShiftRightLogical(low, more)).StoreUnsafe(ref codes, i);
            Avx512BW.ConvertToVector256ByteWithSaturation(Avx512BW.ShiftRightLogical(high, more)).StoreUnsafe(ref codes, i + 32);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong FindEight(ref readonly byte codes, int wanted)
    {
        // eight, because each has to wait for its last answer before it can ask again
        int a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
        for (int bit = 128; bit > 0; bit >>= 1)
        {
            a += bit & ~((Count256(in codes, 0, a + bit) - wanted) >> 31);
            b += bit & ~((Count256(in codes, 256, b + bit) - wanted) >> 31);
            c += bit & ~((Count256(in codes, 512, c + bit) - wanted) >> 31);
            d += bit & ~((Count256(in codes, 768, d + bit) - wanted) >> 31);
            e += bit & ~((Count256(in codes, 1024, e + bit) - wanted) >> 31);
            f += bit & ~((Count256(in codes, 1280, f + bit) - wanted) >> 31);
            g += bit & ~((Count256(in codes, 1536, g + bit) - wanted) >> 31);
            h += bit & ~((Count256(in codes, 1792, h + bit) - wanted) >> 31);
        }

        return (uint)(a | (b << 8) | (c << 16) | (d << 24)) | ((ulong)(uint)(e | (f << 8) | (g << 16) | (h << 24)) << 32);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int CountAtLeast(ref readonly byte codes, int length, int code)
    {
        Vector512<byte> limit = Vector512.Create((byte)code);
        int count = 0;
        for (nuint i = 0; i < (nuint)length; i += 64)
            count += BitOperations.PopCount(AtLeast(in codes, i, limit));
        return count;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong AtLeast(ref readonly byte codes, int code) => AtLeast(in codes, 0, Vector512.Create((byte)code));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Erase(ref byte codes, ulong keep)
    {
        Vector512<byte> bit = Vector512.Create(0x8040201008040201ul).AsByte(), words = Vector512.Create(keep).AsByte();
        Vector512<byte> place = Vector512.Create(0ul, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303, 0x0404040404040404, 0x0505050505050505, 0x0606060606060606, 0x0707070707070707).AsByte();
        // in every 16 bytes of the repeated word all of its bytes can be reached
        Vector512<byte> source = Avx512BW.IsSupported ? Avx512BW.Shuffle(words, place) : Vector512.Shuffle(words, place);
        Vector512.ConditionalSelect(Vector512.Equals(source & bit, bit), Vector512.LoadUnsafe(ref codes), Vector512<byte>.Zero).StoreUnsafe(ref codes);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong SameMagnitude(ref readonly float delta, uint magnitude)
    {
        Vector512<uint> wanted = Vector512.Create(magnitude);
        return Vector512.Equals(Magnitude(in delta, 0), wanted).ExtractMostSignificantBits()
            | (Vector512.Equals(Magnitude(in delta, 16), wanted).ExtractMostSignificantBits() << 16)
            | (Vector512.Equals(Magnitude(in delta, 32), wanted).ExtractMostSignificantBits() << 32)
            | (Vector512.Equals(Magnitude(in delta, 48), wanted).ExtractMostSignificantBits() << 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Encode(ref readonly float delta, nuint i, Vector512<uint> floor, int shift)
    {
        Vector512<uint> value = (Vector512.Max(Magnitude(in delta, i), floor) - floor) >>> shift;
        if (Avx512F.IsSupported)
            return Avx512F.ConvertToVector128ByteWithSaturation(value);
        value = Vector512.Min(value, Vector512.Create(255u));
        Vector256<ushort> words = Vector256.Narrow(value.GetLower(), value.GetUpper());
        return Vector128.Narrow(words.GetLower(), words.GetUpper());
    }

    // bits 15 to 30 of 32 floats
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> Halves(ref readonly float delta, nuint i)
    {
        Vector512<ushort> odd = Vector512.Create((ushort)1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63);
        Vector512<uint> a = Vector512.LoadUnsafe(in delta, i).AsUInt32() << 1, b = Vector512.LoadUnsafe(in delta, i + 16).AsUInt32() << 1;
        return Avx512BW.PermuteVar32x16x2(a.AsUInt16(), odd, b.AsUInt16());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Count256(ref readonly byte codes, nuint i, int code)
    {
        Vector512<byte> limit = Vector512.Create((byte)code);
        int count = BitOperations.PopCount(AtLeast(in codes, i, limit));
        count += BitOperations.PopCount(AtLeast(in codes, i + 64, limit));
        count += BitOperations.PopCount(AtLeast(in codes, i + 128, limit));
        return count + BitOperations.PopCount(AtLeast(in codes, i + 192, limit));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong AtLeast(ref readonly byte codes, nuint i, Vector512<byte> limit) =>
        Vector512.LessThanOrEqual(limit, Vector512.LoadUnsafe(in codes, i)).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Magnitude(ref readonly float delta, nuint i) =>
        Vector512.LoadUnsafe(in delta, i).AsUInt32() & Vector512.Create(0x7FFF_FFFFu);
}
