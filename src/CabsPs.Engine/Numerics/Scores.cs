using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CabsPs.Engine.Numerics;

/// <summary>The float64 side of joint assignment. Two widths do: eight lanes where floats have sixteen, else four, which narrower
/// processors take in two halves.</summary>
internal static class Scores
{
    /// <summary>scores[i] = |delta[i]| / rms; zeros past the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fill<V>(ReadOnlySpan<float> delta, double rms, Span<double> scores)
        where V : struct, ILanes<V>
    {
        int i = 0;
        ref float from = ref MemoryMarshal.GetReference(delta);
        ref double to = ref MemoryMarshal.GetReference(scores);
        if (V.Count == 16 && Avx512F.IsSupported)
        {
            for (; i + 8 <= delta.Length; i += 8)
                (Avx512F.ConvertToVector512Double(Vector256.Abs(Vector256.LoadUnsafe(ref from, (nuint)i))) / Vector512.Create(rms)).StoreUnsafe(ref to, (nuint)i);
        }
        else
        {
            for (; i + 4 <= delta.Length; i += 4)
            {
                Vector128<float> magnitude = Vector128.Abs(Vector128.LoadUnsafe(ref from, (nuint)i));
                Vector256<double> wide = Avx.IsSupported ? Avx.ConvertToVector256Double(magnitude) : Vector256.Create(Vector128.WidenLower(magnitude), Vector128.WidenUpper(magnitude));
                (wide / Vector256.Create(rms)).StoreUnsafe(ref to, (nuint)i);
            }
        }

        for (; i < delta.Length; i++)
            scores[i] = Math.Abs((double)delta[i]) / rms;
        scores[delta.Length..].Clear();
    }

    /// <summary>How many positions <see cref="Raise{V}"/> looks at: as many as there are registers for.</summary>
    public static int Group<V>()
        where V : struct, ILanes<V> => V.Count == 16 && Avx512F.IsSupported ? 64 : 16;

    /// <summary>Looks at the scores of a group of positions, vector after vector, for those that are higher than all before.</summary>
    /// <param name="scores">The first vector's.</param>
    /// <param name="stride">From one vector's to the next one's.</param>
    /// <param name="active">The vectors.</param>
    /// <param name="scale">What codes are scores times.</param>
    /// <param name="raised">Receives per vector where it scores higher than those before it, and than zero.</param>
    /// <param name="codes">Receives min(255, score · scale) of the highest.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Raise<V>(ref double scores, int stride, ReadOnlySpan<int> active, double scale, ref ulong raised, ref byte codes)
        where V : struct, ILanes<V>
    {
        if (V.Count == 16 && Avx512F.IsSupported)
        {
            Vector512<double> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default, b6 = default, b7 = default;
            for (int a = 0; a < active.Length; a++)
            {
                ref double own = ref Unsafe.Add(ref scores, active[a] * stride);
                Unsafe.Add(ref raised, a) = Raise(ref own, 0, ref b0) | (Raise(ref own, 8, ref b1) << 8) | (Raise(ref own, 16, ref b2) << 16) | (Raise(ref own, 24, ref b3) << 24)
                    | (Raise(ref own, 32, ref b4) << 32) | (Raise(ref own, 40, ref b5) << 40) | (Raise(ref own, 48, ref b6) << 48) | (Raise(ref own, 56, ref b7) << 56);
            }

            Avx512F.ConvertToVector128Byte(Vector512.Create(Code(b0, scale), Code(b1, scale))).StoreUnsafe(ref codes);
            Avx512F.ConvertToVector128Byte(Vector512.Create(Code(b2, scale), Code(b3, scale))).StoreUnsafe(ref codes, 16);
            Avx512F.ConvertToVector128Byte(Vector512.Create(Code(b4, scale), Code(b5, scale))).StoreUnsafe(ref codes, 32);
            Avx512F.ConvertToVector128Byte(Vector512.Create(Code(b6, scale), Code(b7, scale))).StoreUnsafe(ref codes, 48);
        }
        else
        {
            Vector256<double> b0 = default, b1 = default, b2 = default, b3 = default;
            for (int a = 0; a < active.Length; a++)
            {
                ref double own = ref Unsafe.Add(ref scores, active[a] * stride);
                Unsafe.Add(ref raised, a) = Raise(ref own, 0, ref b0) | (Raise(ref own, 4, ref b1) << 4) | (Raise(ref own, 8, ref b2) << 8) | (Raise(ref own, 12, ref b3) << 12);
            }

            Vector128<short> low = Vector128.Narrow(Code(b0, scale), Code(b1, scale)), high = Vector128.Narrow(Code(b2, scale), Code(b3, scale));
            Vector128.Narrow(low, high).AsByte().StoreUnsafe(ref codes);
        }
    }

    /// <summary>Which of 64 scores have this value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong FindEqual<V>(ref double scores, double value)
        where V : struct, ILanes<V>
    {
        ulong bits = 0;
        for (int i = 0; i < 64; i += 8)
        {
            bits |= V.Count == 16
                ? Vector512.Equals(Vector512.LoadUnsafe(ref scores, (nuint)i), Vector512.Create(value)).ExtractMostSignificantBits() << i
                : (ulong)(Vector256.Equals(Vector256.LoadUnsafe(ref scores, (nuint)i), Vector256.Create(value)).ExtractMostSignificantBits()
                    | (Vector256.Equals(Vector256.LoadUnsafe(ref scores, (nuint)(i + 4)), Vector256.Create(value)).ExtractMostSignificantBits() << 4)) << i;
        }

        return bits;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Raise(ref double scores, nuint at, ref Vector512<double> best)
    {
        Vector512<double> score = Vector512.LoadUnsafe(ref scores, at);
        ulong higher = Vector512.GreaterThan(score, best).ExtractMostSignificantBits();
        best = Avx512F.Max(best, score);
        return higher;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Raise(ref double scores, nuint at, ref Vector256<double> best)
    {
        Vector256<double> score = Vector256.LoadUnsafe(ref scores, at);
        ulong higher = Vector256.GreaterThan(score, best).ExtractMostSignificantBits();
        best = Avx.IsSupported ? Avx.Max(best, score) : Vector256.Max(best, score);
        return higher;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Code(Vector512<double> score, double scale) =>
        Avx512F.ConvertToVector256Int32WithTruncation(Avx512F.Min(score * Vector512.Create(scale), Vector512.Create(255.0)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Code(Vector256<double> score, double scale)
    {
        Vector256<double> code = score * Vector256.Create(scale), most = Vector256.Create(255.0);
        if (Avx.IsSupported)
            return Avx.ConvertToVector128Int32WithTruncation(Avx.Min(code, most));
        Vector256<long> whole = Vector256.ConvertToInt64(Vector256.Min(code, most));
        return Vector128.Narrow(whole.GetLower(), whole.GetUpper());
    }
}
