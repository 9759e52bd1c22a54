using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Search;

/// <summary>CMA-ES as CABS+ uses it over λ (step 0.05 from 1, identity, 6 candidates, 50 generations, kept in [0.1, 2], end after 6 generations without
/// progress); the strategy itself: Hansen, "The CMA evolution strategy: a tutorial", 2016, sections 2 to 4. Normal numbers are sums of twelve uniform ones
/// less 6, and the covariance is taken apart by Cholesky: but for a few logarithms, additions, multiplications and roots alone, which all processors round alike; weights are tried to four decimals.</summary>
internal sealed class CmaStrategy : SearchStrategy
{
    private readonly SearchOptions _options;
    private readonly int _n;
    private readonly CounterRandom _random;
    private readonly double[] _shares;
    private readonly double _effective;
    private readonly double _stepRate;
    private readonly double _damping;
    private readonly double _pathRate;
    private readonly double _rankOne;
    private readonly double _rankMany;
    private readonly double _expectedLength;
    private readonly double[] _stepPath;
    private readonly double[] _path;
    private double[,] _covariance;
    private double[,] _root;
    private double[] _mean;
    private double _sigma;
    private double _best = double.NegativeInfinity;
    private int _generation;
    private int _idle;

    public CmaStrategy(SearchOptions options, int dimensions)
    {
        (_options, _n) = (options, dimensions);
        _random = new CounterRandom(options.Seed, "cma-es", string.Empty);
        int parents = options.Population / 2;
        double[] raw = [.. Enumerable.Range(1, parents).Select(i => Math.Log((options.Population + 1) / 2.0) - Math.Log(i))];
        _shares = [.. raw.Select(w => w / raw.Sum())];
        _effective = 1 / _shares.Sum(w => w * w);
        double n = dimensions, mu = _effective;
        _stepRate = (mu + 2) / (n + mu + 5);
        _damping = 1 + _stepRate + (2 * Math.Max(0, Math.Sqrt((mu - 1) / (n + 1)) - 1));
        _pathRate = (4 + (mu / n)) / (n + 4 + (2 * mu / n));
        _rankOne = 2 / (((n + 1.3) * (n + 1.3)) + mu);
        _rankMany = Math.Min(1 - _rankOne, 2 * (mu - 2 + (1 / mu)) / (((n + 2) * (n + 2)) + mu));
        _expectedLength = Math.Sqrt(n) * (1 - (1 / (4 * n)) + (1 / (21 * n * n)));
        _stepPath = new double[dimensions];
        _path = new double[dimensions];
        _covariance = Identity();
        _root = Identity();
        _mean = [.. Enumerable.Repeat(options.Start, dimensions)];
        _sigma = options.Sigma;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<double[]> Ask()
    {
        if (_generation == _options.Generations || _idle == _options.Patience)
            return [];
        return [.. Enumerable.Range(0, _options.Population).Select(Sample)];
    }

    /// <inheritdoc/>
    public override void Tell(IReadOnlyList<double[]> asked, IReadOnlyList<double> scores)
    {
        // a stable sort: of equals the earlier candidate is the better one
        int[] ranked = [.. Enumerable.Range(0, scores.Count).OrderByDescending(i => scores[i])];
        _generation++;
        _idle = scores[ranked[0]] > _best ? 0 : _idle + 1;
        _best = Math.Max(_best, scores[ranked[0]]);
        // candidates as they were tried, kept in range and rounded
        double[][] steps = [.. ranked.Take(_shares.Length).Select(i => asked[i].Select((x, d) => (x - _mean[d]) / _sigma).ToArray())];
        double[] step = [.. Enumerable.Range(0, _n).Select(d => _shares.Select((w, i) => w * steps[i][d]).Sum())];
        _mean = [.. _mean.Select((m, d) => m + (_sigma * step[d]))];
        double[] white = Solve(step);
        for (int d = 0; d < _n; d++)
            _stepPath[d] = ((1 - _stepRate) * _stepPath[d]) + (Math.Sqrt(_stepRate * (2 - _stepRate) * _effective) * white[d]);
        double length = Math.Sqrt(_stepPath.Sum(p => p * p));
        bool stalls = length / Math.Sqrt(1 - Power(1 - _stepRate, 2 * _generation)) < (1.4 + (2.0 / (_n + 1))) * _expectedLength;
        for (int d = 0; d < _n; d++)
            _path[d] = ((1 - _pathRate) * _path[d]) + (stalls ? Math.Sqrt(_pathRate * (2 - _pathRate) * _effective) * step[d] : 0);
        Adapt(steps, stalls);
        _sigma *= Elementary.Exp(_stepRate / _damping * ((length / _expectedLength) - 1));
        _root = Cholesky(_covariance);
    }

    private double[] Sample(int candidate)
    {
        var z = new double[_n];
        for (int d = 0; d < _n; d++)
        {
            long first = ((((long)_generation * _options.Population) + candidate) * _n) + d;
            for (int u = 0; u < 12; u++)
                z[d] += _random.Uniform((first * 12) + u);
            z[d] -= 6;
        }

        return [.. _mean.Select((m, d) => Place(m + (_sigma * Enumerable.Range(0, d + 1).Sum(e => _root[d, e] * z[e])), _options))];
    }

    private void Adapt(double[][] steps, bool stalls)
    {
        double lost = stalls ? 0 : _rankOne * _pathRate * (2 - _pathRate);
        for (int a = 0; a < _n; a++)
        {
            for (int b = 0; b <= a; b++)
            {
                double many = _shares.Select((w, i) => w * steps[i][a] * steps[i][b]).Sum();
                _covariance[a, b] = ((1 - _rankOne - _rankMany + lost) * _covariance[a, b]) + (_rankOne * _path[a] * _path[b]) + (_rankMany * many);
                _covariance[b, a] = _covariance[a, b];
            }
        }
    }

    // root⁻¹ · step
    private double[] Solve(double[] step)
    {
        var white = new double[_n];
        for (int d = 0; d < _n; d++)
            white[d] = (step[d] - Enumerable.Range(0, d).Sum(e => _root[d, e] * white[e])) / _root[d, d];
        return white;
    }

    private double[,] Cholesky(double[,] matrix)
    {
        var root = new double[_n, _n];
        for (int a = 0; a < _n; a++)
        {
            for (int b = 0; b <= a; b++)
            {
                double rest = matrix[a, b] - Enumerable.Range(0, b).Sum(e => root[a, e] * root[b, e]);
                // rounding can leave a direction without spread
                root[a, b] = a == b ? Math.Sqrt(Math.Max(rest, 1e-12)) : rest / root[b, b];
            }
        }

        return root;
    }

    private double[,] Identity()
    {
        var matrix = new double[_n, _n];
        for (int d = 0; d < _n; d++)
            matrix[d, d] = 1;
        return matrix;
    }

    private static double Power(double value, int exponent)
    {
        double power = 1;
        for (int i = 0; i < exponent; i++)
            power *= value;
        return power;
    }
}
