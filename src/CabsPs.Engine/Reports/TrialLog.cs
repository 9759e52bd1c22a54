using System.Text.Json;

namespace CabsPs.Engine.Reports;

/// <summary>Reads the log of a search: one JSON object per line, a trial each with its <c>weights</c> and its <c>score</c>. A line without
/// weights tells of the search as a whole; a last line that was cut off by a stop does not count.</summary>
internal static class TrialLog
{
    private const long LongestLog = 1L << 28;

    /// <summary>Reads a log.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CabsException">It cannot be read, a line is wrong, or there is no trial.</exception>
    public static ReportSearch Read(string path)
    {
        string[] lines = Lines(path);
        string[]? names = null;
        string strategy = string.Empty, objective = string.Empty;
        var trials = new List<ReportTrial>();
        for (int i = 0; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i]))
                continue;
            try
            {
                using JsonDocument document = JsonDocument.Parse(lines[i], new JsonDocumentOptions { MaxDepth = 16 });
                JsonElement root = document.RootElement;
                if (!root.TryGetProperty("weights", out JsonElement weights))
                {
                    strategy = Word(root, "strategy") ?? strategy;
                    objective = Word(root, "objective") ?? objective;
                    names ??= root.TryGetProperty("names", out JsonElement list) ? [.. list.EnumerateArray().Select(n => n.GetString() ?? string.Empty)] : null;
                    continue;
                }

                double[] values = [.. weights.ValueKind == JsonValueKind.Object ? weights.EnumerateObject().Select(w => w.Value.GetDouble()) : weights.EnumerateArray().Select(w => w.GetDouble())];
                names ??= weights.ValueKind == JsonValueKind.Object ? [.. weights.EnumerateObject().Select(w => w.Name)] : [.. values.Select((_, w) => $"weight {w + 1}")];
                if (values.Length != names.Length)
                    throw new FormatException();
                trials.Add(new ReportTrial(trials.Count + 1, values, root.GetProperty("score") is { ValueKind: JsonValueKind.Number } score ? score.GetDouble() : double.NaN) { Tasks = [.. Tasks(root)] });
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
            {
                if (i == lines.Length - 1)
                    break;
                throw new CabsException(CabsError.ParameterInvalid, $"{path} line {i + 1}: is not a trial with 'weights' and a 'score', as a search for weights logs it", path, e);
            }
        }

        if (trials.Count == 0)
            throw new CabsException(CabsError.ParameterInvalid, $"{path}: holds no trial of a search for weights", path);
        return new ReportSearch(Path.GetFileNameWithoutExtension(path), names!, trials) { Strategy = strategy, Objective = objective is "" or "mean" ? "mean score" : $"{objective} score" };
    }

    private static string[] Lines(string path)
    {
        try
        {
            if (new FileInfo(path).Length > LongestLog)
                throw new CabsException(CabsError.ParameterInvalid, $"{path}: has more than {Text.Bytes(LongestLog)}; that is not the log of a search", path);
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CabsException(CabsError.ReadFailed, $"{path}: cannot be read: {e.Message}", path, e);
        }
    }

    // scores of tasks, as an object of numbers or as objects with a task and a value
    private static IEnumerable<(string Task, double Score)> Tasks(JsonElement root)
    {
        if (!root.TryGetProperty("scores", out JsonElement scores))
            yield break;
        if (scores.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty task in scores.EnumerateObject())
                yield return (task.Name, task.Value.ValueKind == JsonValueKind.Number ? task.Value.GetDouble() : task.Value.GetProperty("value").GetDouble());
        }
        else
        {
            foreach (JsonElement task in scores.EnumerateArray())
                yield return (Word(task, "task") ?? string.Empty, task.GetProperty("value").GetDouble());
        }
    }

    private static string? Word(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
}
