using Microsoft.Win32.SafeHandles;

namespace CabsPs.Engine.Checkpoints;

/// <summary>The folder beside a destination in which its result is built: <c>.NAME.partial</c>. Whoever has it open holds a lock that
/// ends with the process, so that two merges never write one destination. It gives the result its name at the end, and leaves nothing
/// behind unless told to.</summary>
public sealed class StagingFolder : IDisposable
{
    private const int Attempts = 100;
    private readonly List<string> _madeParents = [];
    private SafeFileHandle? _lock;
    private bool _published;

    private StagingFolder(string destination)
    {
        Destination = destination;
        // a link's folder is replaced, not the link
        Target = ModelPaths.Resolve(destination);
        Path = PathFor(Target);
    }

    /// <summary>The full path that the result gets.</summary>
    public string Destination { get; }

    /// <summary>The staging folder.</summary>
    public string Path { get; }

    /// <summary>The result while it is built.</summary>
    public string Result => In("result");

    /// <summary>What is finished of the result, for a merge that goes on with it.</summary>
    internal string Journal => In("journal");

    // results of a recipe's other documents, while they are needed
    private string Stages => In("stages");

    /// <summary>Leaves unfinished work where it is, for a merge that goes on with it.</summary>
    public bool KeepsUnfinished { get; set; }

    // the destination with all links followed
    private string Target { get; }

    private string Old => In("old");

    private string Lock => In("lock");

    /// <summary>The staging folder of a destination.</summary>
    public static string PathFor(string destination)
    {
        string full = Checkpoints.Destination.FullPath(destination);
        string parent = System.IO.Path.GetDirectoryName(full) ?? throw new CabsException(CabsError.WriteFailed, $"{destination}: a result cannot be a file system's root", destination);
        return System.IO.Path.Combine(parent, $".{System.IO.Path.GetFileName(full)}.partial");
    }

    /// <summary>Where results of a recipe's other documents lie while they are needed.</summary>
    internal static string StagesOf(string destination) => System.IO.Path.Combine(PathFor(ModelPaths.Resolve(destination)), "stages");

    /// <summary>Opens the folder, with what a merge that was killed may have left in it.</summary>
    /// <param name="destination">The folder the result shall get.</param>
    /// <exception cref="CabsException">Another merge has it open, or the place cannot be written.</exception>
    public static StagingFolder Open(string destination)
    {
        var folder = new StagingFolder(Checkpoints.Destination.FullPath(destination));
        folder.RefuseLinks();
        try
        {
            folder.NoteParents();
            folder.TakeLock();
            folder.RestoreOld();
            return folder;
        }
        catch (Exception e)
        {
            folder._lock?.Dispose();
            RemoveEmpty([folder.Path, .. folder._madeParents]);
            if (e is IOException or UnauthorizedAccessException)
                throw DiskSpace.Failure(folder.Path, e);
            throw;
        }
    }

