using System;
using System.Linq;

/// <summary>Percentile bootstrap over images. With the same number of scores, seed and resamples every call draws the same images, so that the
/// interval of a difference, image by image, is a paired one.</summary>
public static class Bootstrap
{
    /// <summary>Where the mean of the scores lies when images are drawn again with replacement.</summary>
    /// <param name="scores">A score per image.</param>
    /// <param name="resamples">How often images are drawn.</param>
    /// <param name="seed">What the draws start from.</param>
    /// <param name="level">The share of the draws' means in the interval.</param>
    /// <returns>The interval's ends.</returns>
    public static double[] Interval(double[] scores, int resamples = 2000, int seed = 0, double level = 0.95)
    {
        // .NET keeps the sequence of a seeded Random
        var random = new Random(seed);
        var means = new double[resamples];
        for (int r = 0; r < resamples; r++)
        {
            double sum = 0;
            for (int i = 0; i < scores.Length; i++)
                sum += scores[random.Next(scores.Length)];
            means[r] = sum / scores.Length;
        }

        Array.Sort(means);
        return new[] { At(means, (1 - level) / 2), At(means, (1 + level) / 2) };
    }

    /// <summary>Image by image the first less the second.</summary>
    public static double[] Difference(double[] first, double[] second) => first.Zip(second, (a, b) => a - b).ToArray();

    /// <summary>Image by image the mean of several lists: of the tasks, or of the seeds of a random method.</summary>
    public static double[] Mean(double[][] lists) => Enumerable.Range(0, lists[0].Length).Select(i => lists.Average(l => l[i])).ToArray();

    // between the two nearest ranks
    private static double At(double[] sorted, double share)
    {
        double place = share * (sorted.Length - 1);
        int low = (int)place;
        return low + 1 < sorted.Length ? sorted[low] + ((place - low) * (sorted[low + 1] - sorted[low])) : sorted[low];
    }
}
