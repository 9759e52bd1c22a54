using System.Collections.Specialized;
using CabsPs.Engine.Search;

namespace CabsPs;

/// <summary>One setting of the weights and what the judge said of it.</summary>
public sealed class WeightTrial
{
    internal WeightTrial(IReadOnlyList<string> names, SearchTrial trial)
    {
        Number = trial.Number;
        Weights = WeightSearchResult.Table(names, trial.Weights);
        Scores = WeightSearchResult.Table(trial.Scores);
        Score = trial.Score;
        Duration = trial.Duration;
    }

    /// <summary>Counted from 1 in the order of the search.</summary>
    public int Number { get; }

    /// <summary>The weights by name.</summary>
    public OrderedDictionary Weights { get; }

    /// <summary>The judge's scores by task.</summary>
    public OrderedDictionary Scores { get; }

    /// <summary>The objective; the larger the better.</summary>
    public double Score { get; }

    /// <summary>How long merging and judging took; zero where the log had the trial.</summary>
    public TimeSpan Duration { get; }

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", Weights.Keys.Cast<string>().Select(k => FormattableString.Invariant($"{k} {Weights[k]}")));
}

/// <summary>Where a score lies when other examples of the same kind are drawn.</summary>
public sealed class ScoreRange
{
    internal ScoreRange(ScoreInterval interval) => (Low, High, Level) = (interval.Low, interval.High, interval.Level);

    /// <summary>The lower end.</summary>
    public double Low { get; }

    /// <summary>The upper end.</summary>
    public double High { get; }

    /// <summary>The share of draws inside.</summary>
    public double Level { get; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Low:0.####} to {High:0.####}");
}

/// <summary>A point of a search's curve.</summary>
public sealed class WeightCurvePoint
{
    internal WeightCurvePoint(string name, CurvePoint point) => (Name, Value, Score) = (name, point.Value, point.Score);

    /// <summary>The weight's name.</summary>
    public string Name { get; }

    /// <summary>Its value.</summary>
    public double Value { get; }

    /// <summary>The best objective of the trials with this value.</summary>
    public double Score { get; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Name} {Value}: {Score:0.####}");
}

/// <summary>What a search for weights found.</summary>
public sealed class WeightSearchResult
{
    internal WeightSearchResult(SearchResult result)
    {
        Result = result;
        (Strategy, Objective) = (result.Strategy, result.Objective);
        Weights = Table(result.Names, result.Best.Weights);
        Scores = Table(result.Best.Scores);
        Score = result.Best.Score;
        Interval = result.Interval is { } interval ? new ScoreRange(interval) : null;
        if (result.Test is { } test)
        {
            TestScores = Table(test.Scores);
            TestScore = test.Score;
            TestInterval = test.Interval is { } range ? new ScoreRange(range) : null;
        }

        Trials = [.. result.Trials.Select(t => new WeightTrial(result.Names, t))];
        Best = Trials[result.Best.Number - 1];
        Curve = [.. result.Names.Index().SelectMany(n => result.Curve(n.Index).Select(p => new WeightCurvePoint(n.Item, p)))];
        JudgedCount = result.Judged;
        ModelPath = result.ModelPath;
        Duration = result.Duration;
    }

    /// <summary>The strategy.</summary>
    public string Strategy { get; }

    /// <summary>The objective.</summary>
    public string Objective { get; }

    /// <summary>The best weights by name.</summary>
    public OrderedDictionary Weights { get; }

    /// <summary>Their scores by task, on the split that chose them.</summary>
    public OrderedDictionary Scores { get; }

    /// <summary>Their objective on that split, which flatters them.</summary>
    public double Score { get; }

    /// <summary>Where it lies, by examples; null where the judge gave none.</summary>
    public ScoreRange? Interval { get; }

    /// <summary>Their scores by task on the test split; null without -Test.</summary>
    public OrderedDictionary? TestScores { get; }

    /// <summary>Their objective on the test split.</summary>
    public double? TestScore { get; }

    /// <summary>Where that lies.</summary>
    public ScoreRange? TestInterval { get; }

    /// <summary>The trial that was chosen.</summary>
    public WeightTrial Best { get; }

    /// <summary>All trials in order.</summary>
    public WeightTrial[] Trials { get; }

    /// <summary>Per weight and value the best objective.</summary>
    public WeightCurvePoint[] Curve { get; }

    /// <summary>Trials judged in this run; the others stood in the log.</summary>
    public int JudgedCount { get; }

    /// <summary>The merged model with the best weights; null without -OutputPath.</summary>
    public string? ModelPath { get; }

    /// <summary>Wall time of this run.</summary>
    public TimeSpan Duration { get; }

    /// <summary>The engine's result.</summary>
    internal SearchResult Result { get; }

    /// <inheritdoc/>
    public override string ToString() => Best.ToString();

    internal static OrderedDictionary Table(IReadOnlyList<string> names, IReadOnlyList<double> values)
    {
        var table = new OrderedDictionary();
        for (int i = 0; i < names.Count; i++)
            table.Add(names[i], values[i]);
        return table;
    }

    internal static OrderedDictionary Table(IReadOnlyList<TaskScore> scores) => Table([.. scores.Select(s => s.Task)], [.. scores.Select(s => s.Value)]);
}
