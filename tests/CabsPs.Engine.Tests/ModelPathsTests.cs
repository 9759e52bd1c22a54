using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Tests;

public sealed class ModelPathsTests
{
    [Theory]
    [InlineData("/m/a,/m/b", "a,b")]
    [InlineData("/m/a/v1,/m/b/v1", "a/v1,b/v1")]
    [InlineData("/m/a/v1,/m/b/v1,/m/c", "a/v1,b/v1,c")]
    [InlineData("/x/m/a/,/y/m/a", "x/m/a,y/m/a")]
    [InlineData("/a,/m/a", "a,m/a")]
    public void Names_are_as_short_as_they_can_be(string paths, string names) =>
        Assert.Equal(names.Split(','), ModelPaths.Names(paths.Split(',')));
}
