namespace CabsPs.Engine.Search;

/// <summary>Decides which weights are tried next. The same scores give the same questions, so a search that was stopped can be played again.</summary>
internal abstract class SearchStrategy
{
    /// <summary>Decimals of a weight: finer differences are not worth a trial.</summary>
    public const int Decimals = 4;

    /// <summary>The next candidates, which may be judged side by side; none at the end.</summary>
    public abstract IReadOnlyList<double[]> Ask();

    /// <summary>Receives the objectives of these candidates; the larger the better.</summary>
    public abstract void Tell(IReadOnlyList<double[]> asked, IReadOnlyList<double> scores);

    /// <summary>The strategy of this name.</summary>
    /// <param name="options">Options that were checked.</param>
    /// <param name="dimensions">How many weights there are.</param>
    /// <exception cref="CabsException">A grid would have more points than trials are allowed.</exception>
    public static SearchStrategy Create(SearchOptions options, int dimensions) => options.Strategy switch
    {
        "grid" => new GridStrategy(options, dimensions),
        "coordinate" => new CoordinateStrategy(options, dimensions),
        _ => new CmaStrategy(options, dimensions),
    };

    /// <summary>A weight inside the range, rounded.</summary>
    protected static double Place(double value, SearchOptions options) =>
        Math.Clamp(Math.Round(value, Decimals), options.Minimum, options.Maximum);
}
