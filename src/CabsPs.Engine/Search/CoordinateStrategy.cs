namespace CabsPs.Engine.Search;

/// <summary>A scan of equal weights over the whole range, then steps to either side: of all weights together, and of one after the other. When no
/// direction improves, the step becomes the next smaller of 1, 0.5, 0.2, 0.1, 0.05 …, down to the fine step (a pattern search after Hooke and Jeeves,
/// "Direct search", 1961); so the weights tried are short numbers.</summary>
internal sealed class CoordinateStrategy : SearchStrategy
{
    private const int ScanParts = 4;
    private static readonly double[] s_leading = [1, 2, 5];
    private readonly SearchOptions _options;
    private readonly int _dimensions;
    private readonly double _finest;
    private int _rank;
    private double[] _best = [];
    private double _score = double.NegativeInfinity;
    private int _direction = -1;
    private bool _improved;

    public CoordinateStrategy(SearchOptions options, int dimensions)
    {
        (_options, _dimensions) = (options, dimensions);
        _finest = options.EffectiveFineStep;
        double part = (options.Maximum - options.Minimum) / ScanParts;
        // the smallest of the series that divides the range into no more than four parts
        _rank = (int)Math.Floor(3 * Math.Log10(part)) - 1;
        while (Step < part * (1 - 1e-9))
            _rank++;
    }

    private double Step => s_leading[((_rank % 3) + 3) % 3] * Math.Pow(10, Math.Floor(_rank / 3.0));

    // all together first, where there are several
    private int Directions => _dimensions == 1 ? 1 : _dimensions + 1;

    /// <inheritdoc/>
    public override IReadOnlyList<double[]> Ask()
    {
        if (_best.Length == 0)
            return [.. Enumerable.Range(0, ScanParts + 1).Select(i => Place(_options.Minimum + (i * Step), _options)).Distinct().Select(w => Enumerable.Repeat(w, _dimensions).ToArray())];
        while (true)
        {
            _direction++;
            if (_direction == Directions)
            {
                _rank -= _improved ? 0 : 1;
                (_direction, _improved) = (0, false);
            }

            if (Step < _finest * (1 - 1e-9))
                return [];
            double[][] steps = [.. new[] { Moved(-Step), Moved(Step) }.Where(p => !p.SequenceEqual(_best))];
            if (steps.Length > 0)
                return steps;
        }
    }

    /// <inheritdoc/>
    public override void Tell(IReadOnlyList<double[]> asked, IReadOnlyList<double> scores)
    {
        bool scans = _best.Length == 0;
        for (int i = 0; i < scores.Count; i++)
        {
            if (scores[i] > _score)
                (_best, _score, _improved) = (asked[i], scores[i], !scans);
        }

        _rank -= scans ? 1 : 0;
    }

    private double[] Moved(double by)
    {
        int only = _dimensions == 1 ? 0 : _direction - 1;
        return [.. _best.Select((w, i) => only < 0 || only == i ? Place(w + by, _options) : w)];
    }
}