    /// <summary>Removes what an earlier merge left.</summary>
    /// <exception cref="CabsException">Something else lies there, or it cannot be removed.</exception>
    internal void Clear(bool withStages)
    {
        string[] known = [Result, Journal, Old, Lock, Stages];
        if (Directory.EnumerateFileSystemEntries(Path).FirstOrDefault(e => !known.Contains(e)) is { } foreign)
            throw new CabsException(CabsError.WriteFailed, $"{foreign}: lies where a merge keeps its unfinished result; move it away", foreign);
        try
        {
            File.Delete(Journal);
            foreach (string part in withStages ? [Result, Old, Stages] : new[] { Result, Old })
            {
                if (Directory.Exists(part))
                    Directory.Delete(part, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CabsException(CabsError.WriteFailed, $"{Path}: what an earlier merge left there cannot be removed: {e.Message}", Path, e);
        }
    }

    /// <summary>Gives the result, whose files are flushed, its final name. What lay there goes when the result is in its place.</summary>
    /// <param name="replace">Allows a destination that holds files.</param>
    /// <exception cref="CabsException">The destination appeared meanwhile, or the folder cannot be renamed.</exception>
    internal void Publish(bool replace)
    {
        try
        {
            FileSystemCalls.FlushFolder(Result);
            if (!Directory.Exists(Target))
                Directory.Move(Result, Target);
            else if (!replace && !Checkpoints.Destination.IsEmpty(Target))
                throw new CabsException(CabsError.OutputNotEmpty, $"{Destination}: another program filled it meanwhile; the result is dropped", Destination);
            else if (!FileSystemCalls.TryExchange(Result, Target))
                ReplaceInTwoSteps();
            _published = true;
            foreach (string parent in _madeParents.Append(Target).Select(System.IO.Path.GetDirectoryName).OfType<string>())
                FileSystemCalls.FlushFolder(parent);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DiskSpace.Failure(Destination, e);
        }
    }

    /// <summary>Removes the folder, unless unfinished work is to stay in it, and lets go of the lock.</summary>
    public void Dispose()
    {
        if (_lock is null)
            return;
        bool keeps = KeepsUnfinished && !_published && (File.Exists(Journal) || Directory.Exists(Stages));
        if (!keeps)
            Remove();
        _lock.Dispose();
        _lock = null;
        if (keeps)
            return;
        // Windows lets a file go only when it is closed
        if (OperatingSystem.IsWindows())
            Remove();
        if (!_published)
            RemoveEmpty(_madeParents);
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);

    private void Remove()
    {
        try
        {
            foreach (string part in (string[])[Journal, Result, Stages, Old])
            {
                if (Directory.Exists(part))
                    Directory.Delete(part, recursive: true);
                else
                    File.Delete(part);
            }

            // the lock last: nobody finds a folder without one that is still in use
            File.Delete(Lock);
            Directory.Delete(Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // the failure that led here is the one to report; the name says that the folder is partial
        }
    }

    // the folder may vanish between any two steps, when another merge ends
    private void TakeLock()
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            SafeFileHandle? handle = null;
            try
            {
                Directory.CreateDirectory(Path);
                handle = File.OpenHandle(Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                // the file that is locked may have lost its name already; only the one of that name gets the length given here
                int mark = Random.Shared.Next(1, 1 << 20);
                RandomAccess.SetLength(handle, mark);
                if (new FileInfo(Lock) is { Exists: true } named && named.Length == mark)
                {
                    _lock = handle;
                    return;
                }
            }
            catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
            {
                // begin again
            }
            catch (IOException e) when (IsHeld(e))
            {
                throw new CabsException(CabsError.OutputBusy, $"{Destination}: another merge is writing it; wait for its end or give another folder", Destination, e);
            }

            handle?.Dispose();
        }

        throw new CabsException(CabsError.OutputBusy, $"{Destination}: other merges keep writing it; give another folder", Destination);
    }

    // sharing violation: EAGAIN on Linux, EWOULDBLOCK on macOS, Windows' own
    private static bool IsHeld(IOException failure) => failure.HResult is 11 or 35 or unchecked((int)0x80070020);

    // a merge that was killed between two renames left the destination without its old content
    private void RestoreOld()
    {
        if (Directory.Exists(Old) && !Directory.Exists(Target))
            Directory.Move(Old, Target);
    }

    private void ReplaceInTwoSteps()
    {
        Directory.Move(Target, Old);
        try
        {
            Directory.Move(Result, Target);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Directory.Move(Old, Target);
            throw;
        }
    }

    private void NoteParents()
    {
        for (string? parent = System.IO.Path.GetDirectoryName(Path); parent is not null && !Directory.Exists(parent); parent = System.IO.Path.GetDirectoryName(parent))
        {
            if (File.Exists(parent))
                throw new CabsException(CabsError.WriteFailed, $"{Destination}: cannot be written: {parent} is a file", Destination);
            _madeParents.Add(parent);
        }
    }

    // what a link leads to would be written over
    private void RefuseLinks()
    {
        try
        {
            string[] parts = [Path, Lock, Journal, Result, Old, Stages];
            if (parts.Concat(Directory.Exists(Result) ? Directory.EnumerateFileSystemEntries(Result) : []).FirstOrDefault(p => new FileInfo(p).LinkTarget is not null) is { } link)
                throw new CabsException(CabsError.WriteFailed, $"{link}: is a link, where a merge keeps its unfinished result; remove it", link);
        }
        catch (DirectoryNotFoundException)
        {
            // another merge has ended
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DiskSpace.Failure(Path, e);
        }
    }

    // innermost first; a folder that somebody else uses stays, and so do those around it
    private static void RemoveEmpty(IEnumerable<string> folders)
    {
        try
        {
            foreach (string folder in folders.Where(Directory.Exists))
                Directory.Delete(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // the failure that led here is the one to report
        }
    }
}
