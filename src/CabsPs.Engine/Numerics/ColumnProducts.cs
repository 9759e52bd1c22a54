using System.Numerics;

namespace CabsPs.Engine.Numerics;

/// <summary>‖a‖², ‖b‖² and a · b for every column of two matrices that come row by row, in tiles of any order and from several threads. The
/// sums are kept as integers (products scaled by a power of two, 62 bits before and after the point, less those that the number of rows
/// takes), so that no order of additions shows in them. Room: 48 bytes per column and thread.</summary>
/// <typeparam name="T">float or double.</typeparam>
/// <param name="columns">How many columns there are.</param>
/// <param name="rows">How many rows there are.</param>
internal sealed class ColumnProducts<T>(int columns, long rows)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int Figures = 3;
    private readonly Lock _lock = new();
    private readonly int _bits = (62 - BitOperations.Log2((ulong)Math.Max(1, rows)) - 1) & ~1;
    private ThreadLocal<long[]>? _sums;
    private T _largest;
    private double _scale = 1;

    /// <summary>First pass: reads a tile, to learn how large values are.</summary>
    public void MeasureRange(ReadOnlySpan<T> a, ReadOnlySpan<T> b)
    {
        T largest = T.Zero;
        foreach (T value in a)
            largest = T.Max(largest, T.Abs(value));
        foreach (T value in b)
            largest = T.Max(largest, T.Abs(value));
        lock (_lock)
            _largest = T.Max(_largest, largest);
    }

    /// <summary>Ends the first pass.</summary>
    public void CompleteRange()
    {
        double largest = double.CreateTruncating(_largest);
        if (largest > 0 && double.IsFinite(largest))
            _scale = Math.ScaleB(1, (_bits / 2) - Math.ILogB(largest) - 1);
        _sums = new ThreadLocal<long[]>(() => new long[columns * Figures * 2], trackAllValues: true);
    }

    /// <summary>Second pass: reads a tile.</summary>
    /// <param name="start">Its first element's place in the tensor.</param>
    /// <param name="a">Of the first matrix.</param>
    /// <param name="b">Of the second.</param>
    public void Measure(long start, ReadOnlySpan<T> a, ReadOnlySpan<T> b)
    {
        long[] sums = _sums!.Value!;
        double unit = Math.ScaleB(1, _bits);
        int column = (int)(start % columns);
        for (int i = 0; i < a.Length; i++)
        {
            double x = double.CreateTruncating(a[i]) * _scale, y = double.CreateTruncating(b[i]) * _scale;
            Span<long> own = sums.AsSpan(column * Figures * 2, Figures * 2);
            Add(own, x * x, unit);
            Add(own[2..], y * y, unit);
            Add(own[4..], x * y, unit);
            column = column + 1 == columns ? 0 : column + 1;
        }
    }

    /// <summary>Ends the second pass.</summary>
    /// <returns>Per column: ‖a‖², ‖b‖², a · b.</returns>
    public double[] Complete()
    {
        var totals = new double[columns * Figures];
        var parts = new long[columns * Figures * 2];
        foreach (long[] sums in _sums!.Values)
        {
            for (int i = 0; i < parts.Length; i++)
                parts[i] += sums[i];
        }

        _sums.Dispose();
        for (int i = 0; i < totals.Length; i++)
            totals[i] = (parts[2 * i] + Math.ScaleB(parts[(2 * i) + 1], -_bits)) / _scale / _scale;
        return totals;
    }

    private static void Add(Span<long> sum, double product, double unit)
    {
        long whole = (long)product;
        sum[0] += whole;
        sum[1] += (long)((product - whole) * unit);
    }
}
