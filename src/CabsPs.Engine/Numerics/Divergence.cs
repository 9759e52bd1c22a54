using System.Numerics;

namespace CabsPs.Engine.Numerics;

/// <summary>How far two distributions are apart.</summary>
internal static class Divergence
{
    private const double Floor = 1e-8;

    /// <summary>KL(softmax a ‖ softmax b) in float64, 1e-8 added to every probability; never below 0, and exactly 0 for equal rows.</summary>
    public static double OfSoftmax<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        (double topA, double sumA) = Normaliser(a);
        (double topB, double sumB) = Normaliser(b);
        double total = 0;
        for (int i = 0; i < a.Length; i++)
        {
            double p = (Math.Exp(double.CreateTruncating(a[i]) - topA) / sumA) + Floor;
            double q = (Math.Exp(double.CreateTruncating(b[i]) - topB) / sumB) + Floor;
            total += p * Math.Log(p / q);
        }

        return Math.Max(0, total);
    }

    private static (double Top, double Sum) Normaliser<T>(ReadOnlySpan<T> values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        double top = double.NegativeInfinity, sum = 0;
        foreach (T value in values)
            top = Math.Max(top, double.CreateTruncating(value));
        foreach (T value in values)
            sum += Math.Exp(double.CreateTruncating(value) - top);
        return (top, sum);
    }
}
