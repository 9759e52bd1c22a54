using System.Numerics;

namespace CabsPs.Engine.Numerics;

/// <summary>Finds values of certain ranks among the numbers of many tensors, in sweeps over all of them: without sorting and without
/// holding any. Numbers are read as integers of the same order and told apart 16 bits at a time by histograms. What is kept of equal ones
/// goes by place: every number has one in the flattened model, lowest first. Pieces may come in any order and from several threads, cut
/// in any way.</summary>
/// <remarks><see cref="RankSearch{T}"/> is for one tensor, whose ties it finds in fewer passes. Here all that grows with the model is
/// a bit per place of 1/65536 of it.</remarks>
public sealed class ModelRankSearch
{
    private const int LevelBits = 16;
    private const int Bins = 1 << LevelBits;
    private readonly bool _wide;
    private readonly bool _signed;
    private readonly bool _placesTies;
    private readonly long _bucket;
    private readonly int _levels;
    private readonly Rank[] _ranks;
    private ThreadLocal<long[][]>? _histograms;

    /// <summary>Begins a search.</summary>
    /// <param name="ranks">The ranks sought, counted from 1, the largest.</param>
    /// <param name="places">How many places the flattened model has.</param>
    /// <param name="wide">Whether some numbers are float64; float32 ones are widened to be compared with them.</param>
    /// <param name="signed">Orders the numbers by value instead of by magnitude.</param>
    /// <param name="placesTies">Whether masks will be made, which keep exactly as many as the rank says.</param>
    public ModelRankSearch(IReadOnlyList<long> ranks, long places, bool wide, bool signed = false, bool placesTies = false)
    {
        _ranks = [.. ranks.Select(r => new Rank { Wanted = Math.Max(1, r) })];
        _wide = wide;
        _signed = signed;
        _placesTies = placesTies;
        _bucket = Math.Max(1, (places + Bins - 1) / Bins);
        _levels = (wide ? 64 : 32) / LevelBits;
        Sweeps = _levels;
        NewHistograms();
    }

    /// <summary>Sweeps needed; grows by one or two once it is seen that equal numbers must be told apart.</summary>
    public int Sweeps { get; private set; }

    /// <summary>Bytes a thread needs.</summary>
    public long BytesPerThread => (long)_ranks.Length * Bins * sizeof(long);

    /// <summary>Whether a sweep has to read a range of places: the last one looks at few.</summary>
    public bool Covers(int sweep, long start, long count) =>
        sweep <= _levels ? sweep < Sweeps : _ranks.Any(r => r.Ties is not null && start < r.TiesFrom + _bucket && start + count > r.TiesFrom);

    /// <summary>Numbers equal to a rank's are kept at places below this.</summary>
    internal long LimitOf(int rank) => _ranks[rank].Prefix == 0 ? 0 : _ranks[rank].Limit ?? long.MaxValue;

    /// <summary>Reads a piece.</summary>
    /// <param name="sweep">Which sweep, from 0.</param>
    /// <param name="values">The numbers.</param>
    /// <param name="start">The first one's place in the flattened model.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public void Measure<T>(int sweep, ReadOnlySpan<T> values, long start)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (sweep > _levels)
        {
            foreach (Rank rank in _ranks.Where(r => r.Ties is not null))
                MarkTies(rank, values, start);
            return;
        }

