using CabsPs.Engine.Diagnostics;
using CabsPs.Engine.Search;

namespace CabsPs.Engine.Reports;

/// <summary>What a report tells. Every part may be absent; a report of nothing is refused.</summary>
public sealed record ReportContent
{
    /// <summary>The page's title.</summary>
    public string Title { get; init; } = "What the merge did";

    /// <summary>Recipes, as they were written.</summary>
    public IReadOnlyList<ReportRecipe> Recipes { get; init; } = [];

    /// <summary>Merges, done or planned, in the order they are told.</summary>
    public IReadOnlyList<ReportMerge> Merges { get; init; } = [];

    /// <summary>What task vectors were measured to keep, and how they meet.</summary>
    public IReadOnlyList<ReportMeasurement> Measurements { get; init; } = [];

    /// <summary>Studies of assignments and orders.</summary>
    public IReadOnlyList<ReportStudy> Studies { get; init; } = [];

    /// <summary>Searches for weights.</summary>
    public IReadOnlyList<ReportSearch> Searches { get; init; } = [];

    /// <summary>Scores of finished models, one list per judge.</summary>
    public IReadOnlyList<ReportScores> Scores { get; init; } = [];
}

/// <summary>A recipe as text.</summary>
/// <param name="Name">Its file's name.</param>
/// <param name="Text">What stands in it.</param>
public sealed record ReportRecipe(string Name, string Text)
{
    private const long LongestRecipe = 1 << 20;

    /// <summary>Reads a recipe's text.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CabsException">It cannot be read.</exception>
    public static ReportRecipe Read(string path)
    {
        try
        {
            if (new FileInfo(path).Length > LongestRecipe)
                throw new CabsException(CabsError.RecipeInvalid, $"{path}: is larger than {Engine.Text.Bytes(LongestRecipe)}; that is not a recipe", path);
            return new ReportRecipe(Path.GetFileName(path), File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CabsException(CabsError.ReadFailed, $"{path}: cannot be read: {e.Message}", path, e);
        }
    }
}

/// <summary>A measurement.</summary>
/// <param name="Name">What the report calls it.</param>
/// <param name="Result">What was measured.</param>
public sealed record ReportMeasurement(string Name, MeasureResult Result);

/// <summary>A study of assignments.</summary>
/// <param name="Name">What the report calls it.</param>
/// <param name="Result">What it found.</param>
public sealed record ReportStudy(string Name, StudyResult Result);

/// <summary>A search for weights.</summary>
/// <param name="Name">What the report calls it.</param>
/// <param name="Weights">Names of the weights searched for.</param>
/// <param name="Trials">What was tried, in order.</param>
public sealed record ReportSearch(string Name, IReadOnlyList<string> Weights, IReadOnlyList<ReportTrial> Trials)
{
    /// <summary>How it looked: grid, coordinate, cma-es; empty where it is not known.</summary>
    public string Strategy { get; init; } = string.Empty;

    /// <summary>What a score is, such as <c>mean accuracy on the validation images</c>.</summary>
    public string Objective { get; init; } = "score";

    /// <summary>The trial chosen: the highest score, the earliest of equal ones.</summary>
    public ReportTrial? Chosen { get; } = Trials.Where(t => double.IsFinite(t.Score)).OrderByDescending(t => t.Score).FirstOrDefault();

    /// <summary>What the chosen weights score on data that did not choose them; null where it was not measured.</summary>
    public ReportInterval? Test { get; init; }

    /// <summary>A search from its log, JSON lines of trials.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CabsException">It cannot be read, a line is wrong, or there is no trial.</exception>
    public static ReportSearch Read(string path) => TrialLog.Read(path);

    /// <summary>A search as it ended.</summary>
    /// <param name="name">What the report calls it.</param>
    /// <param name="result">What it found.</param>
    public static ReportSearch From(string name, SearchResult result) =>
        new(name, result.Names, [.. result.Trials.Select(t => new ReportTrial(t.Number, t.Weights, t.Score) { Tasks = [.. t.Scores.Select(s => (s.Task, s.Value))] })])
        {
            Strategy = result.Strategy,
            Objective = result.Objective == "mean" ? "mean score" : $"{result.Objective} score",
            Test = result.Test is { } test ? new ReportInterval(test.Score, test.Interval?.Low ?? double.NaN, test.Interval?.High ?? double.NaN) : null,
        };
}

/// <summary>A trial of a search.</summary>
/// <param name="Number">Its place, from 1.</param>
/// <param name="Weights">The weights tried, in the order of the search's names.</param>
/// <param name="Score">What the judge said, higher is better; not finite where it failed.</param>
public sealed record ReportTrial(int Number, IReadOnlyList<double> Weights, double Score)
{
    /// <summary>Scores of single tasks.</summary>
    public IReadOnlyList<(string Task, double Score)> Tasks { get; init; } = [];
}

/// <summary>A figure with an interval around it.</summary>
/// <param name="Value">The figure.</param>
/// <param name="Low">The interval's lower end.</param>
/// <param name="High">Its upper end.</param>
public sealed record ReportInterval(double Value, double Low, double High);

/// <summary>Scores of finished models.</summary>
/// <param name="Name">What is scored, such as <c>Accuracy on the test images</c>.</param>
/// <param name="Rows">The scores; those of one group stand together.</param>
public sealed record ReportScores(string Name, IReadOnlyList<ReportScore> Rows);

/// <summary>A score of a model.</summary>
/// <param name="Name">The model or method.</param>
/// <param name="Score">The score.</param>
public sealed record ReportScore(string Name, double Score)
{
    /// <summary>The interval's lower end; NaN without one.</summary>
    public double Low { get; init; } = double.NaN;

    /// <summary>The interval's upper end; NaN without one.</summary>
    public double High { get; init; } = double.NaN;

    /// <summary>What it stands under, such as <c>75 % sparsity</c>; empty for none.</summary>
    public string Group { get; init; } = string.Empty;

    /// <summary>A remark, such as <c>within noise of the best</c>.</summary>
    public string Note { get; init; } = string.Empty;

    /// <summary>A score that the others are measured against, such as the base's: also drawn as a line.</summary>
    public bool IsReference { get; init; }

    /// <summary>Other columns of the table: single tasks, the chosen weight.</summary>
    public IReadOnlyList<(string Name, string Value)> Columns { get; init; } = [];
}
