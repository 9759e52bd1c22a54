using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>The scores of <see cref="Widen"/>, in float64: in float32 neighbouring ranks would swap.</summary>
/// <param name="ratio">How far above the average a change must be.</param>
/// <param name="calibration">The score that it gets then.</param>
internal sealed class WidenScoring(double ratio, double calibration)
{
    /// <summary>How far above the average a change must be to get the fixed score.</summary>
    public double Ratio { get; } = ratio;

    /// <summary>The fixed score.</summary>
    public double Calibration { get; } = calibration;

    /// <summary>The weight of each line of each model.</summary>
    /// <param name="models">How many models there are.</param>
    /// <param name="origin">‖b‖² of each line.</param>
    /// <param name="energies">‖f‖², model after model.</param>
    /// <param name="products">f · b, model after model.</param>
    public double[][] Weights(int models, ReadOnlySpan<double> origin, ReadOnlySpan<double> energies, ReadOnlySpan<double> products)
    {
        int lines = origin.Length;
        int[][] norms = new int[models][], directions = new int[models][];
        for (int i = 0; i < models; i++)
        {
            double[] stretched = new double[lines], turned = new double[lines];
            for (int l = 0; l < lines; l++)
            {
                double before = Math.Sqrt(origin[l]), after = Math.Sqrt(energies[(i * lines) + l]);
                stretched[l] = Math.Abs(after - before);
                // a line of zeros has no direction and counts as a right angle
                turned[l] = before == 0 || after == 0 ? 1 : 1 - (products[(i * lines) + l] / (after * before));
            }

            norms[i] = Ranks(stretched);
            directions[i] = Ranks(turned);
        }

        var weights = new double[models][];
        for (int i = 0; i < models; i++)
            weights[i] = [.. Enumerable.Range(0, lines).Select(l => 0.5 * (ScoreOf(norms, i, l) + ScoreOf(directions, i, l)))];
        return weights;
    }

    /// <summary>One part of a softmax.</summary>
    public static double Softmax(ReadOnlySpan<double> values, int index)
    {
        double sum = 0;
        foreach (double value in values)
            sum += Elementary.Exp(value);
        return Elementary.Exp(values[index]) / sum;
    }

    // places in ascending order; of equal ones the first comes first
    private static int[] Ranks(double[] values)
    {
        int[] order = [.. Enumerable.Range(0, values.Length)], ranks = new int[values.Length];
        Array.Sort(order, (a, b) => values[a] != values[b] ? values[a].CompareTo(values[b]) : a.CompareTo(b));
        for (int rank = 0; rank < order.Length; rank++)
            ranks[order[rank]] = rank;
        return ranks;
    }

    private double ScoreOf(int[][] ranks, int model, int line)
    {
        int count = ranks[model].Length;
        if (2.0 * ranks[model][line] > Ratio * (count - 1))
            return Calibration;
        Span<double> shares = stackalloc double[ranks.Length];
        for (int i = 0; i < shares.Length; i++)
            shares[i] = ranks[i][line] / (double)count;
        return Softmax(shares, model);
    }
}
