namespace CabsPs.Engine.Search;

/// <summary>All points of a grid, then a finer one round its best point (steps of 0.1 and 0.01: Yang et al., CABS, ICML 2025, as their authors searched).</summary>
internal sealed class GridStrategy : SearchStrategy
{
    private readonly SearchOptions _options;
    private readonly int _dimensions;
    private int _round;
    private double[]? _best;

    public GridStrategy(SearchOptions options, int dimensions)
    {
        (_options, _dimensions) = (options, dimensions);
        double points = Math.Pow(Axis(options.Minimum, options.Maximum, options.Step).Length, dimensions);
        double fine = options.EffectiveFineStep == 0 ? 0 : Math.Pow((2 * Math.Floor((options.Step / options.EffectiveFineStep) + 1e-9)) + 1, dimensions);
        if (points + fine > options.MaxTrials)
            throw new CabsException(CabsError.ParameterInvalid, $"a grid over {dimensions} weight(s) has up to {Text.Count(points + fine)} points, and at most {options.MaxTrials} trials are allowed; search by coordinate or cma-es, take larger steps, or allow more trials", "strategy");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<double[]> Ask() => _round++ switch
    {
        0 => Product([.. Enumerable.Repeat(Axis(_options.Minimum, _options.Maximum, _options.Step), _dimensions)]),
        1 when _options.EffectiveFineStep > 0 => Product([.. _best!.Select(Round)]),
        _ => [],
    };

    /// <inheritdoc/>
    public override void Tell(IReadOnlyList<double[]> asked, IReadOnlyList<double> scores)
    {
        int best = 0;
        for (int i = 1; i < scores.Count; i++)
            best = scores[i] > scores[best] ? i : best;
        _best = asked[best];
    }

    private double[] Round(double centre)
    {
        int steps = (int)((_options.Step / _options.EffectiveFineStep) + 1e-9);
        return [.. Enumerable.Range(-steps, (2 * steps) + 1).Select(i => Place(centre + (i * _options.EffectiveFineStep), _options)).Distinct()];
    }

    private double[] Axis(double low, double high, double step) =>
        [.. Enumerable.Range(0, (int)(((high - low) / step) + 1e-9) + 1).Select(i => Place(low + (i * step), _options))];

    private static List<double[]> Product(IReadOnlyList<double[]> axes)
    {
        var points = new List<double[]> { Array.Empty<double>() };
        foreach (double[] axis in axes)
            points = [.. points.SelectMany(p => axis.Select(value => (double[])[.. p, value]))];
        return points;
    }
}
