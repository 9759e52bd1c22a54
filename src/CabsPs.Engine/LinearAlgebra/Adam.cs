namespace CabsPs.Engine.LinearAlgebra;

/// <summary>Adam with its usual constants (β₁ 0.9, β₂ 0.999, ε 1e-8), in float64. Source: Kingma and Ba, Adam: A Method for Stochastic Optimization, ICLR 2015.</summary>
/// <param name="count">How many values are optimised.</param>
/// <param name="rate">The learning rate.</param>
internal sealed class Adam(int count, double rate)
{
    private readonly double[] _mean = new double[count];
    private readonly double[] _square = new double[count];
    private double _meanDecay = 1;
    private double _squareDecay = 1;

    /// <summary>Makes one step against the gradient.</summary>
    public void Step(Span<double> values, ReadOnlySpan<double> gradient)
    {
        _meanDecay *= 0.9;
        _squareDecay *= 0.999;
        double mean = 1 - _meanDecay, square = 1 - _squareDecay;
        for (int i = 0; i < values.Length; i++)
        {
            double g = gradient[i];
            double m = _mean[i] = (0.9 * _mean[i]) + (0.1 * g);
            double v = _square[i] = (0.999 * _square[i]) + (0.001 * g * g);
            values[i] -= rate * (m / mean) / (Math.Sqrt(v / square) + 1e-8);
        }
    }
}
