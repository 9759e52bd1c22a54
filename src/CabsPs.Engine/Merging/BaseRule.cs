namespace CabsPs.Engine.Merging;

/// <summary>What a base model is to a merge method.</summary>
public enum BaseRule
{
    /// <summary>There must be one; the method works on differences from it, or treats it in a way of its own.</summary>
    Required,

    /// <summary>With one, the method works on differences from it; without, on the models themselves.</summary>
    Optional,

    /// <summary>The method knows no base: a base model is one more input, with parameters of its own.</summary>
    Ignored,
}

/// <summary>How many models a method takes besides its base.</summary>
/// <param name="Minimum">The fewest.</param>
/// <param name="Maximum">The most.</param>
public readonly record struct InputCount(int Minimum, int Maximum = int.MaxValue)
{
    /// <summary>Any number; without one, the result is the base.</summary>
    public static InputCount Any => new(0);

    /// <summary>Exactly so many.</summary>
    public static InputCount Exactly(int count) => new(count, count);

    /// <summary>Whether a number of models is one that the method takes.</summary>
    public bool Allows(int count) => count >= Minimum && count <= Maximum;

    /// <inheritdoc/>
    public override string ToString() =>
        Minimum == Maximum ? $"{Minimum} {(Minimum == 1 ? "model" : "models")}"
        : Maximum == int.MaxValue ? $"at least {Minimum} {(Minimum == 1 ? "model" : "models")}"
        : $"{Minimum} to {Maximum} models";
}
