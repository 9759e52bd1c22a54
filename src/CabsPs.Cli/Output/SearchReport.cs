using System.Globalization;
using System.Text.Json;
using CabsPs.Engine;
using CabsPs.Engine.Search;

namespace CabsPs.Cli.Output;

/// <summary>What a search for weights found.</summary>
internal static class SearchReport
{
    /// <summary>Writes it for a person, or as JSON.</summary>
    public static void Write(Streams streams, SearchResult result, bool asJson)
    {
        if (asJson)
            WriteJson(streams, result);
        else
            WriteTables(streams, result);
    }

    private static void WriteTables(Streams streams, SearchResult result)
    {
        var report = new Report();
        var weights = new Table("weight", ">best");
        for (int i = 0; i < result.Names.Count; i++)
            weights.Add(result.Names[i], result.Best.Weights[i].ToString("0.####", CultureInfo.InvariantCulture));
        report.Add(weights);
        var scores = new Table("task", ">chosen by", ">test");
        foreach (TaskScore score in result.Best.Scores)
            scores.Add(score.Task, Number(score.Value), result.Test?.Scores.FirstOrDefault(s => s.Task == score.Task) is { } test ? Number(test.Value) : "-");
        scores.Add(result.Objective, Number(result.Best.Score), result.Test is { } tested ? Number(tested.Score) : "-");
        if ((result.Interval ?? result.Test?.Interval) is { } known)
            scores.Add(string.Create(CultureInfo.InvariantCulture, $"{known.Level * 100:0} % interval"), Interval(result.Interval), Interval(result.Test?.Interval));
        report.Add(scores);
        if (result.Names.Count == 1)
        {
            IReadOnlyList<CurvePoint> curve = result.Curve(0);
            var table = new Table(result.Names[0], $">{result.Objective}");
            foreach (CurvePoint point in curve)
                table.Add(point.Value.ToString("0.####", CultureInfo.InvariantCulture), Number(point.Score));
            report.Add(table);
        }

        report.Add($"{Words.Of(result.Trials.Count, "trial")} by {result.Strategy}, {result.Judged} judged now; best is trial {result.Best.Number}; {Text.Time(result.Duration)}");
        if (result.Test is null)
            report.Add("the score that chose the weights flatters them: judge a test split with --test before you report it");
        if (result.ModelPath is { } path)
            report.Add(path);
        report.WriteTo(streams);
    }

    private static void WriteJson(Streams streams, SearchResult result) => Json.Write(streams, json =>
    {
        json.WriteString("strategy", result.Strategy);
        json.WriteString("objective", result.Objective);
        json.WriteStartObject("best");
        Trial(json, result, result.Best);
        Interval(json, result.Interval);
        json.WriteEndObject();
        if (result.Test is { } test)
        {
            json.WriteStartObject("test");
            Scores(json, test.Scores);
            json.Number("score", test.Score);
            Interval(json, test.Interval);
            json.WriteEndObject();
        }

        json.Objects("trials", result.Trials, trial => Trial(json, result, trial));
        json.Objects("curves", result.Names.Index(), name =>
        {
            json.WriteString("weight", name.Item);
            json.Objects("points", result.Curve(name.Index), point =>
            {
                json.WriteNumber("value", point.Value);
                json.Number("score", point.Score);
            });
        });
        json.WriteNumber("judged", result.Judged);
        json.WriteString("path", result.ModelPath);
        json.Number("seconds", result.Duration.TotalSeconds);
    });

    private static void Trial(Utf8JsonWriter json, SearchResult result, SearchTrial trial)
    {
        json.WriteNumber("trial", trial.Number);
        MeasureJson.Numbers(json, "weights", result.Names, trial.Weights);
        Scores(json, trial.Scores);
        json.Number("score", trial.Score);
        json.Number("seconds", trial.Duration.TotalSeconds);
    }

    private static void Scores(Utf8JsonWriter json, IReadOnlyList<TaskScore> scores) =>
        MeasureJson.Numbers(json, "scores", [.. scores.Select(s => s.Task)], [.. scores.Select(s => s.Value)]);

    private static void Interval(Utf8JsonWriter json, ScoreInterval? interval)
    {
        if (interval is null)
            return;
        json.WriteStartObject("interval");
        json.Number("low", interval.Low);
        json.Number("high", interval.High);
        json.Number("level", interval.Level);
        json.WriteEndObject();
    }

    private static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);

    private static string Interval(ScoreInterval? interval) => interval is null ? "-" : $"{Number(interval.Low)} to {Number(interval.High)}";
}
