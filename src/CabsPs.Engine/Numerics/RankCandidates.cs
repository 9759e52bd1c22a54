using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CabsPs.Engine.Numerics;

/// <summary>What one pass of a <see cref="RankSearch{T}"/> finds: how many magnitudes lie above its candidates, how many candidates lie in each bin, and
/// which they are, while there are few enough to list.</summary>
/// <param name="bins">Bins of candidates.</param>
/// <param name="lists">Whether candidates are to be listed.</param>
internal sealed class RankCandidates(int bins, bool lists) : IDisposable
{
    // past this many entries nothing more is listed, and further passes tell candidates apart and count the ties
    private const int MaxListed = 1 << 22;

    // threads tell each other only now and then how many they have
    private const int ToldAtOnce = 1 << 12;

    // a tile with more candidates may have many equal ones
    private const int MostSingle = 64;
    private const int MostUnited = 16;

    private readonly ThreadLocal<RankCounts> _counts = new(() => new RankCounts(bins), trackAllValues: true);
    private int _listed;
    private bool _dropped;

    /// <summary>This thread's counts.</summary>
    public RankCounts Own => _counts.Value!;

    /// <summary>Whether every candidate so far is listed.</summary>
    public bool ListsAll => lists && !_dropped;

    /// <summary>Counts a tile's candidates.</summary>
    /// <param name="counts">This thread's counts.</param>
    /// <param name="shift">Bits of a candidate's offset that its bin does not have.</param>
    /// <param name="offsets">How far the candidates are from the lowest that there may be; overwritten.</param>
    /// <param name="above">Magnitudes above all candidates.</param>
    /// <param name="start">The tile's first element's place in the tensor.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(RankCounts counts, int shift, Span<uint> offsets, long above, long start)
    {
        counts.Above += above;
        if (offsets.IsEmpty)
            return;
        bool listing = lists && Volatile.Read(ref _listed) <= MaxListed;
        int united = 0;
        // many equal candidates become one entry
        for (int i = 0; i < MostUnited && offsets.Length > MostSingle; i++)
        {
            uint offset = offsets[0];
            int left = 0, count = offsets.Length;
            foreach (uint other in offsets)
            {
                offsets[left] = other;
                left += other == offset ? 0 : 1;
            }

            counts.Bins[offset >> shift] += (uint)(count - left);
            if (listing)
                counts.United.Add((start, offset, count - left));
            offsets = offsets[..left];
            united++;
        }

        foreach (uint offset in offsets)
            counts.Bins[offset >> shift]++;
        if (!listing)
        {
            if (!_dropped)
                _dropped = true;
            return;
        }

        counts.Listed.AddRange(offsets);
        counts.Tiles.Add((start, counts.Listed.Count));
        counts.Untold += offsets.Length + united;
        if (counts.Untold < ToldAtOnce)
            return;
        Interlocked.Add(ref _listed, counts.Untold);
        counts.Untold = 0;
    }

    /// <summary>All threads' counts together.</summary>
    public (long[] Bins, long Above) AddUp()
    {
        long[] sum = new long[bins];
        long above = 0;
        foreach (RankCounts counts in _counts.Values)
        {
            above += counts.Above;
            for (int i = 0; i < sum.Length; i++)
                sum[i] += counts.Bins[i];
        }

        return (sum, above);
    }

    /// <summary>The listed candidates of a bin by their offsets: where their tiles begin, and how many each has.</summary>
    public SortedDictionary<uint, Dictionary<long, int>> Listed(uint bin, int shift)
    {
        var found = new SortedDictionary<uint, Dictionary<long, int>>();
        void Note(long tile, uint offset, int count)
        {
            if (!found.TryGetValue(offset, out Dictionary<long, int>? tiles))
                found.Add(offset, tiles = []);
            CollectionsMarshal.GetValueRefOrAddDefault(tiles, tile, out _) += count;
        }

        foreach (RankCounts counts in _counts.Values)
        {
            foreach ((long tile, uint offset, int count) in counts.United.Where(c => c.Offset >> shift == bin))
                Note(tile, offset, count);
            ReadOnlySpan<uint> listed = CollectionsMarshal.AsSpan(counts.Listed);
            for (int at = 0, tile = 0; listed[at..].IndexOfAnyInRange(bin << shift, ((bin + 1) << shift) - 1) is >= 0 and int next; at++)
            {
                at += next;
                while (counts.Tiles[tile].End <= at)
                    tile++;
                Note(counts.Tiles[tile].Start, listed[at], 1);
            }
        }

        return found;
    }

    /// <inheritdoc/>
    public void Dispose() => _counts.Dispose();
}

/// <summary>One thread's part of what a pass finds.</summary>
internal sealed class RankCounts(int bins)
{
    private uint[] _room = [];

    /// <summary>Candidates by bin.</summary>
    public uint[] Bins { get; } = new uint[bins];

    /// <summary>Candidates' offsets, tile by tile.</summary>
    public List<uint> Listed { get; } = [];

    /// <summary>Whose they are: where each tile's end.</summary>
    public List<(long Start, int End)> Tiles { get; } = [];

    /// <summary>Equal candidates of a tile that had many.</summary>
    public List<(long Tile, uint Offset, int Count)> United { get; } = [];

    /// <summary>Magnitudes above all candidates.</summary>
    public long Above { get; set; }

    /// <summary>Entries that other threads do not know of.</summary>
    public int Untold { get; set; }

    /// <summary>Candidates in a tile that is yet to be counted.</summary>
    public int Found { get; set; }

    /// <summary>What lies above them in that tile.</summary>
    public int FoundAbove { get; set; }

    /// <summary>Room for a tile's candidates.</summary>
    public Span<uint> Room(int length)
    {
        if (_room.Length < length)
            _room = new uint[length];
        return _room;
    }
}
