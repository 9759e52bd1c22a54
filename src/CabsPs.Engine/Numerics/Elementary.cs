namespace CabsPs.Engine.Numerics;

/// <summary>Exponential functions made of additions and multiplications alone. The C library's differ in the last bit from processor to
/// processor, and a result must not.</summary>
public static class Elementary
{
    private const double Log2High = 6.93147180369123816490e-01;
    private const double Log2Low = 1.90821492927058770002e-10;

    /// <summary>eˣ, within a few units of the last place.</summary>
    public static double Exp(double x)
    {
        if (!(Math.Abs(x) < 700))
            return double.IsNaN(x) ? x : x > 0 ? double.PositiveInfinity : 0;
        double k = Math.Round(x / (Log2High + Log2Low));
        // |rest| ≤ ln 2 / 2; the first product is exact
        double rest = x - (k * Log2High) - (k * Log2Low);
        return Math.ScaleB(1 + Series(rest), (int)k);
    }

    /// <summary>tanh x, within a few units of the last place, also next to zero.</summary>
    public static double Tanh(double x)
    {
        // with m = e²ˣ − 1, tanh x = m / (m + 2)
        double y = 2 * Math.Abs(x);
        double m = y < 0.35 ? Series(y) : Exp(y) - 1;
        double t = y > 80 ? 1 : m / (m + 2);
        return x < 0 ? -t : t;
    }

    // eˣ − 1 for |x| ≤ 0.35: the rest after x¹⁴ is below 1e-19
    private static double Series(double x)
    {
        double sum = 0;
        for (int i = 14; i >= 1; i--)
            sum = (1 + sum) * x / i;
        return sum;
    }
}