        long[][] histograms = _histograms!.Value!;
        for (int r = 0; r < (sweep == 0 ? 1 : _ranks.Length); r++)
        {
            Rank rank = _ranks[r];
            long[] histogram = histograms[r];
            if (sweep == _levels)
            {
                for (int i = 0; rank.Limit is null && i < values.Length; i++)
                {
                    if (KeyOf(values[i]) == rank.Prefix)
                        histogram[(start + i) / _bucket]++;
                }

                continue;
            }

            int shift = (_levels - 1 - sweep) * LevelBits;
            foreach (T value in values)
            {
                ulong key = KeyOf(value) >> shift;
                if (sweep == 0 || key >> LevelBits == rank.Prefix)
                    histogram[key & (Bins - 1)]++;
            }
        }
    }

    /// <summary>Ends a sweep: everything it covers has been read.</summary>
    public void Complete(int sweep)
    {
        if (sweep > _levels)
        {
            foreach (Rank rank in _ranks.Where(r => r.Ties is not null))
                (rank.Limit, rank.Ties) = (rank.TiesFrom + NthSet(rank.Ties!, rank.Wanted) + 1, null);
            return;
        }

        for (int r = 0; r < _ranks.Length; r++)
        {
            Rank rank = _ranks[r];
            long[] sum = Sum(sweep == 0 ? 0 : r);
            if (sweep < _levels)
                Descend(rank, sum, last: sweep == _levels - 1);
            else if (rank.Limit is null)
                FindBucket(rank, sum);
        }

        _histograms!.Dispose();
        _histograms = null;
        if (sweep < _levels - 1)
            NewHistograms();
        else if (sweep == _levels - 1 && _placesTies && _ranks.Any(r => r.Limit is null))
            (Sweeps, _histograms) = (_levels + 1, Histograms());
        else if (sweep == _levels && _ranks.Any(r => r.Ties is not null))
            Sweeps = _levels + 2;
    }

    /// <summary>The number of a rank, once the search has ended; a magnitude unless it is signed.</summary>
    /// <param name="rank">Which of the ranks sought.</param>
    public double Value(int rank)
    {
        ulong key = _ranks[rank].Prefix;
        if (!_signed)
            return _wide ? BitConverter.UInt64BitsToDouble(key) : BitConverter.UInt32BitsToSingle((uint)key);
        return _wide
            ? BitConverter.UInt64BitsToDouble(key >> 63 != 0 ? key ^ (1UL << 63) : ~key)
            : BitConverter.UInt32BitsToSingle(key >> 31 != 0 ? (uint)key ^ (1u << 31) : ~(uint)key);
    }

    /// <summary>The mask of a piece: what is not below the rank. An exact zero is never in it.</summary>
    /// <param name="rank">Which of the ranks sought.</param>
    /// <param name="values">The numbers.</param>
    /// <param name="start">The first one's place in the flattened model.</param>
    /// <param name="mask">Receives the mask.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public void MakeMask<T>(int rank, ReadOnlySpan<T> values, long start, Span<ulong> mask)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ulong cutoff = _ranks[rank].Prefix;
        long limit = cutoff == 0 ? 0 : _ranks[rank].Limit ?? long.MaxValue;
        bool own = _wide == (typeof(T) == typeof(double));
        for (int word = 0; word < mask.Length; word++)
        {
            int from = word << 6;
            ReadOnlySpan<T> part = values[from..Math.Min(from + 64, values.Length)];
            (ulong above, ulong equal) = own ? MagnitudeComparison.Compare(part, cutoff) : Compare(part, cutoff);
            long kept = limit - start - from;
            mask[word] = above | (kept >= 64 ? equal : kept <= 0 ? 0 : equal & ((1UL << (int)kept) - 1));
        }
    }

    private static void Descend(Rank rank, long[] sum, bool last)
    {
        int bin = Bins - 1;
        while (bin > 0 && sum[bin] < rank.Wanted)
            rank.Wanted -= sum[bin--];
        rank.Prefix = (rank.Prefix << LevelBits) | (uint)bin;
        if (last && (sum[bin] <= rank.Wanted || rank.Prefix == 0))
            rank.Limit = long.MaxValue;
    }

    // the bucket of places in which the last of the equal ones kept lies
    private void FindBucket(Rank rank, long[] sum)
    {
        int bin = 0;
        while (sum[bin] < rank.Wanted)
            rank.Wanted -= sum[bin++];
        if (sum[bin] == rank.Wanted)
            rank.Limit = (bin + 1) * _bucket;
        else
            (rank.TiesFrom, rank.Ties) = (bin * _bucket, new ulong[(_bucket + 63) / 64]);
    }

    private void MarkTies<T>(Rank rank, ReadOnlySpan<T> values, long start)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int first = (int)Math.Clamp(rank.TiesFrom - start, 0, values.Length), end = (int)Math.Clamp(rank.TiesFrom + _bucket - start, 0, values.Length);
        for (int i = first; i < end; i++)
        {
            long place = start + i - rank.TiesFrom;
            if (KeyOf(values[i]) == rank.Prefix)
                Interlocked.Or(ref rank.Ties![place >> 6], 1UL << (int)(place & 63));
        }
    }

    private static long NthSet(ulong[] bits, long n)
    {
        int word = 0;
        for (int here; (here = BitOperations.PopCount(bits[word])) < n; word++)
            n -= here;
        ulong rest = bits[word];
        for (; n > 1; n--)
            rest &= rest - 1;
        return ((long)word << 6) + BitOperations.TrailingZeroCount(rest);
    }

    private (ulong Above, ulong Equal) Compare<T>(ReadOnlySpan<T> values, ulong cutoff)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ulong above = 0, equal = 0;
        for (int i = 0; i < values.Length; i++)
        {
            ulong key = KeyOf(values[i]);
            above |= (key > cutoff ? 1UL : 0) << i;
            equal |= (key == cutoff ? 1UL : 0) << i;
        }

        return (above, equal);
    }

    private ulong KeyOf<T>(T value)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // the sum makes a negative zero a positive one
        if (_wide)
        {
            ulong bits = BitConverter.DoubleToUInt64Bits(double.CreateTruncating(value) + 0.0);
            return !_signed ? bits & (ulong.MaxValue >> 1) : bits >> 63 != 0 ? ~bits : bits | (1UL << 63);
        }

        uint single = BitConverter.SingleToUInt32Bits(float.CreateTruncating(value) + 0f);
        return !_signed ? single & (uint.MaxValue >> 1) : single >> 31 != 0 ? ~single : single | (1u << 31);
    }

    private long[] Sum(int histogram)
    {
        long[] sum = new long[Bins];
        foreach (long[][] own in _histograms!.Values)
        {
            for (int i = 0; i < Bins; i++)
                sum[i] += own[histogram][i];
        }

        return sum;
    }

    private void NewHistograms() => _histograms = Histograms();

    private ThreadLocal<long[][]> Histograms() => new(() => [.. _ranks.Select(_ => new long[Bins])], trackAllValues: true);

    private sealed class Rank
    {
        // how many are still sought among those with the prefix; at the end, among the equal ones
        public long Wanted { get; set; }

        public ulong Prefix { get; set; }

        // equal ones are kept at places below it; null until that is known
        public long? Limit { get; set; }

        public long TiesFrom { get; set; }

        public ulong[]? Ties { get; set; }
    }
}
