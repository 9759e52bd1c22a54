namespace CabsPs.Engine.Search;

/// <summary>How a search goes about it.</summary>
public sealed record SearchOptions
{
    /// <summary>The strategies there are.</summary>
    public static IReadOnlyList<string> Strategies { get; } = ["grid", "coordinate", "cma-es"];

    /// <summary>The objectives there are.</summary>
    public static IReadOnlyList<string> Objectives { get; } = ["mean", "relative"];

    /// <summary>grid, coordinate or cma-es.</summary>
    public string Strategy { get; init; } = "coordinate";

    /// <summary>mean, or relative: 100 times the harm to tasks that fall behind the reference weighs against the gain of the others.</summary>
    public string Objective { get; init; } = "mean";

    /// <summary>Whether the judge's scores are losses: the lower the better.</summary>
    public bool LowerIsBetter { get; init; }

    /// <summary>The smallest weight tried.</summary>
    public double Minimum { get; init; } = 0.1;

    /// <summary>The largest weight tried.</summary>
    public double Maximum { get; init; } = 2;

    /// <summary>The distance of the grid's points.</summary>
    public double Step { get; init; } = 0.1;

    /// <summary>The distance of the points round the grid's best, or 0 for none; with coordinate the smallest step. Null for 0.01 with grid and 0.05 with
    /// coordinate.</summary>
    public double? FineStep { get; init; }

    /// <summary>Where cma-es begins, for all weights.</summary>
    public double Start { get; init; } = 1;

    /// <summary>The spread of cma-es' first candidates.</summary>
    public double Sigma { get; init; } = 0.05;

    /// <summary>Candidates of a generation of cma-es.</summary>
    public int Population { get; init; } = 6;

    /// <summary>The most generations of cma-es.</summary>
    public int Generations { get; init; } = 50;

    /// <summary>After how many generations without a better trial cma-es ends.</summary>
    public int Patience { get; init; } = 6;

    /// <summary>The most trials; the search ends there with the best so far.</summary>
    public int MaxTrials { get; init; } = 1000;

    /// <summary>What random choices start from.</summary>
    public long Seed { get; init; }

    internal double EffectiveFineStep => FineStep ?? (Strategy == "grid" ? 0.01 : 0.05);

    /// <summary>Refuses what cannot be.</summary>
    /// <exception cref="CabsException">Something cannot be.</exception>
    public void Check()
    {
        Word(Strategy, Strategies, "strategy");
        Word(Objective, Objectives, "objective");
        Number(double.IsFinite(Minimum) && double.IsFinite(Maximum) && Minimum < Maximum, "minimum", $"the weights run from {Minimum} to {Maximum}; the smallest must be below the largest");
        Number(Step > 0 && Step <= Maximum - Minimum, "step", $"the step is {Step}; it takes a number above 0, and not more than from the smallest weight to the largest");
        Number(EffectiveFineStep >= 0 && (EffectiveFineStep > 0 || Strategy != "coordinate"), "fine step", $"the fine step is {EffectiveFineStep}; it takes a number above 0 (with grid also 0, for none)");
        Number(Start >= Minimum && Start <= Maximum, "start", $"the start is {Start}; it takes a number from {Minimum} to {Maximum}");
        Number(Sigma > 0, "sigma", $"sigma is {Sigma}; it takes a number above 0");
        Number(Population > 2, "population", $"the population is {Population}; it takes a whole number from 3 up");
        Number(Generations > 0 && Patience > 0 && MaxTrials > 0, "trials", $"generations, patience and trials take whole numbers from 1 up");
    }

    private static void Word(string value, IReadOnlyList<string> known, string what)
    {
        if (!known.Contains(value))
            throw new CabsException(CabsError.ParameterInvalid, $"unknown {what} {Text.Quote(value)}{Recipes.Suggestion.Hint(value, known)} (known: {string.Join(", ", known)})", value);
    }

    private static void Number(bool holds, string what, FormattableString message)
    {
        if (!holds)
            throw new CabsException(CabsError.ParameterInvalid, FormattableString.Invariant(message), what);
    }
}
