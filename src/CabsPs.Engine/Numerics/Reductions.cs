using System.Numerics;

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
}
