using System.Text.Json;

namespace CabsPs.Engine.Search;

/// <summary>Reads what a judge says: a number; an object of task scores; a list of example scores; an object of such lists.</summary>
public static class JudgeOutput
{
    /// <summary>What a single score is called.</summary>
    public const string SingleTask = "score";

    /// <summary>Reads a program's output: JSON, or lines of which the last is JSON.</summary>
    /// <param name="text">The output.</param>
    /// <exception cref="CabsException">It is no score.</exception>
    public static IReadOnlyList<TaskScore> Parse(string text)
    {
        string last = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? string.Empty;
        foreach (string candidate in new[] { text, last })
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(candidate);
                return Read(document.RootElement);
            }
            catch (JsonException)
            {
                // a program may say more than its scores
            }
        }

        throw new CabsException(CabsError.JudgeFailed, $"the judge's output ends with {Text.Quote(last)}; it must end with JSON: a number, or an object of task scores such as {{\"math\": 0.71}}", last);
    }

    /// <summary>Makes scores of plain values.</summary>
    /// <param name="tasks">Per task a score, or the scores of its examples.</param>
    /// <exception cref="CabsException">There is none, or one is no number.</exception>
    public static IReadOnlyList<TaskScore> Of(IEnumerable<(string Task, double? Value, IReadOnlyList<double>? Examples)> tasks)
    {
        // by name, so that a hashtable's order does not show
        TaskScore[] scores = [.. tasks.Select(t => new TaskScore(t.Task, t.Value ?? (t.Examples is { Count: > 0 } all ? all.Average() : double.NaN), t.Examples)).OrderBy(t => t.Task, StringComparer.Ordinal)];
        if (scores.Length == 0)
            throw new CabsException(CabsError.JudgeFailed, "the judge gave no score; it must give a number, or task scores by name", SingleTask);
        foreach (TaskScore score in scores)
        {
            if (!double.IsFinite(score.Value))
                throw new CabsException(CabsError.JudgeFailed, $"the judge's score of {Text.Quote(score.Task)} is {(double.IsNaN(score.Value) ? "not a number" : "infinite")}; it must be a finite number", score.Task);
        }

        return scores;
    }

    /// <summary>Reads scores from JSON.</summary>
    /// <exception cref="CabsException">They are none.</exception>
    internal static IReadOnlyList<TaskScore> Read(JsonElement element) => element.ValueKind == JsonValueKind.Object
        ? Of([.. element.EnumerateObject().Select(p => Read(p.Name, p.Value))])
        : Of([Read(SingleTask, element)]);

    /// <summary>Writes scores as <see cref="Read(JsonElement)"/> takes them.</summary>
    internal static void Write(Utf8JsonWriter json, IReadOnlyList<TaskScore> scores)
    {
        json.WriteStartObject();
        foreach (TaskScore score in scores)
        {
            if (score.Examples is not { } examples)
            {
                json.WriteNumber(score.Task, score.Value);
                continue;
            }

            json.WriteStartArray(score.Task);
            foreach (double example in examples)
                json.WriteNumberValue(example);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static (string Task, double? Value, IReadOnlyList<double>? Examples) Read(string task, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => (task, value.GetDouble(), null),
        JsonValueKind.Array when value.EnumerateArray().All(e => e.ValueKind is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False) =>
            (task, null, [.. value.EnumerateArray().Select(e => e.ValueKind == JsonValueKind.Number ? e.GetDouble() : e.ValueKind == JsonValueKind.True ? 1 : 0)]),
        _ => throw new CabsException(CabsError.JudgeFailed, $"the judge's score of {Text.Quote(task)} is {Text.Quote(value.GetRawText())}; it must be a number, or a list of the examples' numbers", task),
    };
}
