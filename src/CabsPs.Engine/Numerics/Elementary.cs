namespace CabsPs.Engine.Numerics;

/// <summary>Exponential functions made of additions and multiplications alone. The C library's differ in the last bit from processor to
/// processor, and a result must not.</summary>
public static class Elementary
{
    private const double Log2High = 6.93147180369123816490e-01;
    private const double PerLog2 = 1 / (Log2High + Log2Low);
    private const double Log2Low = 1.90821492927058770002e-10;

    /// <summary>eˣ, within a few units of the last place.</summary>
    public static double Exp(double x)
    {
        if (!(Math.Abs(x) < 700))
            return double.IsNaN(x) ? x : x > 0 ? double.PositiveInfinity : 0;
        double k = Math.Round(x * PerLog2);
        // |rest| ≤ ln 2 / 2; the first product is exact
        double rest = x - (k * Log2High) - (k * Log2Low);
        return (1 + Series(rest)) * BitConverter.Int64BitsToDouble((1023L + (long)k) << 52);
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

    /// <summary>ln x of a positive number, within a few units of the last place.</summary>
    public static double Log(double x)
    {
        if (!(x > 0) || double.IsInfinity(x))
            return x == 0 ? double.NegativeInfinity : x > 0 ? x : double.NaN;
        int k = Math.ILogB(x);
        double m = Math.ScaleB(x, -k);
        if (m > 1.4142135623730951)
            (m, k) = (m / 2, k + 1);
        // ln m = 2 artanh t, |t| ≤ 0.172: the rest after t²³ is below 1e-19
        double t = (m - 1) / (m + 1), z = t * t, sum = 0;
        for (int i = 23; i >= 3; i -= 2)
            sum = (sum + (1.0 / i)) * z;
        return (k * Log2High) + ((2 * t * (1 + sum)) + (k * Log2Low));
    }

    /// <summary>xᵖ of a number that is not negative; square and fourth roots as exactly as roots are.</summary>
    public static double Power(double x, double p) => p switch
    {
        1 => x,
        0.5 => Math.Sqrt(x),
        0.25 => Math.Sqrt(Math.Sqrt(x)),
        0 => 1,
        _ => x == 0 ? (p > 0 ? 0 : double.PositiveInfinity) : Exp(p * Log(x)),
    };

    // eˣ − 1 for |x| ≤ 0.35: the rest after x¹⁴ is below 1e-19. Even and odd powers apart, so that the processor can work on both
    private static double Series(double x)
    {
        double z = x * x;
        double odd = 1 + (z * ((1 / 6.0) + (z * ((1 / 120.0) + (z * ((1 / 5040.0) + (z * ((1 / 362880.0) + (z * ((1 / 39916800.0) + (z * (1 / 6227020800.0))))))))))));
        double even = 0.5 + (z * ((1 / 24.0) + (z * ((1 / 720.0) + (z * ((1 / 40320.0) + (z * ((1 / 3628800.0) + (z * ((1 / 479001600.0) + (z * (1 / 87178291200.0))))))))))));
        return (x * odd) + (z * even);
    }
}
