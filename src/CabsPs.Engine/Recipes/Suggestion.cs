namespace CabsPs.Engine.Recipes;

/// <summary>Finds what somebody probably meant.</summary>
public static class Suggestion
{
    private const int LongestWord = 100;

    /// <summary>The candidate nearest to a word, or null when none is near: at most a third of its letters differ.</summary>
    public static string? Nearest(string word, IEnumerable<string> candidates)
    {
        // a table of both lengths is filled; nothing that long is a slip
        if (word.Length > LongestWord)
            return null;
        (string? best, int distance) = (null, int.MaxValue);
        foreach (string candidate in candidates)
        {
            int d = Distance(word.ToLowerInvariant(), candidate.ToLowerInvariant());
            if (d < distance)
                (best, distance) = (candidate, d);
        }

        return distance <= Math.Max(1, Math.Min(word.Length, best?.Length ?? 0) / 3) + (word.Length > 4 ? 1 : 0) ? best : null;
    }

    /// <summary>"; did you mean 'x'?" or nothing.</summary>
    public static string Hint(string word, IEnumerable<string> candidates) =>
        Nearest(word, candidates) is { } near ? $"; did you mean '{near}'?" : string.Empty;

    // Damerau-Levenshtein with adjacent transpositions
    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
            rows[i, 0] = i;
        for (int j = 0; j <= b.Length; j++)
            rows[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int change = rows[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                rows[i, j] = Math.Min(change, Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }

        return rows[a.Length, b.Length];
    }
}
