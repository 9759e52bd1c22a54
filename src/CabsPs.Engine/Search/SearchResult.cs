namespace CabsPs.Engine.Search;

/// <summary>A judge's score of one task.</summary>
/// <param name="Task">The task's name.</param>
/// <param name="Value">The score.</param>
/// <param name="Examples">The score of every example, whose mean is <see cref="Value"/>; null where the judge gives only the mean.</param>
public sealed record TaskScore(string Task, double Value, IReadOnlyList<double>? Examples = null);

/// <summary>One setting of the weights and what the judge said of it.</summary>
/// <param name="Number">Counted from 1 in the order in which the search asked.</param>
/// <param name="Weights">The values, in the order of <see cref="SearchResult.Names"/>.</param>
/// <param name="Scores">The judge's scores.</param>
/// <param name="Score">The objective: the larger the better, also where the judge's scores are losses.</param>
/// <param name="Duration">How long merging and judging took; zero where the log had the trial already.</param>
public sealed record SearchTrial(int Number, IReadOnlyList<double> Weights, IReadOnlyList<TaskScore> Scores, double Score, TimeSpan Duration);

/// <summary>A bootstrap interval: the middle share of the values that the objective takes when examples are drawn with replacement, each task's
/// among its own.</summary>
/// <param name="Low">Its lower end.</param>
/// <param name="High">Its upper end.</param>
/// <param name="Level">The share, such as 0.95.</param>
/// <param name="Resamples">How often examples were drawn.</param>
public sealed record ScoreInterval(double Low, double High, double Level, int Resamples);

/// <summary>Scores of the chosen weights on examples that did not choose them.</summary>
/// <param name="Scores">The judge's scores.</param>
/// <param name="Score">The objective.</param>
/// <param name="Interval">Where it lies, by examples; null where the judge gave none.</param>
public sealed record TestScore(IReadOnlyList<TaskScore> Scores, double Score, ScoreInterval? Interval);

/// <summary>A point of a curve.</summary>
/// <param name="Value">A weight's value.</param>
/// <param name="Score">The best objective that any trial with this value has.</param>
public readonly record struct CurvePoint(double Value, double Score);

/// <summary>What a search for weights found.</summary>
public sealed record SearchResult
{
    /// <summary>The strategy: grid, coordinate or cma-es.</summary>
    public required string Strategy { get; init; }

    /// <summary>The objective: mean or relative.</summary>
    public required string Objective { get; init; }

    /// <summary>What each weight is: <c>lambda</c>, a task vector's name, or a layer's.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>The trial with the best objective; the first of equals.</summary>
    public required SearchTrial Best { get; init; }

    /// <summary>The best trial's interval, by examples; null where the judge gave none. It was chosen for its score, so this is too high.</summary>
    public required ScoreInterval? Interval { get; init; }

    /// <summary>The best weights on the test split; null without a judge for it.</summary>
    public TestScore? Test { get; init; }

    /// <summary>All trials in order.</summary>
    public required IReadOnlyList<SearchTrial> Trials { get; init; }

    /// <summary>Scores that the relative objective compares with; empty for the mean.</summary>
    public required IReadOnlyList<TaskScore> Reference { get; init; }

    /// <summary>How many trials were judged in this run; the others stood in the log.</summary>
    public required int Judged { get; init; }

    /// <summary>The merged model with the best weights; null where none was asked for.</summary>
    public string? ModelPath { get; init; }

    /// <summary>Wall time of this run.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Per value of one weight the best objective of the trials that have it, in the order of values.</summary>
    /// <param name="weight">Which weight.</param>
    public IReadOnlyList<CurvePoint> Curve(int weight) =>
        [.. Trials.GroupBy(t => t.Weights[weight]).Select(g => new CurvePoint(g.Key, g.Max(t => t.Score))).OrderBy(p => p.Value)];

    /// <summary>The best objective so far, trial by trial.</summary>
    public IReadOnlyList<double> BestSoFar
    {
        get
        {
            double best = double.NegativeInfinity;
            return [.. Trials.Select(t => best = Math.Max(best, t.Score))];
        }
    }
}
