using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Tests;

/// <summary>Names in the order people expect.</summary>
public sealed class NaturalOrderTests
{
    [Theory]
    [InlineData("layers.2", "layers.10")]
    [InlineData("layers.2.b", "layers.10.a")]
    [InlineData("layers.9", "layers.10")]
    [InlineData("a", "b")]
    [InlineData("A", "a")]
    [InlineData("a", "a1")]
    [InlineData("a1", "a1b")]
    [InlineData("a.1", "a.b")]
    [InlineData("x01", "x1")]
    [InlineData("x01y", "x1z")]
    [InlineData("x1", "x02")]
    [InlineData("n99999999999999999999", "n100000000000000000000")]
    [InlineData("", "a")]
    public void The_first_comes_before_the_second(string first, string second)
    {
        Assert.True(NaturalOrder.Instance.Compare(first, second) < 0);
        Assert.True(NaturalOrder.Instance.Compare(second, first) > 0);
    }

    [Fact]
    public void Only_the_same_name_is_equal() => Assert.Equal(0, NaturalOrder.Instance.Compare("layers.07.w", "layers.07.w"));

    [Fact]
    public void It_is_an_order()
    {
        string[] names = [.. from a in (string[])["", "a", "1", "01", "10", "2"] from b in (string[])["", ".", "b", "3", "03"] select a + b];
        foreach (string a in names)
            foreach (string b in names)
                foreach (string c in names)
                    Assert.False(NaturalOrder.Instance.Compare(a, b) <= 0 && NaturalOrder.Instance.Compare(b, c) <= 0 && NaturalOrder.Instance.Compare(a, c) > 0, $"{a} {b} {c}");
    }
}
