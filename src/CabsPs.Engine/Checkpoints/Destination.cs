namespace CabsPs.Engine.Checkpoints;

/// <summary>Refuses folders that a result cannot get, before anything is written.</summary>
public static class Destination
{
    /// <summary>Refuses a destination that holds files, is a file or a mount point, or is or contains an input.</summary>
    /// <param name="destination">The folder the result shall get.</param>
    /// <param name="inputs">The models read.</param>
    /// <param name="replace">Allows a destination that holds files.</param>
    /// <exception cref="CabsException">The destination cannot be used.</exception>
    public static void Check(string destination, IEnumerable<Checkpoint> inputs, bool replace)
    {
        string full = FullPath(destination);
        // through links too: replacing the destination would delete the model
        string real = ModelPaths.Resolve(full);
        foreach (Checkpoint input in inputs)
        {
            if (input.Folder is { } folder && IsIn(real, ModelPaths.Resolve(folder)))
                throw new CabsException(CabsError.OutputIsInput, $"{destination}: is the folder of the input {input.Path} or lies in it; give another output folder", destination);
            if (input.Files.Append(input.Path).Any(path => IsIn(path, full) || IsIn(ModelPaths.Resolve(path), real)))
                throw new CabsException(CabsError.OutputIsInput, $"{destination}: holds the input {input.Path}; give another output folder", destination);
        }

        if (File.Exists(real))
            throw new CabsException(CabsError.OutputIsFile, $"{destination}: is a file; give a folder that is new or empty", destination);
        if (!Directory.Exists(real))
            return;
        if (!replace && !IsEmpty(real))
            throw new CabsException(CabsError.OutputNotEmpty, $"{destination}: holds files already; give a new folder or force replacing it", destination);
        if (IsMountPoint(real))
            throw new CabsException(CabsError.OutputNotEmpty, $"{destination}: is a mount point, which no folder can be renamed to; give a folder in it", destination);
    }

    /// <summary>Refuses a destination that is, contains or lies in a folder that files are copied from.</summary>
    /// <param name="destination">The folder the result shall get.</param>
    /// <param name="folders">Full paths of the folders.</param>
    /// <exception cref="CabsException">The destination cannot be used.</exception>
    public static void Check(string destination, IEnumerable<string> folders)
    {
        string real = ModelPaths.Resolve(FullPath(destination));
        foreach (string folder in folders)
        {
            if (ModelPaths.Resolve(folder) is var other && (IsIn(other, real) || IsIn(real, other)))
                throw new CabsException(CabsError.OutputIsInput, $"{destination}: is the folder of the input {folder}, contains it or lies in it; give another output folder", destination);
        }
    }

    /// <summary>The full path, without a separator at its end.</summary>
    internal static string FullPath(string destination) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(destination));

    /// <summary>Whether a folder holds nothing.</summary>
    internal static bool IsEmpty(string folder)
    {
        try
        {
            return !Directory.EnumerateFileSystemEntries(folder).Any();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CabsException(CabsError.WriteFailed, $"{folder}: cannot be looked into: {e.Message}", folder, e);
        }
    }

    private static bool IsMountPoint(string folder) =>
        !OperatingSystem.IsWindows() && DriveInfo.GetDrives().Any(d => Path.TrimEndingDirectorySeparator(d.Name) == folder);

    private static bool IsIn(string path, string folder) =>
        path == folder || path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
