using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Search;

/// <summary>Makes one number of a judge's scores; the larger the better.</summary>
/// <param name="name">mean: the mean of all tasks. relative (CABS+, equation of its fitness): with Δ the relative loss against the reference, Σ of 100·Δ where a
/// task got worse and Δ where it did not, negated.</param>
/// <param name="lowerIsBetter">Whether scores are losses.</param>
/// <param name="reference">Per task what relative compares with.</param>
internal sealed class Objective(string name, bool lowerIsBetter, IReadOnlyList<TaskScore> reference)
{
    private const int Resamples = 2000;
    private const double Level = 0.95;

    /// <summary>The objective of some scores.</summary>
    /// <exception cref="CabsException">relative has nothing to compare a task with.</exception>
    public double Of(IReadOnlyList<TaskScore> scores) => Of([.. scores.Select(s => s.Task)], [.. scores.Select(s => s.Value)]);

    /// <summary>Where the objective lies, by drawing examples with replacement (percentiles: Efron, "Bootstrap methods", 1979); null where no task has any.</summary>
    public ScoreInterval? Interval(IReadOnlyList<TaskScore> scores, long seed)
    {
        if (scores.All(s => s.Examples is null))
            return null;
        string[] tasks = [.. scores.Select(s => s.Task)];
        CounterRandom[] random = [.. tasks.Select(t => new CounterRandom(seed, "bootstrap", t))];
        double[] drawn = new double[Resamples], values = new double[tasks.Length];
        for (int r = 0; r < Resamples; r++)
        {
            for (int t = 0; t < tasks.Length; t++)
            {
                values[t] = scores[t].Value;
                if (scores[t].Examples is not { } examples)
                    continue;
                double sum = 0;
                for (int i = 0; i < examples.Count; i++)
                    sum += examples[(int)(random[t].Uniform(((long)r * examples.Count) + i) * examples.Count)];
                values[t] = sum / examples.Count;
            }

            drawn[r] = Of(tasks, values);
        }

        Array.Sort(drawn);
        int cut = (int)(Resamples * (1 - Level) / 2);
        return new ScoreInterval(drawn[cut], drawn[Resamples - 1 - cut], Level, Resamples);
    }

    private double Of(IReadOnlyList<string> tasks, IReadOnlyList<double> values)
    {
        if (name == "mean")
            return Rounded((lowerIsBetter ? -1 : 1) * values.Average());
        double fitness = 0;
        for (int t = 0; t < tasks.Count; t++)
        {
            double own = reference.FirstOrDefault(r => r.Task == tasks[t])?.Value
                ?? throw new CabsException(CabsError.JudgeFailed, $"the judge scored task {Text.Quote(tasks[t])}, which the reference lacks (it has {string.Join(", ", reference.Select(r => r.Task))})", tasks[t]);
            if (own == 0)
                throw new CabsException(CabsError.JudgeFailed, $"the reference of task {Text.Quote(tasks[t])} is 0, and nothing can be relative to it; search by the mean", tasks[t]);
            double loss = (lowerIsBetter ? values[t] - own : own - values[t]) / Math.Abs(own);
            fitness += loss > 0 ? 100 * loss : loss;
        }

        return Rounded(-fitness);
    }

    // the last bits of a sum are no reason to prefer one of two equal trials
    private static double Rounded(double value) => Math.Round(value, 12);
}
