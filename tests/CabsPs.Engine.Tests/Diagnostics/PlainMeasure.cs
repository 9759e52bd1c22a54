using CabsPs.Engine.Diagnostics;

namespace CabsPs.Engine.Tests.Diagnostics;

/// <summary>The figures of a measurement by plain loops over whole arrays; shares no code with the engine.</summary>
internal static class PlainMeasure
{
    private const double Tolerance = 1e-11;

    /// <summary>Asserts that a measurement is what loops give.</summary>
    /// <param name="found">The measurement.</param>
    /// <param name="deltas">Per tensor and vector the deltas.</param>
    /// <param name="tensors">The tensors, in the same order.</param>
    /// <param name="masksOf">The masks of a tensor's deltas.</param>
    /// <param name="block">Weights of a block.</param>
    public static void Check(MeasureResult found, double[][][] deltas, (string Name, long[] Shape)[] tensors, Func<double[][], bool[][]> masksOf, int block)
    {
        bool[][][] masks = [.. deltas.Select(masksOf)];
        int[] all = [.. Enumerable.Range(0, tensors.Length)];
        Assert.Equal(tensors.Select(t => t.Name).Order(StringComparer.Ordinal), found.Tensors.Select(t => t.Name).Order(StringComparer.Ordinal));
        foreach (MeasuredPart part in found.Tensors)
            Check(part, deltas, masks, tensors, [Array.FindIndex(tensors, t => t.Name == part.Name)], block);
        Assert.Equal(["model.layers.0", "model.layers.1", MeasuredPart.OutsideLayers], found.Layers.Select(l => l.Name));
        Check(found.Layers[0], deltas, masks, tensors, [1, 2], block);
        Check(found.Layers[1], deltas, masks, tensors, [3, 4], block);
        Check(found.Layers[2], deltas, masks, tensors, [0], block);
        Check(found.Total, deltas, masks, tensors, all, block);
        for (int v = 0; v < found.Total.Vectors.Count; v++)
        {
            double[] layers = [.. new int[][] { [1, 2], [3, 4] }.Select(l => l.Sum(t => masks[t][v].Count(k => k)) / (double)l.Sum(t => masks[t][v].Length))];
            Equal(Variation(layers), found.Total.Vectors[v].Balance.Layers);
        }
    }

    private static void Check(MeasuredPart part, double[][][] deltas, bool[][][] masks, (string Name, long[] Shape)[] tensors, int[] of, int block)
    {
        Assert.Equal(of.Sum(t => (long)deltas[t][0].Length), part.Count);
        for (int v = 0; v < part.Vectors.Count; v++)
        {
            MeasuredVector vector = part.Vectors[v];
            double all = 0, kept = 0;
            long count = 0;
            var blocks = new List<double>();
            var rows = new List<double>();
            foreach (int t in of)
            {
                double[] delta = deltas[t][v];
                bool[] mask = masks[t][v];
                for (int i = 0; i < delta.Length; i++)
                {
                    all += delta[i] * delta[i];
                    kept += mask[i] ? delta[i] * delta[i] : 0;
                    count += mask[i] ? 1 : 0;
                }

                blocks.AddRange(Shares(mask, block));
                if (tensors[t].Shape.Length > 1)
                    rows.AddRange(Shares(mask, (int)tensors[t].Shape[^1]));
            }

            Assert.Equal(count, vector.Kept);
            Equal(count / (double)part.Count, vector.Density);
            Equal(Math.Sqrt(all), vector.Norm);
            Equal(Math.Sqrt(kept / all), vector.NormKept);
            Equal(Variation(blocks), vector.Balance.Blocks);
            Equal(Variation(rows), vector.Balance.Rows);
        }

        int pair = 0;
        for (int a = 0; a < part.Vectors.Count; a++)
        {
            for (int b = a + 1; b < part.Vectors.Count; b++, pair++)
            {
                MeasuredPair found = part.Pairs[pair];
                long shared = 0, either = 0, opposite = 0, first = 0, second = 0;
                double product = 0, xx = 0, yy = 0, productKept = 0, xxKept = 0, yyKept = 0;
                foreach (int t in of)
                {
                    for (int i = 0; i < deltas[t][a].Length; i++)
                    {
                        double x = deltas[t][a][i], y = deltas[t][b][i];
                        bool inA = masks[t][a][i], inB = masks[t][b][i];
                        first += inA ? 1 : 0;
                        second += inB ? 1 : 0;
                        shared += inA && inB ? 1 : 0;
                        either += inA || inB ? 1 : 0;
                        opposite += inA && inB && Math.Sign(x) * Math.Sign(y) < 0 ? 1 : 0;
                        product += x * y;
                        xx += x * x;
                        yy += y * y;
                        productKept += inA && inB ? x * y : 0;
                        xxKept += inA ? x * x : 0;
                        yyKept += inB ? y * y : 0;
                    }
                }

                Assert.Equal((part.Vectors[a].Name, part.Vectors[b].Name), (found.First, found.Second));
                Assert.Equal((first, second, shared, opposite), (found.KeptByFirst, found.KeptBySecond, found.Shared, found.SignConflicts));
                Equal(either == 0 ? 0 : shared / (double)either, found.Jaccard);
                Equal(shared / (double)Math.Min(first, second), found.ShareOfSmaller);
                Equal(product / Math.Sqrt(xx * yy), found.Cosine);
                Equal(productKept / Math.Sqrt(xxKept * yyKept), found.CosineKept);
            }
        }
    }

    private static IEnumerable<double> Shares(bool[] mask, int unit)
    {
        for (int start = 0; start + unit <= mask.Length; start += unit)
            yield return mask.AsSpan(start, unit).Count(true) / (double)unit;
    }

    private static double? Variation(IReadOnlyList<double> shares)
    {
        if (shares.Count < 2 || shares.Average() == 0)
            return null;
        double mean = shares.Average();
        return Math.Sqrt(shares.Sum(s => (s - mean) * (s - mean)) / shares.Count) / mean;
    }

    private static void Equal(double? expected, double? actual)
    {
        Assert.Equal(expected is null, actual is null);
        if (expected is { } value)
            Assert.Equal(value, actual!.Value, Tolerance);
    }
}
