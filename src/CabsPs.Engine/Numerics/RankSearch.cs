using System.Numerics;
using System.Runtime.InteropServices;

namespace CabsPs.Engine.Numerics;

/// <summary>Finds, in passes over a tensor's tiles, the cutoff above which exactly the k largest magnitudes lie: without sorting
/// and without holding the tensor. Magnitudes are read as integers of the same order and told apart level by level, 16 bits at a
/// time, by histograms; equal ones go by position, the lowest flat index first. In a large tensor a sample guesses the first level, and
/// only a guess that turns out wrong costs a pass of its own. Tiles may come in any order and from several threads, with the same
/// boundaries in every pass.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class RankSearch<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>A sample is one piece of this many.</summary>
    public const int SampleStride = 16;

    // smaller tensors are cheaper to read whole; the guess reaches a bin to either side of the sample's
    private const long SmallestSampled = 1 << 22;
    private const int GuessMargin = 1;

    // past this many entries the lists of candidates are dropped, and one more pass counts the ties
    private const int MaxListed = 1 << 22;

    // a tile with more of them has many equal ones
    private const int MostSingle = 64;
    private const int LevelBits = 16;

    private readonly Lock _lock = new();
    private readonly List<Phase> _phases = [];
    private readonly int _levels;
    private readonly int _lowBits;
    private readonly long _k;
    private readonly long _count;
    private ThreadLocal<Counts>? _counts;
    private Dictionary<long, int> _ties = [];
    private int _listed;
    private ulong _low;
    private int _bins = 1;
    private long _wanted;

    /// <summary>Begins a search.</summary>
    /// <param name="k">How many to keep, from 1 up.</param>
    /// <param name="count">Elements of the tensor.</param>
    public RankSearch(long k, long count)
    {
        (_k, _count) = (Math.Min(k, count), count);
        int bits = typeof(T) == typeof(float) ? 31 : 63;
        _levels = (bits + LevelBits - 1) / LevelBits;
        _lowBits = bits - ((_levels - 1) * LevelBits);
        if (_levels == 2 && count >= SmallestSampled)
            _phases.AddRange([new Phase(Kind.Sample, 0), new Phase(Kind.Level, 1)]);
        else
            AddLevels();
        Begin(0);
    }

    private enum Kind
    {
        Sample,
        Level,
        Ties,
    }

    /// <summary>Passes needed; known to be more once a guess was wrong, or the last level ends in more ties than can be listed.</summary>
    public int Passes => _phases.Count;

    /// <summary>The magnitude of the last one kept, as an integer; 0 where all nonzero ones are kept.</summary>
    public ulong Cutoff { get; private set; }

    /// <summary>Where the tile begins from which on not all magnitudes equal to the cutoff are kept.</summary>
    public long FirstUnkept { get; private set; }

    /// <summary>How many of them that tile keeps.</summary>
    public int KeptThere { get; private set; }

    /// <summary>A pass needs one piece of this many, any of them; 1 where it needs all.</summary>
    public int StrideOf(int pass) => pass < _phases.Count && _phases[pass].Kind == Kind.Sample ? SampleStride : 1;

    /// <summary>Reads a tile.</summary>
    /// <param name="pass">Which pass, from 0.</param>
    /// <param name="values">The tile.</param>
    /// <param name="start">Its first element's place in the tensor.</param>
    public void Measure(int pass, ReadOnlySpan<T> values, long start)
    {
        Phase phase = _phases[pass];
        if (phase.Kind == Kind.Ties)
            CountTies(values, start);
        else if (phase.Kind == Kind.Sample || phase.Level == 0)
            CountFirstLevel(values);
        else
            CountLevel(phase.Level, values, start);
    }

    /// <summary>Ends a pass: all its tiles have been read.</summary>
    public void Complete(int pass)
    {
        Phase phase = _phases[pass];
        if (phase.Kind == Kind.Ties)
        {
            PlaceTies(_ties);
            return;
        }

        (long[] sum, long above) = AddUp();
        if (phase.Kind == Kind.Sample)
            Guess(sum);
        else if (above >= _k || above + sum.Sum() < _k)
            AddLevels();
        else
            Descend(phase.Level, sum, above);
        Begin(pass + 1);
    }

    /// <summary>The mask of a tile: the largest, once the search has ended.</summary>
    public void MakeMask(ReadOnlySpan<T> values, long start, Span<ulong> mask)
    {
        int ties = start < FirstUnkept ? int.MaxValue : start == FirstUnkept ? KeptThere : 0;
        mask.Clear();
        for (int word = 0; word < mask.Length; word++)
        {
            int from = word << 6;
            (ulong above, ulong equal) = MagnitudeComparison.Compare(values[from..Math.Min(from + 64, values.Length)], Cutoff);
            if (Cutoff == 0)
                equal = 0;
            int here = BitOperations.PopCount(equal);
            for (; here > ties; here--)
                equal &= ~(1UL << BitOperations.Log2(equal));
            ties -= here;
            mask[word] = above | equal;
        }
    }

    private void AddLevels()
    {
        (_low, _bins) = (0, 1);
        for (int level = 0; level < _levels; level++)
            _phases.Add(new Phase(Kind.Level, level));
    }

    private int ShiftOf(int level) => level == _levels - 1 ? 0 : _lowBits + ((_levels - 2 - level) * LevelBits);

    private int BitsOf(int level) => level == _levels - 1 ? _lowBits : LevelBits;

    private void Begin(int pass)
    {
        _counts?.Dispose();
        _counts = null;
        if (pass == _phases.Count || _phases[pass].Kind == Kind.Ties)
            return;
        int bins = _bins << BitsOf(_phases[pass].Level);
        _counts = new ThreadLocal<Counts>(() => new Counts(bins), trackAllValues: true);
        _listed = 0;
    }

    private (long[] Sum, long Above) AddUp()
    {
        long[]? sum = null;
        long above = 0;
        foreach (Counts counts in _counts!.Values)
        {
            sum ??= new long[counts.Bins.Length];
            above += counts.Above;
            for (int i = 0; i < sum.Length; i++)
                sum[i] += counts.Bins[i];
        }

        return (sum ?? [0], above);
    }

    private void CountFirstLevel(ReadOnlySpan<T> values)
    {
        int shift = ShiftOf(0);
        ref uint bins = ref MemoryMarshal.GetArrayDataReference(_counts!.Value!.Bins);
        foreach (T value in values)
            System.Runtime.CompilerServices.Unsafe.Add(ref bins, (nint)(ReferenceKernels<T>.Magnitude(value) >> shift))++;
    }

    // the candidates lie from _low up to _low + size; what lies above is counted, what lies below does not matter
    private void CountLevel(int level, ReadOnlySpan<T> values, long start)
    {
        Counts counts = _counts!.Value!;
        int shift = ShiftOf(level), before = counts.Listed.Count;
        ulong last = _low + ((ulong)_bins << (shift + BitsOf(level))) - 1;
        bool listing = level == _levels - 1 && Volatile.Read(ref _listed) <= MaxListed;
        for (int from = 0; from < values.Length; from += 64)
        {
            ReadOnlySpan<T> word = values[from..Math.Min(from + 64, values.Length)];
            (ulong above, ulong candidates) = MagnitudeComparison.Between(word, _low, last);
            counts.Above += BitOperations.PopCount(above);
            for (; candidates != 0; candidates &= candidates - 1)
            {
                uint part = (uint)((ReferenceKernels<T>.Magnitude(word[BitOperations.TrailingZeroCount(candidates)]) - _low) >> shift);
                counts.Bins[part]++;
                if (listing)
                    counts.Listed.Add(new Candidate(start, part, 1));
            }
        }

        if (!listing)
            return;
        if (counts.Listed.Count - before > MostSingle)
            Unite(counts.Listed, before);
        Interlocked.Add(ref _listed, counts.Listed.Count - before);
    }

    // equal candidates of a tile become one entry
    private static void Unite(List<Candidate> listed, int from)
    {
        var found = new Dictionary<uint, int>();
        foreach (Candidate candidate in CollectionsMarshal.AsSpan(listed)[from..])
            CollectionsMarshal.GetValueRefOrAddDefault(found, candidate.Part, out _)++;
        long start = listed[from].Tile;
        listed.RemoveRange(from, listed.Count - from);
        listed.AddRange(found.Select(f => new Candidate(start, f.Key, f.Value)));
    }

    private void Guess(long[] sum)
    {
        long seen = sum.Sum(), wanted = Math.Max(1, (long)(_k / (double)_count * seen));
        int bin = sum.Length - 1;
        while (bin > 0 && sum[bin] < wanted)
            wanted -= sum[bin--];
        int low = Math.Max(0, bin - GuessMargin);
        (_low, _bins) = ((ulong)low << ShiftOf(0), Math.Min(sum.Length, bin + GuessMargin + 1) - low);
    }

    private void Descend(int level, long[] sum, long above)
    {
        _wanted = _k - above;
        int bin = sum.Length - 1;
        while (bin > 0 && sum[bin] < _wanted)
            _wanted -= sum[bin--];
        _low += (ulong)bin << ShiftOf(level);
        _bins = 1;
        if (level < _levels - 1)
            return;
        Cutoff = _low;
        if (Cutoff == 0)
            (FirstUnkept, KeptThere) = (0, 0);
        else if (sum[bin] <= _wanted)
            (FirstUnkept, KeptThere) = (long.MaxValue, 0);
        else if (_listed > MaxListed)
            _phases.Add(new Phase(Kind.Ties, level));
        else
            PlaceTies(TiesOf((uint)bin));
    }

    private void CountTies(ReadOnlySpan<T> values, long start)
    {
        int count = 0;
        for (int from = 0; from < values.Length; from += 64)
            count += BitOperations.PopCount(MagnitudeComparison.Compare(values[from..Math.Min(from + 64, values.Length)], Cutoff).Equal);
        if (count == 0)
            return;
        lock (_lock)
            _ties.Add(start, count);
    }

    private Dictionary<long, int> TiesOf(uint part)
    {
        var ties = new Dictionary<long, int>();
        foreach (Counts counts in _counts!.Values)
        {
            foreach (Candidate candidate in counts.Listed)
            {
                if (candidate.Part == part)
                    CollectionsMarshal.GetValueRefOrAddDefault(ties, candidate.Tile, out _) += candidate.Count;
            }
        }

        return ties;
    }

    // the first tiles keep all their ties, one keeps a part of them
    private void PlaceTies(Dictionary<long, int> ties)
    {
        foreach ((long start, int count) in ties.OrderBy(t => t.Key))
        {
            if (count > _wanted)
            {
                (FirstUnkept, KeptThere) = (start, (int)_wanted);
                return;
            }

            _wanted -= count;
        }

        FirstUnkept = long.MaxValue;
    }

    private readonly record struct Phase(Kind Kind, int Level);

    private readonly record struct Candidate(long Tile, uint Part, int Count);

    /// <summary>One thread's counts.</summary>
    private sealed class Counts(int bins)
    {
        public uint[] Bins { get; } = new uint[bins];

        public List<Candidate> Listed { get; } = [];

        public long Above { get; set; }
    }
}
