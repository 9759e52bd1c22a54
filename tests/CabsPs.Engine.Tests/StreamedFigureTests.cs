using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Tests;

/// <summary>Quantiles and column sums that are found in passes over tiles, against plain computations on whole arrays.</summary>
public sealed class StreamedFigureTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(5, 0)]
    [InlineData(10_000, 0)]
    [InlineData(10_000, 3)]
    [InlineData(1_200_001, 0)]
    public void Quantiles_are_those_of_a_sort(int count, int distinct)
    {
        CheckQuantiles<float>(count, distinct);
        CheckQuantiles<double>(count, distinct);
    }

    [Fact]
    public void Column_products_do_not_depend_on_the_order_of_tiles_and_keep_small_columns_exact()
    {
        const int Columns = 37, Rows = 501;
        float[] a = Samples.Normal(1, Columns * Rows), b = Samples.Normal(2, Columns * Rows);
        // a column a million times smaller than the others
        for (int i = 5; i < a.Length; i += Columns)
            (a[i], b[i]) = (a[i] * 1e-6f, b[i] * 1e-6f);
        double[] first = Products(a, b, Columns, 1), second = Products(a, b, Columns, 2);
        Assert.Equal(first, second);
        for (int c = 0; c < Columns; c++)
        {
            double aa = 0, bb = 0, ab = 0;
            for (int i = c; i < a.Length; i += Columns)
            {
                aa += (double)a[i] * a[i];
                bb += (double)b[i] * b[i];
                ab += (double)a[i] * b[i];
            }

            Assert.Equal(1, first[3 * c] / aa, 1e-12);
            Assert.Equal(1, first[(3 * c) + 1] / bb, 1e-12);
            Assert.Equal(0, (first[(3 * c) + 2] - ab) / Math.Sqrt(aa * bb), 1e-12);
        }
    }

    private static double[] Products(float[] a, float[] b, int columns, int seed)
    {
        var products = new ColumnProducts<float>(columns, a.Length / columns);
        Tiles(a.Length, 100, seed, (start, length) => products.MeasureRange(a.AsSpan(start, length), b.AsSpan(start, length)));
        products.CompleteRange();
        Tiles(a.Length, 100, seed + 1, (start, length) => products.Measure(start, a.AsSpan(start, length), b.AsSpan(start, length)));
        return products.Complete();
    }

    private static void CheckQuantiles<T>(int count, int distinct)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var random = new Random(count);
        T[] values = [.. Enumerable.Range(0, count).Select(_ => T.CreateTruncating(distinct == 0 ? random.NextDouble() : random.Next(distinct) / 8.0))];
        T[] sorted = [.. values.Order()];
        long[] ranks = [(count - 1) / 4, (count - 1) / 2, (count - 1) * 3L / 4, count - 1, 0];
        var search = new QuantileSearch<T>(ranks);
        for (int pass = 0; pass < QuantileSearch<T>.Passes; pass++)
        {
            Tiles(count, 4096, pass, (start, length) => search.Measure(pass, values.AsSpan(start, length)));
            search.Complete(pass);
        }

        for (int i = 0; i < ranks.Length; i++)
            Assert.Equal(sorted[ranks[i]], search.Value(i));
    }

    // in a shuffled order, from several threads
    private static void Tiles(int count, int tile, int seed, Action<int, int> read)
    {
        int[] starts = [.. Enumerable.Range(0, (count + tile - 1) / tile).Select(i => i * tile)];
        new Random(seed).Shuffle(starts);
        Parallel.ForEach(starts, start => read(start, Math.Min(tile, count - start)));
    }
}
