using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Numerics;

/// <summary>Finds, in passes over a tensor's tiles, the cutoff above which exactly the k largest magnitudes lie: without sorting
/// and without holding the tensor. Magnitudes are read as integers of the same order and told apart level by level, 16 bits at a
/// time, by histograms; equal ones go by position, the lowest flat index first. In a large tensor a sample guesses a window that the cutoff lies in,
/// and one pass lists what is in it; only a guess that turns out wrong costs passes of its own. Tiles may come in any order and from several
/// threads, with the same boundaries in every pass.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class RankSearch<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // a guess' bins
    private const int GuessBins = 1 << 12;

    private const int LevelBits = 16;

    private readonly Lock _lock = new();
    private readonly List<Phase> _phases = [];
    private readonly int _levels;
    private readonly int _lowBits;
    private readonly long _k;
    private readonly long _count;
    private RankSample<T>? _sample;
    private RankCandidates? _candidates;
    private Dictionary<long, int> _ties = [];
    private ulong _low;
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
        _sample = RankSample<T>.Of(count);
        if (_sample is null)
            AddLevels();
        else
            _phases.AddRange([new Phase(Kind.Sample, 0, 0), new Phase(Kind.Guess, 0, 0)]);
        Begin(0);
    }

    private enum Kind
    {
        Sample,
        Guess,
        Whole,
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

    /// <summary>A pass needs one part of this many of every piece; 1 where it needs all.</summary>
    public int StrideOf(int pass) => pass < _phases.Count && _phases[pass].Kind == Kind.Sample ? RankSample<T>.Stride : 1;

    /// <summary>Reads a tile.</summary>
    /// <param name="pass">Which pass, from 0.</param>
    /// <param name="values">The tile.</param>
    /// <param name="start">Its first element's place in the tensor.</param>
    public void Measure(int pass, ReadOnlySpan<T> values, long start)
    {
        Phase phase = _phases[pass];
        if (phase.Kind == Kind.Ties)
            CountTies(values, start);
        else if (phase.Kind is Kind.Guess or Kind.Level)
            CountCandidates(phase, values, start);
        else if (phase.Kind == Kind.Whole)
            CountAll(phase, values);
        else if (_sample!.Takes(start))
            _sample.Add(values, start);
    }

    /// <summary>Looks at a tile of stored weights without making its deltas. Nothing is counted before <see cref="Take"/>.</summary>
    /// <param name="pass">Which pass, from 0.</param>
    /// <param name="kernels">The arithmetic.</param>
    /// <param name="tile">The tile.</param>
    /// <param name="input">Whose deltas.</param>
    /// <returns>False where it has to be measured instead.</returns>
    internal bool TryFind(int pass, IKernels<T> kernels, StoredTile tile, int input)
    {
        Phase phase = _phases[pass];
        if (phase.Kind == Kind.Sample)
            return !_sample!.Takes(tile.Start);
        if (phase.Kind is not (Kind.Guess or Kind.Level) || typeof(T) != typeof(float))
            return false;
        RankCounts counts = _candidates!.Own;
        counts.Found = kernels.FindBetween(tile.Base, tile.Input(input), tile.Type, (uint)_low, (uint)phase.Last(_low), counts.Room(tile.Length), out int above);
        counts.FoundAbove = above;
        return counts.Found >= 0;
    }

    /// <summary>Counts what this thread found last.</summary>
    internal void Take(int pass, long start)
    {
        Phase phase = _phases[pass];
        if (phase.Kind == Kind.Sample)
            return;
        RankCounts counts = _candidates!.Own;
        Span<uint> found = counts.Room(counts.Found)[..counts.Found];
        foreach (ref uint offset in found)
            offset = (offset - (uint)_low) >> phase.OffsetShift;
        _candidates!.Add(counts, phase.Shift - phase.OffsetShift, found, counts.FoundAbove, start);
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

        if (phase.Kind == Kind.Sample)
        {
            _phases[^1] = GuessIn(_sample!.Guess(_k));
            Begin(pass + 1);
            return;
        }

        (long[] sum, long above) = _candidates!.AddUp();
        if (above < _k && above + sum.Sum() >= _k)
            Descend(phase, sum, above);
        else if (_sample!.GuessAgain(_k, above, sum.Sum()) is { } window)
            _phases.Add(GuessIn(window));
        else
            AddLevels();
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

    /// <summary>The magnitude above which a tile keeps all and no others, as an integer; null where it keeps some of equal ones, or computes in
    /// float64.</summary>
    internal int? LimitOf(long start) =>
        typeof(T) != typeof(float) || (start == FirstUnkept && KeptThere > 0) ? null
        : start < FirstUnkept && Cutoff > 0 ? (int)Cutoff - 1
        : (int)Cutoff;

    private void AddLevels()
    {
        _low = 0;
        for (int level = 0; level < _levels; level++)
        {
            bool isLast = level == _levels - 1;
            _phases.Add(new Phase(level == 0 ? Kind.Whole : Kind.Level, isLast ? 0 : _lowBits + ((_levels - 2 - level) * LevelBits), 1 << (isLast ? _lowBits : LevelBits)));
        }
    }

    private void Begin(int pass)
    {
        _candidates?.Dispose();
        _candidates = null;
        if (pass == _phases.Count || _phases[pass].Kind is Kind.Ties or Kind.Sample)
            return;
        _candidates = new RankCandidates(_phases[pass].Bins, _phases[pass].Lists);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CountAll(Phase phase, ReadOnlySpan<T> values)
    {
        ref uint bins = ref MemoryMarshal.GetArrayDataReference(_candidates!.Own.Bins);
        foreach (T value in values)
            Unsafe.Add(ref bins, (nint)(ReferenceKernels<T>.Magnitude(value) >> phase.Shift))++;
    }

    // the candidates lie from _low on; what lies above them is counted, what lies below does not matter
    private void CountCandidates(Phase phase, ReadOnlySpan<T> values, long start)
    {
        RankCounts counts = _candidates!.Own;
        Span<uint> offsets = counts.Room(values.Length);
        int found = 0;
        long above = 0;
        for (int from = 0; from < values.Length; from += 64)
        {
            ReadOnlySpan<T> word = values[from..Math.Min(from + 64, values.Length)];
            (ulong larger, ulong candidates) = MagnitudeComparison.Between(word, _low, phase.Last(_low));
            above += BitOperations.PopCount(larger);
            for (; candidates != 0; candidates &= candidates - 1)
                offsets[found++] = (uint)((ReferenceKernels<T>.Magnitude(word[BitOperations.TrailingZeroCount(candidates)]) - _low) >> phase.OffsetShift);
        }

        _candidates!.Add(counts, phase.Shift - phase.OffsetShift, offsets[..found], above, start);
    }

    private Phase GuessIn((ulong Low, ulong High) window)
    {
        _low = window.Low;
        ulong length = window.High - window.Low;
        int shift = 0;
        while (length >> shift > GuessBins)
            shift++;
        return new Phase(Kind.Guess, shift, (int)(length >> shift) + 1);
    }

    private void Descend(Phase phase, long[] sum, long above)
    {
        _sample?.Dispose();
        _sample = null;
        _wanted = _k - above;
        int bin = sum.Length - 1;
        while (bin > 0 && sum[bin] < _wanted)
            _wanted -= sum[bin--];
        if (_candidates!.ListsAll)
        {
            PlaceListed((uint)bin, phase.Shift);
            return;
        }

        _low += (ulong)bin << phase.Shift;
        if (phase.Kind == Kind.Guess && phase.Shift > 0)
            _phases.Add(new Phase(Kind.Level, 0, 1 << phase.Shift));
        if (phase.Shift > 0)
            return;
        Cutoff = _low;
        if (Cutoff == 0)
            (FirstUnkept, KeptThere) = (0, 0);
        else if (sum[bin] <= _wanted)
            (FirstUnkept, KeptThere) = (long.MaxValue, 0);
        else
            _phases.Add(new Phase(Kind.Ties, 0, 0));
    }

    // the cutoff and its ties are among the candidates of one bin
    private void PlaceListed(uint bin, int shift)
    {
        foreach ((uint offset, Dictionary<long, int> tiles) in _candidates!.Listed(bin, shift).Reverse())
        {
            long equal = tiles.Values.Sum(c => (long)c);
            if (equal < _wanted)
            {
                _wanted -= equal;
                continue;
            }

            Cutoff = _low + offset;
            if (Cutoff == 0)
                (FirstUnkept, KeptThere) = (0, 0);
            else
                PlaceTies(tiles);
            return;
        }
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

    /// <summary>A pass over magnitudes in bins, from a lowest one on.</summary>
    private readonly record struct Phase(Kind Kind, int Shift, int Bins)
    {
        // the last level, and a guess, which is narrow
        public bool Lists => Kind == Kind.Guess || (Kind == Kind.Level && Shift == 0);

        // what is listed is told apart exactly
        public int OffsetShift => Lists ? 0 : Shift;

        public ulong Last(ulong low) => low + ((ulong)Bins << Shift) - 1;
    }
}
