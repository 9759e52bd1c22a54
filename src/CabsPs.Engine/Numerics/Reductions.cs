using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CabsPs.Engine.Numerics;

/// <summary>Sums over a piece of a tensor in float64, in the fixed order of <see cref="ReferenceKernels{T}.Lanes"/>, so that no
/// processor's vector width shows in them.</summary>
public static class Reductions
{
    /// <summary>Σ a[i]·b[i].</summary>
    public static double Dot<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        const int Lanes = ReferenceKernels<T>.Lanes;
        Span<double> sums = stackalloc double[Lanes];
        sums.Clear();
        int i = 0;
        if (typeof(T) == typeof(float) && Vector256.IsHardwareAccelerated)
            i = DotWhole(MemoryMarshal.Cast<T, float>(a), MemoryMarshal.Cast<T, float>(b), sums);
        for (; i <= a.Length - Lanes; i += Lanes)
        {
            ReadOnlySpan<T> x = a.Slice(i, Lanes), y = b.Slice(i, Lanes);
            for (int lane = 0; lane < Lanes; lane++)
                sums[lane] += double.CreateTruncating(x[lane]) * double.CreateTruncating(y[lane]);
        }

        for (; i < a.Length; i++)
            sums[i % Lanes] += double.CreateTruncating(a[i]) * double.CreateTruncating(b[i]);
        double total = 0;
        foreach (double sum in sums)
            total += sum;
        return total;
    }

    /// <summary>Σ |values[i]|.</summary>
    public static double SumOfMagnitudes<T>(ReadOnlySpan<T> values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        const int Lanes = ReferenceKernels<T>.Lanes;
        Span<double> sums = stackalloc double[Lanes];
        sums.Clear();
        for (int i = 0; i < values.Length; i++)
            sums[i % Lanes] += Math.Abs(double.CreateTruncating(values[i]));
        double total = 0;
        foreach (double sum in sums)
            total += sum;
        return total;
    }

    /// <summary>How many a[i]·b[i] are negative.</summary>
    public static long CountOpposite<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        long count = 0;
        int i = 0;
        for (; i <= a.Length - Vector<T>.Count; i += Vector<T>.Count)
        {
            Vector<T> x = new(a[i..]), y = new(b[i..]);
            // a comparison gives −1 in every lane that it holds in
            Vector<T> opposite = (Vector.LessThan(x, Vector<T>.Zero) & Vector.GreaterThan(y, Vector<T>.Zero))
                | (Vector.GreaterThan(x, Vector<T>.Zero) & Vector.LessThan(y, Vector<T>.Zero));
            count += typeof(T) == typeof(float) ? -Vector.Sum(opposite.As<T, int>()) : -Vector.Sum(opposite.As<T, long>());
        }

        for (; i < a.Length; i++)
            count += (a[i] < T.Zero && b[i] > T.Zero) || (a[i] > T.Zero && b[i] < T.Zero) ? 1 : 0;
        return count;
    }

    // products of two float32 are exact in float64, so that a fused multiply-add would not show; returns how many elements were taken
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int DotWhole(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<double> sums)
    {
        const int Lanes = ReferenceKernels<float>.Lanes;
        int done = Math.Min(a.Length, b.Length) / Lanes * Lanes;
        ref float x = ref MemoryMarshal.GetReference(a);
        ref float y = ref MemoryMarshal.GetReference(b);
        if (Avx512F.IsSupported)
        {
            Vector512<double> s0 = default, s1 = default;
            for (int i = 0; i < done; i += Lanes)
            {
                s0 += Avx512F.ConvertToVector512Double(Vector256.LoadUnsafe(ref x, (nuint)i)) * Avx512F.ConvertToVector512Double(Vector256.LoadUnsafe(ref y, (nuint)i));
                s1 += Avx512F.ConvertToVector512Double(Vector256.LoadUnsafe(ref x, (nuint)i + 8)) * Avx512F.ConvertToVector512Double(Vector256.LoadUnsafe(ref y, (nuint)i + 8));
            }

            s0.CopyTo(sums);
            s1.CopyTo(sums[8..]);
            return done;
        }

        Vector256<double> t0 = default, t1 = default, t2 = default, t3 = default;
        for (int i = 0; i < done; i += Lanes)
        {
            (Vector256<double> x0, Vector256<double> x1) = Vector256.Widen(Vector256.LoadUnsafe(ref x, (nuint)i));
            (Vector256<double> x2, Vector256<double> x3) = Vector256.Widen(Vector256.LoadUnsafe(ref x, (nuint)i + 8));
            (Vector256<double> y0, Vector256<double> y1) = Vector256.Widen(Vector256.LoadUnsafe(ref y, (nuint)i));
            (Vector256<double> y2, Vector256<double> y3) = Vector256.Widen(Vector256.LoadUnsafe(ref y, (nuint)i + 8));
            t0 += x0 * y0;
            t1 += x1 * y1;
            t2 += x2 * y2;
            t3 += x3 * y3;
        }

        t0.CopyTo(sums);
        t1.CopyTo(sums[4..]);
        t2.CopyTo(sums[8..]);
        t3.CopyTo(sums[12..]);
        return done;
    }
}
