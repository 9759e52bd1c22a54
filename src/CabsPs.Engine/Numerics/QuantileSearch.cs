using System.Numerics;

namespace CabsPs.Engine.Numerics;

/// <summary>Finds the values of given ranks among non-negative numbers, exactly, in passes over a tensor's tiles: without sorting and without
/// holding the tensor. Values are read as integers of the same order and told apart level by level, 16 bits at a time, by histograms.
/// Tiles may come in any order and from several threads.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class QuantileSearch<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int LevelBits = 16;
    private static readonly int s_bits = typeof(T) == typeof(float) ? 31 : 63;
    private readonly ulong[] _prefixes;
    private readonly long[] _wanted;
    private ThreadLocal<long[][]>? _histograms;

    /// <summary>Begins a search.</summary>
    /// <param name="ranks">Ranks from 0, the smallest number, up.</param>
    public QuantileSearch(params ReadOnlySpan<long> ranks)
    {
        _wanted = ranks.ToArray();
        _prefixes = new ulong[ranks.Length];
        NewHistograms(0);
    }

    /// <summary>Passes needed.</summary>
    public static int Passes => (s_bits + LevelBits - 1) / LevelBits;

    /// <summary>Reads a tile.</summary>
    /// <param name="pass">Which pass, from 0.</param>
    /// <param name="values">The tile; signs are not looked at.</param>
    public void Measure(int pass, ReadOnlySpan<T> values)
    {
        int shift = ShiftOf(pass), bits = BitsOf(pass);
        ulong mask = (1UL << bits) - 1;
        long[][] histograms = _histograms!.Value!;
        foreach (T value in values)
        {
            ulong key = ReferenceKernels<T>.Magnitude(value) >> shift;
            for (int i = 0; i < histograms.Length; i++)
            {
                if (key >> bits == _prefixes[i])
                    histograms[i][key & mask]++;
            }
        }
    }

    /// <summary>Ends a pass: all its tiles have been read.</summary>
    public void Complete(int pass)
    {
        IList<long[][]> threads = _histograms!.Values;
        for (int i = 0; i < _wanted.Length; i++)
        {
            // in the first pass all ranks share one histogram
            int own = pass == 0 ? 0 : i;
            int bin = 0;
            for (long here; bin < (1 << BitsOf(pass)) - 1 && (here = threads.Sum(h => h[own][bin])) <= _wanted[i]; bin++)
                _wanted[i] -= here;
            _prefixes[i] = (_prefixes[i] << BitsOf(pass)) | (uint)bin;
        }

        _histograms.Dispose();
        _histograms = null;
        if (pass + 1 < Passes)
            NewHistograms(pass + 1);
    }

    /// <summary>The value of one of the ranks, once the search has ended.</summary>
    public T Value(int index) => typeof(T) == typeof(float)
        ? T.CreateTruncating(BitConverter.UInt32BitsToSingle((uint)_prefixes[index]))
        : T.CreateTruncating(BitConverter.UInt64BitsToDouble(_prefixes[index]));

    private static int ShiftOf(int pass) => Math.Max(0, s_bits - (LevelBits * (pass + 1)));

    private static int BitsOf(int pass) => Math.Min(LevelBits, s_bits - (LevelBits * pass));

    private void NewHistograms(int pass)
    {
        int count = pass == 0 ? 1 : _wanted.Length, bins = 1 << BitsOf(pass);
        _histograms = new ThreadLocal<long[][]>(() => [.. Enumerable.Range(0, count).Select(_ => new long[bins])], trackAllValues: true);
    }
}
