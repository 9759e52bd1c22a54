using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CabsPs.Engine.Numerics.Simd;

/// <summary>Codes in vectors of 512 bits.</summary>
internal readonly struct Codes512 : ICodes
{
    /// <inheritdoc/>
    public static void Make(ref readonly float values, int length, int window, ref byte codes)
    {
        Vector512<int> low = Vector512.Create(window);
        for (int i = 0; i < length; i += 64)
        {
            Vector128<byte> a = Code(in Unsafe.Add(ref Unsafe.AsRef(in values), i), low), b = Code(in Unsafe.Add(ref Unsafe.AsRef(in values), i + 16), low);
            Vector128<byte> c = Code(in Unsafe.Add(ref Unsafe.AsRef(in values), i + 32), low), d = Code(in Unsafe.Add(ref Unsafe.AsRef(in values), i + 48), low);
            Vector512.Create(Vector256.Create(a, b), Vector256.Create(c, d)).StoreUnsafe(ref codes, (nuint)i);
        }
    }

    /// <inheritdoc/>
    public static void Exclude(ref byte codes, int length, ref readonly ulong bits)
    {
        Vector512<byte> own = Vector512.Create(0x8040_2010_0804_0201UL).AsByte();
        Vector512<byte> spread = Vector512.Create(0UL, 0x0101_0101_0101_0101, 0x0202_0202_0202_0202, 0x0303_0303_0303_0303, 0x0404_0404_0404_0404, 0x0505_0505_0505_0505, 0x0606_0606_0606_0606, 0x0707_0707_0707_0707).AsByte();
        for (int i = 0; i < length; i += 64)
        {
            Vector512<byte> word = Vector512.Create(Unsafe.Add(ref Unsafe.AsRef(in bits), i >> 6)).AsByte();
            Vector512<byte> mine = (Avx512BW.IsSupported ? Avx512BW.Shuffle(word, spread) : Vector512.Shuffle(word, spread)) & own;
            Vector512<byte> free = Vector512.Equals(mine, Vector512<byte>.Zero);
            (Vector512.LoadUnsafe(ref codes, (nuint)i) & free).StoreUnsafe(ref codes, (nuint)i);
        }
    }

    /// <inheritdoc/>
    public static int CountAtLeast(ref readonly byte codes, int length, byte value)
    {
        Vector512<byte> limit = Vector512.Create(value);
        int count = 0;
        for (int i = 0; i < length; i += 64)
            count += Count(in codes, i, limit);
        return count;
    }

    /// <inheritdoc/>
    public static (int, int, int, int) CountAtLeast(ref readonly byte codes, int length, byte first, byte second, byte third, byte fourth)
    {
        Vector512<byte> a = Vector512.Create(first), b = Vector512.Create(second), c = Vector512.Create(third), d = Vector512.Create(fourth);
        int na = 0, nb = 0, nc = 0, nd = 0;
        for (int i = 0; i < length; i += 64)
        {
            na += Count(in codes, i, a);
            nb += Count(in codes, i + length, b);
            nc += Count(in codes, i + (2 * length), c);
            nd += Count(in codes, i + (3 * length), d);
        }

        return (na, nb, nc, nd);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (ulong Above, ulong Equal) Compare(ref readonly byte codes, byte value)
    {
        Vector512<byte> code = Vector512.LoadUnsafe(in codes), limit = Vector512.Create(value);
        return (Vector512.GreaterThan(code, limit).ExtractMostSignificantBits(), Vector512.Equals(code, limit).ExtractMostSignificantBits());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Count(ref readonly byte codes, int at, Vector512<byte> limit) =>
        BitOperations.PopCount(Vector512.GreaterThanOrEqual(Vector512.LoadUnsafe(in codes, (nuint)at), limit).ExtractMostSignificantBits());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Code(ref readonly float values, Vector512<int> window)
    {
        Vector512<int> key = (Vector512.LoadUnsafe(in values).AsInt32() & Vector512.Create(int.MaxValue)) >> 15;
        Vector512<uint> above = Vector512.Max(key - window, Vector512<int>.Zero).AsUInt32();
        if (Avx512F.IsSupported)
            return Avx512F.ConvertToVector128ByteWithSaturation(above);
        Vector512<uint> code = Vector512.Min(above, Vector512.Create(255u));
        Vector256<ushort> halves = Vector256.Narrow(code.GetLower(), code.GetUpper());
        return Vector128.Narrow(halves.GetLower(), halves.GetUpper());
    }
}
