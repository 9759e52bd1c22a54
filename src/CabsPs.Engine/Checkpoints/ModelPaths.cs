namespace CabsPs.Engine.Checkpoints;

/// <summary>Compares and names model paths.</summary>
public static class ModelPaths
{
    /// <summary>Whether two paths lead to the same model, through symbolic links too.</summary>
    public static bool AreSame(string a, string b) => string.Equals(Resolve(a), Resolve(b), StringComparison.Ordinal);

    /// <summary>Short names for models: the last part of each path, or the whole path where that would be ambiguous.</summary>
    public static IReadOnlyList<string> Names(IReadOnlyList<string> paths)
    {
        string[] last = [.. paths.Select(p => File.Exists(p) ? Path.GetFileNameWithoutExtension(p) : Path.GetFileName(Path.TrimEndingDirectorySeparator(p)))];
        return [.. paths.Select((p, i) => last.Count(n => n == last[i]) == 1 && last[i].Length > 0 ? last[i] : p)];
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
