namespace CabsPs.Engine.Numerics;

/// <summary>Finds the magnitude of one rank among numbers that are expensive to come by, in as few sweeps over them as can be: a histogram of leading bits, and
/// once few enough share them, a list. Numbers come in any order and from several threads; how many there are may be known only after the
/// first sweep.</summary>
/// <remarks><see cref="ModelRankSearch"/> is for numbers that are cheap to read again, and of which ties go by place.</remarks>
internal sealed class MagnitudeSearch
{
    private const int LevelBits = 16;
    private const int Bins = 1 << LevelBits;
    private const int MostListed = 1 << 20;
    private readonly Lock _lock = new();
    private long[] _histogram = new long[Bins];
    private List<ulong>? _listed;
    private ulong _prefix;
    private long _wanted;

    /// <summary>Bytes it takes at most.</summary>
    public const long ByteLength = (2L * Bins * sizeof(long)) + (2L * MostListed * sizeof(ulong));

    /// <summary>How many sweeps are needed; grows by one or two where many numbers are nearly equal.</summary>
    public int Sweeps { get; private set; } = 2;

    /// <summary>The magnitude found.</summary>
    public double Value => BitConverter.UInt64BitsToDouble(_prefix);

    /// <summary>Reads some of the numbers.</summary>
    /// <param name="sweep">Which sweep, from 0.</param>
    /// <param name="values">The numbers.</param>
    public void Measure(int sweep, ReadOnlySpan<double> values)
    {
        if (_listed is not null)
        {
            ulong[] found = [.. List(values, 64 - (sweep * LevelBits))];
            lock (_lock)
                _listed.AddRange(found);
            return;
        }

        long[] counts = new long[Bins];
        int shift = 64 - ((sweep + 1) * LevelBits);
        foreach (double value in values)
        {
            ulong key = KeyOf(value) >> shift;
            if (sweep == 0 || key >> LevelBits == _prefix)
                counts[key & (Bins - 1)]++;
        }

        lock (_lock)
        {
            for (int i = 0; i < Bins; i++)
                _histogram[i] += counts[i];
        }
    }

    /// <summary>Ends a sweep.</summary>
    /// <param name="sweep">Which.</param>
    /// <param name="rank">The rank sought, counted from 1, the largest; one past the end is the smallest number. Read after the first sweep.</param>
    public void Complete(int sweep, long rank)
    {
        if (_listed is not null)
        {
            _listed.Sort();
            _prefix = _listed.Count == 0 ? 0 : _listed[(int)Math.Max(0, _listed.Count - _wanted)];
            _listed = null;
            return;
        }

        if (sweep == 0)
            _wanted = Math.Clamp(rank, 1, Math.Max(1, _histogram.Sum()));
        int bin = Bins - 1;
        while (bin > 0 && _histogram[bin] < _wanted)
            _wanted -= _histogram[bin--];
        _prefix = (_prefix << LevelBits) | (uint)bin;
        long left = _histogram[bin];
        _histogram = new long[Bins];
        if (sweep == 3)
            return;
        if (left <= MostListed)
            _listed = [];
        Sweeps = sweep + 2;
    }

    private List<ulong> List(ReadOnlySpan<double> values, int shift)
    {
        var found = new List<ulong>();
        foreach (double value in values)
        {
            ulong key = KeyOf(value);
            if (key >> shift == _prefix)
                found.Add(key);
        }

        return found;
    }

    private static ulong KeyOf(double value) => BitConverter.DoubleToUInt64Bits(value) & (ulong.MaxValue >> 1);
}
