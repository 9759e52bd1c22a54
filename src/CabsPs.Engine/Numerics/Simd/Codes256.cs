using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CabsPs.Engine.Numerics.Simd;

/// <summary>Codes in vectors of 256 bits.</summary>
internal readonly struct Codes256 : ICodes
{
    /// <inheritdoc/>
    public static void Make(ref readonly float values, int length, int window, ref byte codes)
    {
        Vector256<int> low = Vector256.Create(window);
        for (int i = 0; i < length; i += 32)
        {
            Vector256<short> a = Pack(in Unsafe.Add(ref Unsafe.AsRef(in values), i), low), b = Pack(in Unsafe.Add(ref Unsafe.AsRef(in values), i + 16), low);
            Vector256<byte> code = Avx2.IsSupported
                ? Avx2.Permute4x64(Avx2.PackUnsignedSaturate(a, b).AsInt64(), 0b11_01_10_00).AsByte()
                : Vector256.Narrow(a.AsUInt16(), b.AsUInt16());
            code.StoreUnsafe(ref codes, (nuint)i);
        }
    }

    /// <inheritdoc/>
    public static void Exclude(ref byte codes, int length, ref readonly ulong bits)
    {
        Vector256<byte> own = Vector256.Create(0x8040_2010_0804_0201UL).AsByte();
        ref uint words = ref Unsafe.As<ulong, uint>(ref Unsafe.AsRef(in bits));
        for (int i = 0; i < length; i += 32)
        {
            uint word = Unsafe.Add(ref words, i >> 5);
            Vector256<byte> spread = Vector256.Create(
                (word & 0xFF) * 0x0101_0101_0101_0101UL,
                ((word >> 8) & 0xFF) * 0x0101_0101_0101_0101UL,
                ((word >> 16) & 0xFF) * 0x0101_0101_0101_0101UL,
                (word >> 24) * 0x0101_0101_0101_0101UL).AsByte();
            Vector256<byte> free = Vector256.Equals(spread & own, Vector256<byte>.Zero);
            (Vector256.LoadUnsafe(ref codes, (nuint)i) & free).StoreUnsafe(ref codes, (nuint)i);
        }
    }

    /// <inheritdoc/>
    public static int CountAtLeast(ref readonly byte codes, int length, byte value)
    {
        Vector256<byte> limit = Vector256.Create(value);
        int count = 0;
        for (int i = 0; i < length; i += 32)
            count += Count(in codes, i, limit);
        return count;
    }

    /// <inheritdoc/>
    public static (int, int, int, int) CountAtLeast(ref readonly byte codes, int length, byte first, byte second, byte third, byte fourth)
    {
        Vector256<byte> a = Vector256.Create(first), b = Vector256.Create(second), c = Vector256.Create(third), d = Vector256.Create(fourth);
        int na = 0, nb = 0, nc = 0, nd = 0;
        for (int i = 0; i < length; i += 32)
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
        (uint above0, uint equal0) = Half(Vector256.LoadUnsafe(in codes), Vector256.Create(value));
        (uint above1, uint equal1) = Half(Vector256.LoadUnsafe(in codes, 32), Vector256.Create(value));
        return (above0 | ((ulong)above1 << 32), equal0 | ((ulong)equal1 << 32));
    }

    private static (uint Above, uint Equal) Half(Vector256<byte> code, Vector256<byte> limit)
    {
        uint equal = Vector256.Equals(code, limit).ExtractMostSignificantBits();
        return (Vector256.Equals(Vector256.Max(code, limit), code).ExtractMostSignificantBits() & ~equal, equal);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Count(ref readonly byte codes, int at, Vector256<byte> limit)
    {
        Vector256<byte> code = Vector256.LoadUnsafe(in codes, (nuint)at);
        return BitOperations.PopCount(Vector256.Equals(Vector256.Max(code, limit), code).ExtractMostSignificantBits());
    }

    // sixteen values, clamped to 0 … 255
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pack(ref readonly float values, Vector256<int> window)
    {
        Vector256<int> a = Clamp(Vector256.LoadUnsafe(in values), window), b = Clamp(Vector256.LoadUnsafe(in values, 8), window);
        return Avx2.IsSupported
            ? Avx2.Permute4x64(Avx2.PackSignedSaturate(a, b).AsInt64(), 0b11_01_10_00).AsInt16()
            : Vector256.Narrow(a, b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Clamp(Vector256<float> values, Vector256<int> window)
    {
        Vector256<int> key = (values.AsInt32() & Vector256.Create(int.MaxValue)) >> 15;
        return Vector256.Min(Vector256.Max(key - window, Vector256<int>.Zero), Vector256.Create(255));
    }
}
