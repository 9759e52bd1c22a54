using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CabsPs.Engine.Numerics;

/// <summary>A sample of a large tensor's magnitudes, which guesses where one of a certain rank lies. Bins are a five-hundredth wide. How far a guess may
/// be off follows from how much parts of the sample differ: rows and layers are not alike.</summary>
/// <typeparam name="T">float.</typeparam>
internal sealed class RankSample<T> : IDisposable
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>A sample reads one part in this many.</summary>
    public const int Stride = 16;

    // smaller tensors are cheaper to read whole
    private const long SmallestSampled = 1 << 22;

    // of what is read of a larger tensor every so many-th stretch is enough
    private const int Size = 1 << 20;
    private const int Stretch = 2048;

    // from 2⁻⁵⁹ to 2⁵; the first bin takes what is smaller, the last what is greater
    private const int Shift = 14;
    private const int Bins = 1 << 15;
    private const int Least = (127 - 59) << (23 - Shift);

    // groups of parts that lie far from each other have coarser bins of their own
    private const int Groups = 8;
    private const int GroupShift = 18;
    private const int CoarseShift = 4;
    private const int CoarseBins = Bins >> CoarseShift;
    private const int Length = Bins + (Groups * CoarseBins);

    // standard errors that a guess reaches to either side
    private const double Reach = 4;

    private readonly long _count;
    private readonly int _every;
    private readonly ThreadLocal<uint[]> _counts = new(Rent, trackAllValues: true);
    private uint[] _bins = [];
    private long _taken;
    private double _margin;
    private (int Low, int High)? _last;

    private RankSample(long count) => (_count, _every) = (count, (int)Math.Clamp(count / Stride / Size, 1, int.MaxValue));

    /// <summary>A sample of a tensor of so many elements; null where reading it whole is cheaper.</summary>
    public static RankSample<T>? Of(long count) => typeof(T) == typeof(float) && count >= SmallestSampled ? new RankSample<T>(count) : null;

    /// <summary>Whether a tile, by its first element's place, belongs to the sample.</summary>
    public bool Takes(long start) => start / Stretch % _every == 0;

    /// <summary>Adds a tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ReadOnlySpan<T> values, long start)
    {
        ref uint bins = ref MemoryMarshal.GetArrayDataReference(_counts.Value!);
        ref uint own = ref Unsafe.Add(ref bins, Bins + ((nint)(start >> GroupShift) % Groups * CoarseBins));
        foreach (T value in values)
        {
            int bin = Math.Min(Math.Max((int)(ReferenceKernels<T>.Magnitude(value) >> Shift) - Least, 0), Bins - 1);
            Unsafe.Add(ref bins, bin)++;
            Unsafe.Add(ref own, bin >> CoarseShift)++;
        }
    }

    /// <summary>Ends the sample and guesses.</summary>
    /// <param name="k">The rank, from 1 up, of all elements.</param>
    /// <returns>The least magnitude that it may be, and one more than the greatest, as integers.</returns>
    public (ulong Low, ulong High) Guess(long k)
    {
        _bins = _counts.Value!;
        foreach (uint[] counts in _counts.Values.Where(c => c != _bins))
        {
            for (int i = 0; i < Length; i++)
                _bins[i] += counts[i];
        }

        _taken = Total(_bins.AsSpan(0, Bins));
        double share = k / (double)_count, rank = share * _taken;
        _margin = Reach * Math.Max(Math.Sqrt(_taken * share * (1 - share)), _taken * StandardError(_bins.AsSpan(Bins, Groups * CoarseBins), BinOf((long)rank + 1) >> CoarseShift));
        return WindowOf(BinOf((long)(rank + _margin) + 1), BinOf((long)(rank - _margin)));
    }

    /// <summary>Guesses once more: the sample missed, must be off by about as much further on, and where the guess ended is known exactly.</summary>
    /// <param name="k">The rank.</param>
    /// <param name="above">Elements above the last guess.</param>
    /// <param name="inside">Elements in it.</param>
    /// <returns>Another window; null where this was tried before.</returns>
    public (ulong Low, ulong High)? GuessAgain(long k, long above, long inside)
    {
        if (_last is not { } last)
            return null;
        double scale = _taken / (double)_count, reach = (2 * scale * (above >= k ? above - k : k - above - inside)) + _margin;
        int step = above >= k ? 1 : -1, near = above >= k ? last.High + 1 : last.Low - 1, far = near;
        for (; far > 0 && far < Bins - 1 && reach > _bins[far]; far += step)
            reach -= _bins[far];
        (ulong, ulong) window = WindowOf(Math.Min(near, far), Math.Max(near, far));
        _last = null;
        return window;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (uint[] counts in _counts.Values)
            ArrayPool<uint>.Shared.Return(counts);
        _counts.Dispose();
    }

    private static uint[] Rent()
    {
        uint[] counts = ArrayPool<uint>.Shared.Rent(Length);
        counts.AsSpan(0, Length).Clear();
        return counts;
    }

    private static long Total(ReadOnlySpan<uint> counts)
    {
        long total = 0;
        foreach (uint count in counts)
            total += count;
        return total;
    }

    private (ulong Low, ulong High) WindowOf(int low, int high)
    {
        _last = (low, high);
        return (LeastOf(low), LeastOf(high + 1));
    }

    // of the share of elements in bins above one: how far the groups' shares lie apart
    private static double StandardError(ReadOnlySpan<uint> groups, int bin)
    {
        var shares = new List<double>();
        for (int group = 0; group < Groups; group++)
        {
            ReadOnlySpan<uint> own = groups.Slice(group * CoarseBins, CoarseBins);
            if (Total(own) is > 0 and long all)
                shares.Add(Total(own[(bin + 1)..]) / (double)all);
        }

        double mean = shares.DefaultIfEmpty().Average();
        return shares.Count < 2 ? 0 : Math.Sqrt(shares.Sum(s => (s - mean) * (s - mean)) / (shares.Count * (shares.Count - 1)));
    }

    // where the count from the top down reaches a rank
    private int BinOf(long rank)
    {
        int bin = Bins - 1;
        while (bin > 0 && _bins[bin] < rank)
            rank -= _bins[bin--];
        return bin;
    }

    // the least magnitude in a bin
    private static ulong LeastOf(int bin) => bin <= 0 ? 0 : bin >= Bins ? 1UL << 31 : (ulong)(bin + Least) << Shift;
}
