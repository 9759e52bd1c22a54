namespace CabsPs.Engine.Tests;

/// <summary>A test that needs golden cases of the recipe language of which a clone has no copy: skipped there.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CaseFactAttribute : FactAttribute
{
    public CaseFactAttribute(params string[] cases) => Skip = Missing(cases);

    /// <summary>Why the test cannot run; null when it can.</summary>
    public static string? Missing(string[] cases) =>
        cases.FirstOrDefault(name => !RecipeCase.All.Any(c => c.Name == name)) is { } name ? $"needs the golden case {name}, of which the repository has no copy" : null;
}

/// <summary>A test with several sets of data that needs golden cases.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CaseTheoryAttribute : TheoryAttribute
{
    public CaseTheoryAttribute(params string[] cases) => Skip = CaseFactAttribute.Missing(cases);
}
