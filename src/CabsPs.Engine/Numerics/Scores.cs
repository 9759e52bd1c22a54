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

    /// <summary>Finds per free position the active vector with the highest score above zero, the first of equals.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FindLeaders<V>(JointRoom room)
        where V : struct, ILanes<V>
    {
        ReadOnlySpan<int> active = room.Active;
        Span<ulong> free = room.Free;
        for (int w = 0; w < free.Length; w++)
        {
            foreach (int v in active)
                room.Leads(v)[w] = 0;
            if (V.Count == 16)
                Lead512(room, active, w);
            else
                Lead256(room, active, w);
            // a later vector that scores higher takes the lead
            ulong open = free[w];
            for (int a = active.Length - 1; a >= 0; a--)
            {
                ref ulong leads = ref room.Leads(active[a])[w];
                leads &= open;
                open &= ~leads;
            }
        }
    }

    /// <summary>Which scores lie above a limit, or at it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FindAbove<V>(ReadOnlySpan<double> scores, double limit, bool orEqual, Span<ulong> above)
        where V : struct, ILanes<V>
    {
        ref double from = ref MemoryMarshal.GetReference(scores);
        // the next number up: greater or equal is greater than the one below
        double edge = orEqual ? Math.BitDecrement(limit) : limit;
        for (int w = 0; w < above.Length; w++)
        {
            ulong bits = 0;
            nuint at = (nuint)w * 64;
            if (V.Count == 16)
            {
                for (int i = 0; i < 64; i += 8)
                    bits |= Vector512.GreaterThan(Vector512.LoadUnsafe(ref from, at + (nuint)i), Vector512.Create(edge)).ExtractMostSignificantBits() << i;
            }
            else
            {
                for (int i = 0; i < 64; i += 4)
                    bits |= (ulong)Vector256.GreaterThan(Vector256.LoadUnsafe(ref from, at + (nuint)i), Vector256.Create(edge)).ExtractMostSignificantBits() << i;
            }

            above[w] = bits;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Lead512(JointRoom room, ReadOnlySpan<int> active, int w)
    {
        Vector512<double> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default, b6 = default, b7 = default;
        foreach (int v in active)
        {
            ref double score = ref room.ScoresOf(v)[w * 64];
            room.Leads(v)[w] = Raise(ref score, 0, ref b0) | (Raise(ref score, 8, ref b1) << 8) | (Raise(ref score, 16, ref b2) << 16) | (Raise(ref score, 24, ref b3) << 24)
                | (Raise(ref score, 32, ref b4) << 32) | (Raise(ref score, 40, ref b5) << 40) | (Raise(ref score, 48, ref b6) << 48) | (Raise(ref score, 56, ref b7) << 56);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Lead256(JointRoom room, ReadOnlySpan<int> active, int w)
    {
        for (int i = 0; i < 64; i += 16)
        {
            Vector256<double> b0 = default, b1 = default, b2 = default, b3 = default;
            foreach (int v in active)
            {
                ref double score = ref room.ScoresOf(v)[(w * 64) + i];
                room.Leads(v)[w] |= (Raise(ref score, 0, ref b0) | (Raise(ref score, 4, ref b1) << 4) | (Raise(ref score, 8, ref b2) << 8) | (Raise(ref score, 12, ref b3) << 12)) << i;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Raise(ref double scores, nuint at, ref Vector512<double> best)
    {
        Vector512<double> score = Vector512.LoadUnsafe(ref scores, at);
        ulong higher = Vector512.GreaterThan(score, best).ExtractMostSignificantBits();
        best = Avx512F.IsSupported ? Avx512F.Max(best, score) : Vector512.Max(best, score);
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
}
