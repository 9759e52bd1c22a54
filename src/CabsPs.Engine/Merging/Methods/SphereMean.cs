namespace CabsPs.Engine.Merging.Methods;

/// <summary>The Karcher mean of directions, from the inner products of the vectors alone; see <see cref="Karcher"/>.</summary>
internal static class SphereMean
{
    // sines below are those of 0 or π, of which only 0 has a direction, and no length
    private const double SmallestSine = 1e-7;

    /// <summary>The factors of the vectors in their mean.</summary>
    /// <param name="products">All inner products of the vectors.</param>
    /// <param name="iterations">The most steps.</param>
    /// <param name="tolerance">A step or vector shorter than this is none.</param>
    public static double[] Factors(double[,] products, long iterations, double tolerance)
    {
        int all = products.GetLength(0);
        double[] norms = [.. Enumerable.Range(0, all).Select(i => Math.Sqrt(products[i, i]))];
        int[] valid = [.. Enumerable.Range(0, all).Where(i => norms[i] > tolerance)];
        var factors = new double[all];
        if (valid.Length == 0)
        {
            Array.Fill(factors, 1.0 / all);
            return factors;
        }

        var cosines = new double[valid.Length, valid.Length];
        for (int i = 0; i < valid.Length; i++)
        {
            for (int j = 0; j < valid.Length; j++)
                cosines[i, j] = i == j ? 1 : products[valid[i], valid[j]] / (norms[valid[i]] * norms[valid[j]]);
        }

        double[] mean = Walk(cosines, iterations, tolerance);
        double length = norms.Sum() / all;
        for (int i = 0; i < valid.Length; i++)
            factors[valid[i]] = mean[i] * length / norms[valid[i]];
        return factors;
    }

    // u as the factors of the directions in it
    private static double[] Walk(double[,] cosines, long iterations, double tolerance)
    {
        int count = cosines.GetLength(0);
        var mean = new double[count];
        Array.Fill(mean, 1.0 / count);
        double norm = Norm(mean, cosines);
        if (norm < tolerance || norm == 0)
        {
            Array.Clear(mean);
            (mean[0], norm) = (1, 1);
        }

        Scale(mean, 1 / norm);
        for (long n = 0; n < iterations; n++)
        {
            double[] step = Step(mean, cosines, tolerance);
            double length = Norm(step, cosines);
            if (length < tolerance || length == 0)
                break;
            (double sine, double cosine) = Math.SinCos(length);
            for (int i = 0; i < count; i++)
                mean[i] = (cosine * mean[i]) + (sine / length * step[i]);
            if (Norm(mean, cosines) is var reached && reached > tolerance)
                Scale(mean, 1 / reached);
        }

        return mean;
    }

    private static double[] Step(double[] mean, double[,] cosines, double tolerance)
    {
        int count = mean.Length;
        var step = new double[count];
        double along = 0;
        for (int i = 0; i < count; i++)
        {
            double cosine = 0;
            for (int j = 0; j < count; j++)
                cosine += cosines[i, j] * mean[j];
            double angle = Math.Acos(Math.Clamp(cosine, -1, 1)), sine = Math.Sin(angle);
            if (angle < tolerance || sine < SmallestSine)
                continue;
            double pull = angle / sine / count;
            step[i] += pull;
            along += pull * cosine;
        }

        for (int i = 0; i < count; i++)
            step[i] -= along * mean[i];
        return step;
    }

    private static double Norm(double[] factors, double[,] cosines)
    {
        double energy = 0;
        for (int i = 0; i < factors.Length; i++)
        {
            for (int j = 0; j < factors.Length; j++)
                energy += factors[i] * factors[j] * cosines[i, j];
        }

        return Math.Sqrt(Math.Max(0, energy));
    }

    private static void Scale(double[] factors, double scale)
    {
        for (int i = 0; i < factors.Length; i++)
            factors[i] *= scale;
    }
}
