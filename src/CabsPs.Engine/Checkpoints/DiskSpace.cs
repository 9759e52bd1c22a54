namespace CabsPs.Engine.Checkpoints;

/// <summary>Whether what is to be written has room.</summary>
public static class DiskSpace
{
    // no space left, quota exceeded (Linux, macOS); disk full, handle disk full (Windows)
    private static readonly int[] s_fullCodes = [28, 122, 69, unchecked((int)0x80070070), unchecked((int)0x80070027)];

    /// <summary>Bytes free for this user where a path lies or will lie; null where that is not known.</summary>
    public static long? FreeAt(string path)
    {
        try
        {
            return Existing(path) is { } folder ? new DriveInfo(folder).AvailableFreeSpace : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Refuses to begin what cannot end well.</summary>
    /// <param name="needs">Folders that are to be written, and how many bytes each takes. Those that lie on one disk share its room.</param>
    /// <exception cref="CabsException">A disk has too little room.</exception>
    public static void Check(IEnumerable<(string Path, long Bytes)> needs)
    {
        foreach (var disk in needs.GroupBy(n => MountOf(n.Path)))
        {
            long needed = disk.Sum(n => n.Bytes);
            string path = disk.First().Path;
            if (FreeAt(path) is { } free && needed > free)
                throw new CabsException(CabsError.DiskFull, $"{path}: the result takes {Text.Bytes(needed)} ({needed} bytes), and its disk has {Text.Bytes(free)} ({free} bytes) free; make room or give another folder", path);
        }
    }

    /// <summary>What to say of a failure to write.</summary>
    /// <param name="path">The file or folder that was to be written.</param>
    /// <param name="cause">What the system says.</param>
    internal static CabsException Failure(string path, Exception cause) => IsFull(cause)
        ? new CabsException(CabsError.DiskFull, $"{path}: cannot be written, the disk or a quota is full; make room or give another folder", path, cause)
        : new CabsException(CabsError.WriteFailed, $"{path}: cannot be written: {cause.Message}", path, cause);

    private static bool IsFull(Exception cause) => cause is IOException && s_fullCodes.Contains(cause.HResult);

    private static string? MountOf(string path) =>
        Existing(path) is not { } folder ? null
            : DriveInfo.GetDrives().Select(d => d.Name).Where(d => (folder + Path.DirectorySeparatorChar).StartsWith(Path.TrimEndingDirectorySeparator(d) + (d.Length == 1 ? string.Empty : Path.DirectorySeparatorChar), StringComparison.Ordinal)).MaxBy(d => d.Length);

    private static string? Existing(string path)
    {
        string? folder = Path.GetFullPath(path);
        while (folder is not null && !Directory.Exists(folder))
            folder = Path.GetDirectoryName(folder);
        return folder;
    }
}
