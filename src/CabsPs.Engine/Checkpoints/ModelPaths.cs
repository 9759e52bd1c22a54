namespace CabsPs.Engine.Checkpoints;

/// <summary>Compares and names model paths.</summary>
public static class ModelPaths
{
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

    /// <summary>The full path with every symbolic link on the way followed.</summary>
    public static string Resolve(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        try
        {
            string? parent = Path.GetDirectoryName(full);
            if (parent is null)
                return full;
            string here = Path.Combine(Resolve(parent), Path.GetFileName(full));
            FileSystemInfo info = Directory.Exists(here) ? new DirectoryInfo(here) : new FileInfo(here);
            return info.LinkTarget is null ? here : info.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? here;
        }
        catch (IOException)
        {
            return full;
        }
    }
}
