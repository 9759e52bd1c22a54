using System.Text.Json;
using CabsPs.Engine.Search;

namespace CabsPs.Engine.Reports;

/// <summary>Reads the log of a search: one JSON object per line, a trial each with its <c>weights</c> by name and its <c>score</c>. Other lines
/// tell of the search as a whole; a last line that was cut off by a stop does not count.</summary>
internal static class TrialLog
{
    private const long LongestLog = 1L << 30;

    /// <summary>Reads a log.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CabsException">It cannot be read, a line is wrong, or there is no trial.</exception>
    public static ReportSearch Read(string path)
    {
        string[] lines = Lines(path);
        string[]? names = null;
        var trials = new List<ReportTrial>();
        for (int i = 0; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i]))
                continue;
            try
            {
                using JsonDocument document = JsonDocument.Parse(lines[i], new JsonDocumentOptions { MaxDepth = 16 });
                if (!document.RootElement.TryGetProperty("weights", out JsonElement weights) || weights.ValueKind != JsonValueKind.Object)
                    continue;
                names ??= [.. weights.EnumerateObject().Select(w => w.Name)];
                if (weights.EnumerateObject().Count() != names.Length)
                    throw new FormatException();
                trials.Add(Trial(document.RootElement, [.. names.Select(n => weights.GetProperty(n).GetDouble())], trials.Count + 1));
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or CabsException)
            {
                if (i == lines.Length - 1)
                    break;
                throw new CabsException(CabsError.SearchLogInvalid, $"{path} line {i + 1}: is not a trial with 'weights' and a 'score', as a search for weights logs it", path, e);
            }
        }

        // trials that ran side by side end in any order
        return trials.Count > 0
            ? new ReportSearch(Path.GetFileNameWithoutExtension(path), names!, [.. trials.OrderBy(t => t.Number)])
            : throw new CabsException(CabsError.SearchLogInvalid, $"{path}: holds no trial of a search for weights", path);
    }

    private static ReportTrial Trial(JsonElement root, double[] weights, int place) =>
        new(root.TryGetProperty("trial", out JsonElement number) ? number.GetInt32() : place, weights, root.GetProperty("score").GetDouble())
        {
            Tasks = root.TryGetProperty("scores", out JsonElement scores) ? [.. JudgeOutput.Read(scores).Select(s => (s.Task, s.Value))] : [],
        };

    private static string[] Lines(string path)
    {
        try
        {
            if (new FileInfo(path).Length > LongestLog)
                throw new CabsException(CabsError.SearchLogInvalid, $"{path}: has more than {Text.Bytes(LongestLog)}; that is not the log of a search", path);
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CabsException(CabsError.ReadFailed, $"{path}: cannot be read: {e.Message}", path, e);
        }
    }
}
