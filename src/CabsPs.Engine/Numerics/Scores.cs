using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CabsPs.Engine.Numerics;

/// <summary>The float64 side of joint assignment. Two widths do: eight lanes where floats have sixteen, else four, which narrower
/// processors take in two halves.</summary>
internal static class Scores
{
    /// <summary>scores[i] = |delta[i]| / rms, zero past the end.</summary>
    /// <param name="delta">The deltas of a block.</param>
    /// <param name="rms">Their root mean square.</param>
    /// <param name="scores">Receives the scores.</param>
    /// <param name="best">The highest scores so far; follow.</param>
    /// <param name="raised">Receives where they did.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Enter<V>(ReadOnlySpan<float> delta, double rms, Span<double> scores, Span<double> best, Span<ulong> raised)
        where V : struct, ILanes<V>
    {
        Span<float> rest = stackalloc float[64];
        for (int w = 0; w < raised.Length; w++)
        {
            scoped ReadOnlySpan<float> word = delta[(w * 64)..];
            if (word.Length < 64)
            {
                word.CopyTo(rest);
                rest[word.Length..].Clear();
                word = rest;
            }

            ref float from = ref MemoryMarshal.GetReference(word);
            ref double to = ref scores[w * 64], highest = ref best[w * 64];
            ulong bits = 0;
            if (V.Count == 16 && Avx512F.IsSupported)
            {
                for (int i = 0; i < 64; i += 8)
                {
                    Vector512<double> score = Avx512F.ConvertToVector512Double(Vector256.Abs(Vector256.LoadUnsafe(ref from, (nuint)i))) / Vector512.Create(rms);
                    Vector512<double> before = Vector512.LoadUnsafe(ref highest, (nuint)i);
                    score.StoreUnsafe(ref to, (nuint)i);
                    Avx512F.Max(before, score).StoreUnsafe(ref highest, (nuint)i);
                    bits |= Vector512.GreaterThan(score, before).ExtractMostSignificantBits() << i;
                }
            }
            else
            {
                for (int i = 0; i < 64; i += 4)
                {
                    Vector128<float> magnitude = Vector128.Abs(Vector128.LoadUnsafe(ref from, (nuint)i));
                    Vector256<double> wide = Avx.IsSupported ? Avx.ConvertToVector256Double(magnitude) : Vector256.Create(Vector128.WidenLower(magnitude), Vector128.WidenUpper(magnitude));
                    Vector256<double> score = wide / Vector256.Create(rms), before = Vector256.LoadUnsafe(ref highest, (nuint)i);
                    score.StoreUnsafe(ref to, (nuint)i);
                    (Avx.IsSupported ? Avx.Max(before, score) : Vector256.Max(before, score)).StoreUnsafe(ref highest, (nuint)i);
                    bits |= (ulong)Vector256.GreaterThan(score, before).ExtractMostSignificantBits() << i;
                }
            }

            raised[w] = bits;
        }
    }

    /// <summary>codes[i] = min(255, scores[i] · scale), for whole words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Encode<V>(ReadOnlySpan<double> scores, double scale, Span<byte> codes)
        where V : struct, ILanes<V>
    {
        ref double from = ref MemoryMarshal.GetReference(scores);
        ref byte to = ref MemoryMarshal.GetReference(codes);
        for (int i = 0; i < codes.Length; i += 16)
        {
            ref double score = ref Unsafe.Add(ref from, i);
            Vector128<byte> code = V.Count == 16 && Avx512F.IsSupported
                ? Avx512F.ConvertToVector128Byte(Vector512.Create(Code512(ref score, 0, scale), Code512(ref score, 8, scale)))
                : Vector128.Narrow(
                    Vector128.Narrow(Code256(ref score, 0, scale), Code256(ref score, 4, scale)),
                    Vector128.Narrow(Code256(ref score, 8, scale), Code256(ref score, 12, scale))).AsByte();
            code.StoreUnsafe(ref to, (nuint)i);
        }
    }

    /// <summary>Which scores are not zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FindPositive(ReadOnlySpan<double> scores, Span<ulong> positive)
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
    private static Vector256<int> Code512(ref double scores, nuint at, double scale) =>
        Avx512F.ConvertToVector256Int32WithTruncation(Avx512F.Min(Vector512.LoadUnsafe(ref scores, at) * Vector512.Create(scale), Vector512.Create(255.0)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Code256(ref double scores, nuint at, double scale)
    {
        Vector256<double> code = Vector256.LoadUnsafe(ref scores, at) * Vector256.Create(scale), most = Vector256.Create(255.0);
        if (Avx.IsSupported)
            return Avx.ConvertToVector128Int32WithTruncation(Avx.Min(code, most));
        Vector256<long> whole = Vector256.ConvertToInt64(Vector256.Min(code, most));
        return Vector128.Narrow(whole.GetLower(), whole.GetUpper());
    }
}
