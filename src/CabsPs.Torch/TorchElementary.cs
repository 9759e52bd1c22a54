using static CabsPs.Torch.TensorMath;
using static TorchSharp.torch;

namespace CabsPs.Torch;

/// <summary>The exponential functions of the managed engine on tensors of float64: additions and multiplications alone, in the same order, so that the bits
/// are the same on every device.</summary>
internal static class TorchElementary
{
    private const double Log2High = 6.93147180369123816490e-01;
    private const double Log2Low = 1.90821492927058770002e-10;
    private const double PerLog2 = 1 / (Log2High + Log2Low);
    private const int LeastPower = -1022;
    private static readonly double[] s_powers = [.. Enumerable.Range(LeastPower, 2046).Select(k => Math.ScaleB(1, k))];
    private static readonly double[] s_odd = [1 / 6227020800.0, 1 / 39916800.0, 1 / 362880.0, 1 / 5040.0, 1 / 120.0, 1 / 6.0];
    private static readonly double[] s_even = [1 / 87178291200.0, 1 / 479001600.0, 1 / 3628800.0, 1 / 40320.0, 1 / 720.0, 1 / 24.0];

    /// <summary>eˣ.</summary>
    public static Tensor Exp(Tensor x)
    {
        Tensor near = x.clamp(Number.Of(-700), Number.Of(700)), k = (near * Number.Of(PerLog2)).round();
        Tensor rest = near - (k * Number.Of(Log2High)) - (k * Number.Of(Log2Low));
        Tensor powers = from_array(s_powers).to(x.device).index_select(0, (k.to(ScalarType.Int64) - Number.Of(LeastPower)).reshape(-1)).view_as(x);
        Tensor value = Series(rest).Plus(Number.Of(1)) * powers;
        Tensor inside = x.abs() < Number.Of(700);
        return Choose(inside, value, Choose(x > Number.Of(0), full_like(x, Number.Of(double.PositiveInfinity)), Choose(x.isnan(), x, zeros_like(x))));
    }

    /// <summary>tanh x.</summary>
    public static Tensor Tanh(Tensor x)
    {
        Tensor y = x.abs() * Number.Of(2);
        Tensor m = Choose(y < Number.Of(0.35), Series(y.clamp_max(Number.Of(0.35))), Exp(y) - Number.Of(1));
        Tensor t = Choose(y > Number.Of(80), ones_like(y), m / m.Plus(Number.Of(2)));
        return Choose(x < Number.Of(0), t.neg(), t);
    }

    // eˣ − 1 for |x| ≤ 0.35
    private static Tensor Series(Tensor x)
    {
        Tensor z = x * x;
        return (x * (z * Polynomial(z, s_odd)).Plus(Number.Of(1))).Plus(z * (z * Polynomial(z, s_even)).Plus(Number.Of(0.5)));
    }

    // the highest coefficient first
    private static Tensor Polynomial(Tensor z, double[] coefficients)
    {
        Tensor sum = full_like(z, Number.Of(coefficients[0]));
        foreach (double coefficient in coefficients.AsSpan(1))
            sum = (z * sum).Plus(Number.Of(coefficient));
        return sum;
    }
}
