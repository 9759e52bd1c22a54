using Microsoft.Win32.SafeHandles;

namespace CabsPs.Engine.Checkpoints;

/// <summary>What a file was like when it was looked at; a file that has another stamp later was changed.</summary>
/// <param name="Length">Its bytes.</param>
/// <param name="Written">When it was last written.</param>
internal sealed record FileStamp(long Length, DateTime Written);

/// <summary>Opens and reads files that strangers may have made. Each is looked at first: opening a pipe waits for a writer that may
/// never come, and a device never ends; both have the length 0, so a file of that length is never opened. Links are followed.</summary>
internal static class InputFile
{
    /// <summary>A file's stamp, of what a link leads to.</summary>
    /// <exception cref="CabsException">There is no such file, or a link leads nowhere.</exception>
    public static FileStamp Look(string path)
    {
        try
        {
            if (Directory.Exists(path))
                throw new CabsException(CabsError.ReadFailed, $"{path}: is a folder; a file is needed there", path);
            var named = new FileInfo(path);
            if (!named.Exists)
                throw new CabsException(CabsError.CheckpointNotFound, $"{path}: no such file", path);
            FileInfo file = named.LinkTarget is null ? named : new FileInfo(ModelPaths.Resolve(path));
            if (!file.Exists)
                throw new CabsException(CabsError.CheckpointNotFound, $"{path}: is a link to {file.FullName}, which does not exist", path);
            return file.LinkTarget is null ? new FileStamp(file.Length, file.LastWriteTimeUtc)
                : throw new CabsException(CabsError.ReadFailed, $"{path}: is a link that leads in a circle", path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, e);
        }
    }

    /// <summary>Opens a file that is not empty.</summary>
    /// <param name="path">The full path.</param>
    /// <param name="stamp">What it is like.</param>
    /// <exception cref="CabsException">There is no such file, it is empty, or it cannot be opened.</exception>
    public static SafeFileHandle Open(string path, out FileStamp stamp)
    {
        stamp = Look(path);
        if (stamp.Length == 0)
            throw new CabsException(CabsError.FileTruncated, $"{path}: is empty, or a pipe or device and no file; download or write it again", path);
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, e);
        }
    }

    /// <summary>Reads a small file whole.</summary>
    /// <param name="path">The full path.</param>
    /// <param name="most">The most bytes that it may have.</param>
    /// <param name="error">What it is when it has more.</param>
    /// <returns>Its bytes; none of an empty file.</returns>
    /// <exception cref="CabsException">It is not there, too large, or cannot be read.</exception>
    public static byte[] ReadAll(string path, long most, CabsError error)
    {
        CheckSize(path, most, error, out long length);
        if (length == 0)
            return [];
        using SafeFileHandle handle = Open(path, out FileStamp stamp);
        byte[] bytes = new byte[Math.Min(stamp.Length, most)];
        int done = 0;
        for (int read = 1; read > 0 && done < bytes.Length; done += read)
            read = ReadAt(handle, bytes.AsSpan(done), done, path);
        return done == bytes.Length ? bytes : bytes[..done];
    }

    /// <summary>Refuses a file that is too large for what it is said to be.</summary>
    public static void CheckSize(string path, long most, CabsError error, out long length)
    {
        length = Look(path).Length;
        if (length > most)
            throw new CabsException(error, $"{path}: has {Text.Bytes(length)}; more than {Text.Bytes(most)} is no {Path.GetFileName(path)}", path);
    }

    /// <summary>Reads bytes at a place; fewer than wanted at the file's end.</summary>
    public static int ReadAt(SafeFileHandle handle, Span<byte> bytes, long offset, string path)
    {
        try
        {
            return RandomAccess.Read(handle, bytes, offset);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Failed(path, e);
        }
    }

    /// <summary>Copies a file; what a link leads to, not the link.</summary>
    /// <exception cref="IOException">The source cannot be read, or the copy not be written.</exception>
    public static void Copy(string source, string destination)
    {
        if (Look(source).Length == 0)
            File.Create(destination).Dispose();
        else
            File.Copy(source, destination);
    }

    private static CabsException Failed(string path, Exception cause) =>
        new(CabsError.ReadFailed, $"{path}: cannot be read: {cause.Message}", path, cause);
}
