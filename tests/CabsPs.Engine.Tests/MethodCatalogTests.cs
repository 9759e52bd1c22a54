using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Tests;

/// <summary>Declarations are complete: help, tables and messages are made of nothing else.</summary>
public sealed class MethodCatalogTests
{
    public static TheoryData<string> Methods { get; } = new(MethodCatalog.All.Select(m => m.Name));

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_method_says_what_it_does_and_where_it_comes_from(string name)
    {
        MergeMethod method = MethodCatalog.Get(name);
        Assert.False(string.IsNullOrWhiteSpace(method.Summary));
        Assert.False(string.IsNullOrWhiteSpace(method.Formula));
        Assert.False(string.IsNullOrWhiteSpace(method.Source));
        Assert.Matches("^[a-z][a-z0-9_]*$", method.Name);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Its_parameters_are_described_and_their_defaults_allowed(string name)
    {
        MethodParameter[] parameters = [.. MethodCatalog.Get(name).Parameters];
        Assert.Equal(parameters.Length, parameters.Select(p => p.Name).Distinct().Count());
        Assert.All(parameters, p =>
        {
            Assert.Matches("^[A-Za-z][a-z0-9_]*$", p.Name);
            Assert.False(string.IsNullOrWhiteSpace(p.Description), p.Name);
            Assert.True(p.Minimum <= p.Maximum);
            Assert.True(p.Kind != ParameterKind.Choice || p.Words.Count > 1);
            switch (p.Default)
            {
                case double number:
                    Assert.True(p.Kind is ParameterKind.Number or ParameterKind.Integer && p.Accepts(number), p.Name);
                    break;
                case bool:
                    Assert.Equal(ParameterKind.Switch, p.Kind);
                    break;
                case string word:
                    Assert.True(p.Words.Count == 0 || p.Words.Contains(word), p.Name);
                    break;
                default:
                    Assert.Null(p.Default);
                    break;
            }
        });
    }

    [Fact]
    public void Names_are_unique() => Assert.Equal(MethodCatalog.All.Count, MethodCatalog.All.Select(m => m.Name).Distinct().Count());
}
