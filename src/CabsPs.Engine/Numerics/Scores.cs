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

    /// <summary>Finds per open position the active vector with the highest score above zero, the first of equals, and codes those
    /// scores: min(255, (score − least) · scale).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FindLeaders<V>(JointRoom room, double least, double scale)
        where V : struct, ILanes<V>
    {
        int count = room.ActiveCount, words = room.Words;
        ref ulong leads = ref MemoryMarshal.GetReference(room.Leads);
        ref byte codes = ref MemoryMarshal.GetReference(room.Codes);
        for (int w = 0; w < words; w++)
        {
            if (V.Count == 16 && Avx512BW.IsSupported)
                Lead512(room, w, Vector512.Create(least), Vector512.Create(scale), ref Unsafe.Add(ref codes, w * 64));
            else
                Lead256(room, w, Vector256.Create(least), Vector256.Create(scale), ref Unsafe.Add(ref codes, w * 64));
            // a later vector that scores higher takes the lead
            ulong open = room.Open[w];
            for (int a = count - 1; a >= 0; a--)
            {
                ref ulong own = ref Unsafe.Add(ref leads, (a * words) + w);
                own &= open;
                open &= ~own;
            }
        }
    }

    /// <summary>Which scores are not zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FindPositive<V>(ReadOnlySpan<double> scores, Span<ulong> positive)
        where V : struct, ILanes<V>
    {
        ref double from = ref MemoryMarshal.GetReference(scores);
        for (int w = 0; w < positive.Length; w++)
        {
            ulong bits = 0;
            for (int i = 0; i < 64; i += 4)
                bits |= (ulong)Vector256.GreaterThan(Vector256.LoadUnsafe(ref from, (nuint)((w * 64) + i)), Vector256<double>.Zero).ExtractMostSignificantBits() << i;
            positive[w] = bits;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Lead512(JointRoom room, int w, Vector512<double> least, Vector512<double> scale, ref byte codes)
    {
        Vector512<double> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default, b6 = default, b7 = default;
        ReadOnlySpan<int> active = room.Active;
        ref double scores = ref room.ScoresOf(0)[w * 64];
        ref ulong leads = ref room.Leads[w];
        for (int a = 0; a < active.Length; a++)
        {
            ref double score = ref Unsafe.Add(ref scores, active[a] * room.Stride);
            Unsafe.Add(ref leads, a * room.Words) = Raise(ref score, 0, ref b0) | (Raise(ref score, 8, ref b1) << 8) | (Raise(ref score, 16, ref b2) << 16) | (Raise(ref score, 24, ref b3) << 24)
                | (Raise(ref score, 32, ref b4) << 32) | (Raise(ref score, 40, ref b5) << 40) | (Raise(ref score, 48, ref b6) << 48) | (Raise(ref score, 56, ref b7) << 56);
        }

        Encode(b0, b1, least, scale).StoreUnsafe(ref codes);
        Encode(b2, b3, least, scale).StoreUnsafe(ref codes, 16);
        Encode(b4, b5, least, scale).StoreUnsafe(ref codes, 32);
        Encode(b6, b7, least, scale).StoreUnsafe(ref codes, 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Lead256(JointRoom room, int w, Vector256<double> least, Vector256<double> scale, ref byte codes)
    {
        ReadOnlySpan<int> active = room.Active;
        ref double scores = ref room.ScoresOf(0)[w * 64];
        ref ulong leads = ref room.Leads[w];
        for (int i = 0; i < 64; i += 16)
        {
            Vector256<double> b0 = default, b1 = default, b2 = default, b3 = default;
            for (int a = 0; a < active.Length; a++)
            {
                ref double score = ref Unsafe.Add(ref scores, (active[a] * room.Stride) + i);
                ulong higher = (Raise(ref score, 0, ref b0) | (Raise(ref score, 4, ref b1) << 4) | (Raise(ref score, 8, ref b2) << 8) | (Raise(ref score, 12, ref b3) << 12)) << i;
                ref ulong own = ref Unsafe.Add(ref leads, a * room.Words);
                own = i == 0 ? higher : own | higher;
            }

            Encode(b0, b1, b2, b3, least, scale).StoreUnsafe(ref codes, (nuint)i);
        }
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
    private static Vector128<byte> Encode(Vector512<double> a, Vector512<double> b, Vector512<double> least, Vector512<double> scale)
    {
        Vector512<double> most = Vector512.Create(255.0);
        Vector256<int> low = Avx512F.ConvertToVector256Int32WithTruncation(Avx512F.Min((a - least) * scale, most));
        Vector256<int> high = Avx512F.ConvertToVector256Int32WithTruncation(Avx512F.Min((b - least) * scale, most));
        return Avx512F.ConvertToVector128Byte(Vector512.Create(low, high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Encode(Vector256<double> a, Vector256<double> b, Vector256<double> c, Vector256<double> d, Vector256<double> least, Vector256<double> scale)
    {
        Vector128<short> low = Vector128.Narrow(Code(a, least, scale), Code(b, least, scale)), high = Vector128.Narrow(Code(c, least, scale), Code(d, least, scale));
        return Vector128.Narrow(low, high).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Code(Vector256<double> score, Vector256<double> least, Vector256<double> scale)
    {
        Vector256<double> most = Vector256.Create(255.0), code = (score - least) * scale;
        if (Avx.IsSupported)
            return Avx.ConvertToVector128Int32WithTruncation(Avx.Min(code, most));
        Vector256<long> whole = Vector256.ConvertToInt64(Vector256.Min(code, most));
        return Vector128.Narrow(whole.GetLower(), whole.GetUpper());
    }
}
