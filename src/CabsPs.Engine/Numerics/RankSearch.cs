using System.Numerics;
using System.Runtime.InteropServices;

namespace CabsPs.Engine.Numerics;

/// <summary>Finds, in passes over a tensor's tiles, the cutoff above which exactly the k largest magnitudes lie: without sorting
/// and without holding the tensor. Magnitudes are read as integers of the same order and told apart level by level, 16 bits at a
/// time, by histograms; equal ones go by position, the lowest flat index first. Tiles may come in any order and from several
/// threads, with the same boundaries in every pass.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class RankSearch<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // past this many entries the lists of candidates are dropped, and one more pass counts the ties
    private const int MaxListed = 1 << 22;
    private const int LevelBits = 16;

    private readonly Lock _lock = new();
    private readonly int _levels;
    private readonly int _lowBits;
    private ThreadLocal<uint[]>? _histograms;
    private Dictionary<long, uint[]> _listed = [];
    private Dictionary<long, int>? _ties;
    private int _listedCount;
    private bool _overflow;
    private ulong _prefix;
    private long _wanted;

    /// <summary>Begins a search.</summary>
    /// <param name="k">How many to keep, from 1 up.</param>
    public RankSearch(long k)
    {
        _wanted = k;
        int bits = typeof(T) == typeof(float) ? 31 : 63;
        _levels = (bits + LevelBits - 1) / LevelBits;
        _lowBits = bits - ((_levels - 1) * LevelBits);
        Passes = _levels;
        NewHistograms(0);
    }

    /// <summary>Passes needed; known to be one more once the last level ends in more ties than can be listed.</summary>
    public int Passes { get; private set; }

    /// <summary>Reads a tile.</summary>
    /// <param name="pass">Which pass, from 0.</param>
    /// <param name="values">The tile.</param>
    /// <param name="start">Its first element's place in the tensor.</param>
    public void Measure(int pass, ReadOnlySpan<T> values, long start)
    {
        if (pass == _levels)
        {
            int ties = CountTies(values);
            if (ties > 0)
            {
                lock (_lock)
                    _ties!.Add(start, ties);
            }

            return;
        }

        uint[] histogram = _histograms!.Value!;
        int shift = ShiftOf(pass), bits = BitsOf(pass);
        if (pass == 0)
        {
            foreach (T value in values)
                histogram[(int)(ReferenceKernels<T>.Magnitude(value) >> shift)]++;
            return;
        }

        // those with the prefix lie from low to low + size; above low - 1 but not above the last
        ulong size = 1UL << (shift + bits), low = _prefix << (shift + bits);
        var found = pass == _levels - 1 ? new Dictionary<uint, uint>() : null;
        for (int from = 0; from < values.Length; from += 64)
        {
            ReadOnlySpan<T> word = values[from..Math.Min(from + 64, values.Length)];
            (ulong candidates, ulong first) = MagnitudeComparison.Compare(word, low);
            candidates |= first;
            if (candidates != 0)
                candidates &= ~MagnitudeComparison.Compare(word, low + size - 1).Above;
            for (; candidates != 0; candidates &= candidates - 1)
            {
                uint part = (uint)((ReferenceKernels<T>.Magnitude(word[BitOperations.TrailingZeroCount(candidates)]) - low) >> shift);
                histogram[part]++;
                if (found is not null)
                    CollectionsMarshal.GetValueRefOrAddDefault(found, part, out _)++;
            }
        }

        if (found is { Count: > 0 })
            List(start, found);
    }

    /// <summary>Ends a pass: all its tiles have been read.</summary>
    public void Complete(int pass)
    {
        if (pass == _levels)
        {
            PlaceTies(_ties!);
            return;
        }

        long[] sum = new long[1 << BitsOf(pass)];
        foreach (uint[] histogram in _histograms!.Values)
        {
            for (int i = 0; i < sum.Length; i++)
                sum[i] += histogram[i];
        }

        _histograms.Dispose();
        int bin = sum.Length - 1;
        while (bin > 0 && sum[bin] < _wanted)
            _wanted -= sum[bin--];
        _prefix = (_prefix << BitsOf(pass)) | (uint)bin;
        if (pass < _levels - 1)
        {
            NewHistograms(pass + 1);
            return;
        }

        Cutoff = _prefix;
        _histograms = null;
        if (Cutoff == 0)
            (FirstUnkept, KeptThere) = (0, 0);
        else if (sum[bin] <= _wanted)
            (FirstUnkept, KeptThere) = (long.MaxValue, 0);
        else if (_overflow)
            (_ties, Passes) = ([], _levels + 1);
        else
            PlaceTies(_listed.Select(l => (l.Key, Count: CountIn(l.Value, (uint)bin))).Where(l => l.Count > 0).ToDictionary(l => l.Key, l => l.Count));
        _listed = [];
    }

    /// <summary>The magnitude of the last one kept, as an integer; 0 where all nonzero ones are kept.</summary>
    public ulong Cutoff { get; private set; }

    /// <summary>Where the tile begins from which on not all magnitudes equal to the cutoff are kept.</summary>
    public long FirstUnkept { get; private set; }

    /// <summary>How many of them that tile keeps.</summary>
    public int KeptThere { get; private set; }

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

    private int ShiftOf(int pass) => pass == _levels - 1 ? 0 : _lowBits + ((_levels - 2 - pass) * LevelBits);

    private int BitsOf(int pass) => pass == _levels - 1 ? _lowBits : LevelBits;

    private void NewHistograms(int pass)
    {
        int bins = 1 << BitsOf(pass);
        _histograms = new ThreadLocal<uint[]>(() => new uint[bins], trackAllValues: true);
    }

    private int CountTies(ReadOnlySpan<T> values)
    {
        int count = 0;
        for (int from = 0; from < values.Length; from += 64)
            count += BitOperations.PopCount(MagnitudeComparison.Compare(values[from..Math.Min(from + 64, values.Length)], Cutoff).Equal);
        return count;
    }

    private void List(long start, Dictionary<uint, uint> found)
    {
        lock (_lock)
        {
            _listedCount += found.Count;
            _overflow |= _listedCount > MaxListed;
            if (_overflow)
                _listed.Clear();
            else
                _listed.Add(start, [.. found.SelectMany(f => new[] { f.Key, f.Value })]);
        }
    }

    private static int CountIn(uint[] pairs, uint part)
    {
        for (int i = 0; i < pairs.Length; i += 2)
        {
            if (pairs[i] == part)
                return (int)pairs[i + 1];
        }

        return 0;
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
}
