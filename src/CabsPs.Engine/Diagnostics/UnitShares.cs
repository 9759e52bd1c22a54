using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Diagnostics;

/// <summary>Shares of equal parts of a tensor (blocks, rows) that a mask keeps: how many parts, Σ kept and Σ kept². Exact: whole numbers, in any
/// order of pieces. A part that lies in several pieces is counted in an array, all others in their piece.</summary>
/// <param name="count">Weights of the tensor.</param>
/// <param name="unit">Weights of a part; an incomplete last part is left out.</param>
internal sealed class UnitShares(long count, long unit)
{
    // 16 MB of counters; more parts than this that are cut by pieces are not measured
    private const long MostCounters = 1 << 22;
    private readonly long _units = count / unit;
    private int[]? _split;

    /// <summary>Sums a piece adds to: Σ kept and Σ kept².</summary>
    public const int SumCount = 2;

    /// <summary>Adds a piece.</summary>
    /// <param name="mask">What is kept of it.</param>
    /// <param name="start">Its first weight's place in the tensor.</param>
    /// <param name="length">Its weights.</param>
    /// <param name="sums">Of parts that lie whole in a piece.</param>
    public void Add(ReadOnlySpan<ulong> mask, long start, int length, Span<double> sums)
    {
        for (int at = 0; at < length;)
        {
            long part = (start + at) / unit;
            if (part >= _units)
                return;
            int rest = (int)Math.Min(length - at, ((part + 1) * unit) - start - at);
            long kept = BitMask.CountRange(mask, at, rest);
            if (rest == unit)
            {
                sums[0] += kept;
                sums[1] += kept * kept;
            }
            else if (_units <= MostCounters)
            {
                Interlocked.Add(ref Split()[part], (int)kept);
            }
            else
            {
                sums[0] = double.NaN;
            }

            at += rest;
        }
    }

    /// <summary>The figures of all parts; null where they were too many to count.</summary>
    public ShareSpread? Complete(ReadOnlySpan<double> sums)
    {
        if (double.IsNaN(sums[0]))
            return null;
        Int128 sum = (Int128)sums[0], squares = (Int128)sums[1];
        foreach (int kept in _split ?? [])
        {
            sum += kept;
            squares += (long)kept * kept;
        }

        _split = null;
        if (_units == 0)
            return new ShareSpread(0, 0, 0);
        // in whole numbers, so that equal parts have a spread of exactly 0
        double deviation = (double)((_units * squares) - (sum * sum)) / _units / unit / unit;
        return new ShareSpread(_units, (double)sum / _units / unit, deviation);
    }

    private int[] Split()
    {
        if (_split is { } known)
            return known;
        Interlocked.CompareExchange(ref _split, new int[_units], null);
        return _split;
    }
}

/// <summary>How shares lie round their mean.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="Deviation">The sum of their squared distances from it.</param>
internal readonly record struct ShareSpread(double Count, double Mean, double Deviation)
{
    /// <summary>These shares and others together (Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances",
    /// 1979).</summary>
    public ShareSpread With(ShareSpread other)
    {
        if (Count == 0 || other.Count == 0)
            return Count == 0 ? other : this;
        double all = Count + other.Count, apart = other.Mean - Mean;
        return new ShareSpread(all, Mean + (apart * other.Count / all), Deviation + other.Deviation + (apart * apart * Count * other.Count / all));
    }

    /// <summary>Standard deviation over mean; null where there are no two shares, or the mean is 0.</summary>
    public double? Variation => Count < 2 || Mean == 0 ? null : Math.Sqrt(Deviation / Count) / Mean;

    /// <summary>The spread of given shares.</summary>
    public static ShareSpread Of(IReadOnlyList<double> shares)
    {
        if (shares.Count == 0)
            return default;
        double mean = shares.All(s => s == shares[0]) ? shares[0] : shares.Average();
        return new ShareSpread(shares.Count, mean, shares.Sum(s => (s - mean) * (s - mean)));
    }
}
