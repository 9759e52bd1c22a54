using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Tests;

/// <summary>The exponential functions of our own against the library's.</summary>
public sealed class ElementaryTests
{
    [Fact]
    public void Exp_and_tanh_are_right_to_a_few_units_of_the_last_place()
    {
        var random = new Random(1);
        for (int i = 0; i < 100_000; i++)
        {
            double x = (random.NextDouble() - 0.5) * Math.ScaleB(1, random.Next(-40, 10));
            AssertNear(Math.Exp(x), Elementary.Exp(x));
            AssertNear(Math.Tanh(x), Elementary.Tanh(x));
        }
    }

    [Fact]
    public void Ends_are_right()
    {
        Assert.Equal(1, Elementary.Exp(0));
        Assert.Equal(0, Elementary.Tanh(0));
        Assert.Equal(0, Elementary.Exp(double.NegativeInfinity));
        Assert.Equal(double.PositiveInfinity, Elementary.Exp(double.PositiveInfinity));
        Assert.Equal(1, Elementary.Tanh(1e300));
        Assert.Equal(-1, Elementary.Tanh(double.NegativeInfinity));
        Assert.True(double.IsNaN(Elementary.Exp(double.NaN)) && double.IsNaN(Elementary.Tanh(double.NaN)));
    }

    private static void AssertNear(double expected, double actual) =>
        Assert.True(Math.Abs(expected - actual) <= 8 * Math.BitIncrement(Math.Abs(expected)) * Math.ScaleB(1, -53), $"{actual:R}, expected {expected:R}");
}
