namespace CabsPs.Engine.Checkpoints;

/// <summary>Compares and names model paths.</summary>
public static class ModelPaths
{
    // as many as operating systems follow
    private const int MaxLinks = 40;

    /// <summary>Whether two paths lead to the same model, through symbolic links too.</summary>
    public static bool AreSame(string a, string b) => string.Equals(Resolve(a), Resolve(b), StringComparison.Ordinal);

    /// <summary>Short names for models: the last part of each path, or as many of its last parts as tell it from the others. Names
    /// do not change when all models move together: random masks depend on them.</summary>
    public static IReadOnlyList<string> Names(IReadOnlyList<string> paths)
    {
        string[][] parts = [.. paths.Select(p => Path.TrimEndingDirectorySeparator(File.Exists(p) ? Path.ChangeExtension(p, null) : p)
            .Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries))];
        return [.. parts.Select((own, i) =>
        {
            int count = 1;
            while (count < own.Length && parts.Where((_, j) => j != i).Any(other => other.TakeLast(count).SequenceEqual(own.TakeLast(count), StringComparer.Ordinal)))
                count++;
            return own.Length == 0 ? paths[i] : string.Join('/', own.TakeLast(count));
        })];
    }

    /// <summary>The full path with every symbolic link on the way followed; links that lead in a circle stay.</summary>
    public static string Resolve(string path) => Resolve(path, MaxLinks);

    private static string Resolve(string path, int links)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), here = Path.GetPathRoot(full) ?? string.Empty;
        for (int at = here.Length; at < full.Length;)
        {
            int separator = full.AsSpan(at).IndexOf(Path.DirectorySeparatorChar), end = separator < 0 ? full.Length : at + separator;
            // behind what does not exist there are no links
            if (Follow(Path.Combine(here, full[at..end]), links) is not { } real)
                return Path.Combine(here, full[at..]);
            here = real;
            at = end + 1;
        }

        return here;
    }

    // a link is relative to the folder in which it really lies, so the path before it must be resolved
    private static string? Follow(string path, int links)
    {
        try
        {
            FileSystemInfo info = Directory.Exists(path) ? new DirectoryInfo(path) : new FileInfo(path);
            if (!info.Exists)
                return null;
            return info.LinkTarget is null || links == 0 ? path : Resolve(info.ResolveLinkTarget(returnFinalTarget: false)!.FullName, links - 1);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return path;
        }
    }
}
