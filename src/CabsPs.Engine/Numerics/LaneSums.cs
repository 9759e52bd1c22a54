using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CabsPs.Engine.Numerics;

/// <summary>Σ v² in float64 with the sixteen partial sums of <see cref="ReferenceKernels{T}.Lanes"/>, whatever the width; over all
/// values and over the ones of a mask at once. An empty mask has no ones.</summary>
internal static class LaneSums
{
    private const int Lanes = ReferenceKernels<float>.Lanes;

    /// <summary>Both sums.</summary>
    public static (double All, double Kept) Of<V>(ReadOnlySpan<float> values, ReadOnlySpan<ulong> mask)
        where V : struct, ILanes<V>
    {
        Span<double> all = stackalloc double[Lanes], kept = stackalloc double[Lanes];
        int done = values.Length / Lanes * Lanes;
        if (V.Count == 16)
            By512(values[..done], mask, all, kept);
        else if (V.Count == 8)
            By256(values[..done], mask, all, kept);
        else
            By128(values[..done], mask, all, kept);
        for (int i = done; i < values.Length; i++)
        {
            double square = (double)values[i] * values[i];
            all[i % Lanes] += square;
            if (!mask.IsEmpty && BitMask.Has(mask, i))
                kept[i % Lanes] += square;
        }

        return (ReferenceKernels<float>.AddUp(all), ReferenceKernels<float>.AddUp(kept));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void By512(ReadOnlySpan<float> values, ReadOnlySpan<ulong> mask, Span<double> all, Span<double> kept)
    {
        ref float from = ref MemoryMarshal.GetReference(values);
        Vector512<double> a0 = default, a1 = default, k0 = default, k1 = default;
        for (int i = 0; i < values.Length; i += Lanes)
        {
            Vector256<float> f0 = Vector256.LoadUnsafe(ref from, (nuint)i), f1 = Vector256.LoadUnsafe(ref from, (nuint)i + 8);
            Vector512<double> s0 = Square(f0), s1 = Square(f1);
            a0 += s0;
            a1 += s1;
            if (mask.IsEmpty)
                continue;
            Vector512<ulong> bits = Vector512.Create(mask[i >> 6] >> i);
            k0 = AddWhere(k0, s0, bits & Vector512.Create(1ul, 2, 4, 8, 16, 32, 64, 128));
            k1 = AddWhere(k1, s1, bits & Vector512.Create(256ul, 512, 1024, 2048, 4096, 8192, 16384, 32768));
        }

        a0.CopyTo(all);
        a1.CopyTo(all[8..]);
        k0.CopyTo(kept);
        k1.CopyTo(kept[8..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void By256(ReadOnlySpan<float> values, ReadOnlySpan<ulong> mask, Span<double> all, Span<double> kept)
    {
        ref float from = ref MemoryMarshal.GetReference(values);
        Vector256<double> a0 = default, a1 = default, a2 = default, a3 = default, k0 = default, k1 = default, k2 = default, k3 = default;
        for (int i = 0; i < values.Length; i += Lanes)
        {
            Vector256<double> s0 = Square(Vector128.LoadUnsafe(ref from, (nuint)i)), s1 = Square(Vector128.LoadUnsafe(ref from, (nuint)i + 4));
            Vector256<double> s2 = Square(Vector128.LoadUnsafe(ref from, (nuint)i + 8)), s3 = Square(Vector128.LoadUnsafe(ref from, (nuint)i + 12));
            a0 += s0;
            a1 += s1;
            a2 += s2;
            a3 += s3;
            if (mask.IsEmpty)
                continue;
            uint bits = (uint)(mask[i >> 6] >> i);
            k0 += Keep(s0, bits);
            k1 += Keep(s1, bits >> 4);
            k2 += Keep(s2, bits >> 8);
            k3 += Keep(s3, bits >> 12);
        }

        a0.CopyTo(all);
        a1.CopyTo(all[4..]);
        a2.CopyTo(all[8..]);
        a3.CopyTo(all[12..]);
        k0.CopyTo(kept);
        k1.CopyTo(kept[4..]);
        k2.CopyTo(kept[8..]);
        k3.CopyTo(kept[12..]);
    }

    // sixteen sums of two lanes do not fit the registers; four at a time do
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void By128(ReadOnlySpan<float> values, ReadOnlySpan<ulong> mask, Span<double> all, Span<double> kept)
    {
        ref float from = ref MemoryMarshal.GetReference(values);
        for (int lane = 0; lane < Lanes; lane += 4)
        {
            Vector128<double> a0 = default, a1 = default, k0 = default, k1 = default;
            for (int i = lane; i < values.Length; i += Lanes)
            {
                (Vector128<double> s0, Vector128<double> s1) = Vector128.Widen(Vector128.LoadUnsafe(ref from, (nuint)i));
                s0 *= s0;
                s1 *= s1;
                a0 += s0;
                a1 += s1;
                if (mask.IsEmpty)
                    continue;
                uint bits = (uint)(mask[i >> 6] >> i);
                k0 += Keep(s0, bits);
                k1 += Keep(s1, bits >> 2);
            }

            a0.CopyTo(all[lane..]);
            a1.CopyTo(all[(lane + 2)..]);
            k0.CopyTo(kept[lane..]);
            k1.CopyTo(kept[(lane + 2)..]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Square(Vector256<float> values)
    {
        Vector512<double> wide = Avx512F.IsSupported
            ? Avx512F.ConvertToVector512Double(values)
            : Vector512.Create(Vector256.WidenLower(values), Vector256.WidenUpper(values));
        return wide * wide;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Square(Vector128<float> values)
    {
        Vector256<double> wide = Avx.IsSupported
            ? Avx.ConvertToVector256Double(values)
            : Vector256.Create(Vector128.WidenLower(values), Vector128.WidenUpper(values));
        return wide * wide;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> AddWhere(Vector512<double> sum, Vector512<double> term, Vector512<ulong> bits) =>
        Vector512.ConditionalSelect(Vector512.Equals(bits, Vector512<ulong>.Zero).AsDouble(), sum, sum + term);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Keep(Vector256<double> value, uint bits)
    {
        Vector256<ulong> lane = Vector256.Create(1ul, 2, 4, 8);
        return (Vector256.Equals(Vector256.Create((ulong)bits) & lane, lane) & value.AsUInt64()).AsDouble();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> Keep(Vector128<double> value, uint bits)
    {
        Vector128<ulong> lane = Vector128.Create(1ul, 2);
        return (Vector128.Equals(Vector128.Create((ulong)bits) & lane, lane) & value.AsUInt64()).AsDouble();
    }
}
