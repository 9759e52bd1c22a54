using Microsoft.Win32.SafeHandles;

namespace CabsPs.Engine.Checkpoints;

/// <summary>Builds a model folder beside its destination and gives it its final name only when it is complete. Dropped before
/// that, it leaves nothing behind. Tensor bytes may be written from several threads at a time, in any order.</summary>
public sealed class CheckpointWriter : IWeightSink, IDisposable
{
    private readonly string _staging;
    private readonly bool _replace;
    private readonly Dictionary<string, (SafeFileHandle Handle, long Offset, string File)> _places = new(StringComparer.Ordinal);
    private readonly List<SafeFileHandle> _handles = [];
    private long _bytesWritten;
    private bool _completed;

    private CheckpointWriter(string destination, string staging, bool replace)
    {
        Destination = destination;
        _staging = staging;
        _replace = replace;
    }

    /// <summary>The full path the result gets.</summary>
    public string Destination { get; }

    /// <summary>Bytes of tensor data written so far.</summary>
    public long BytesWritten => Interlocked.Read(ref _bytesWritten);

    /// <summary>Refuses a destination that holds files, is a file, or is or contains an input.</summary>
    /// <param name="destination">The folder the result shall get.</param>
    /// <param name="inputs">The models read.</param>
    /// <param name="replace">Allows a destination that holds files.</param>
    /// <exception cref="CabsException">The destination cannot be used.</exception>
    public static void CheckDestination(string destination, IEnumerable<Checkpoint> inputs, bool replace)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(destination));
        // through links too: replacing the destination would delete the model
        string real = ModelPaths.Resolve(full);
        foreach (Checkpoint input in inputs)
        {
            if (input.Folder is { } folder && IsIn(real, ModelPaths.Resolve(folder)))
                throw new CabsException(CabsError.OutputIsInput, $"{destination}: is the folder of the input {input.Path} or lies in it; give another output folder", destination);
            if (input.Files.Append(input.Path).Any(path => IsIn(path, full) || IsIn(ModelPaths.Resolve(path), real)))
                throw new CabsException(CabsError.OutputIsInput, $"{destination}: holds the input {input.Path}; give another output folder", destination);
        }

        if (File.Exists(full))
            throw new CabsException(CabsError.OutputIsFile, $"{destination}: is a file; give a folder that is new or empty", destination);
        if (!replace && Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).Any())
            throw new CabsException(CabsError.OutputNotEmpty, $"{destination}: holds files already; give a new folder or force replacing it", destination);
    }

    /// <summary>Refuses a destination that is, contains or lies in a folder that files are copied from.</summary>
    /// <param name="destination">The folder the result shall get.</param>
    /// <param name="folders">Full paths of the folders.</param>
    /// <exception cref="CabsException">The destination cannot be used.</exception>
    public static void CheckDestination(string destination, IEnumerable<string> folders)
    {
        string real = ModelPaths.Resolve(Path.TrimEndingDirectorySeparator(Path.GetFullPath(destination)));
        foreach (string folder in folders)
        {
            if (ModelPaths.Resolve(folder) is var other && (IsIn(other, real) || IsIn(real, other)))
                throw new CabsException(CabsError.OutputIsInput, $"{destination}: is the folder of the input {folder}, contains it or lies in it; give another output folder", destination);
        }
    }

    /// <summary>Starts a result: creates the files at their final sizes under a temporary name.</summary>
    /// <param name="destination">The folder the result shall get; new, empty, or to be replaced.</param>
    /// <param name="layout">Where everything goes.</param>
    /// <param name="replace">Allows a destination that holds files; they go only when the result is complete.</param>
    /// <exception cref="CabsException">The folder cannot be written.</exception>
    public static CheckpointWriter Create(string destination, OutputLayout layout, bool replace)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(destination));
        string parent = Path.GetDirectoryName(full) ?? throw new CabsException(CabsError.WriteFailed, $"{destination}: a result cannot be a file system's root", destination);
        string staging = Path.Combine(parent, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.partial");
        var writer = new CheckpointWriter(full, staging, replace);
        try
        {
            Directory.CreateDirectory(staging);
            foreach (OutputShard shard in layout.Shards)
                writer.CreateShard(shard);
            if (layout.Index is not null)
                writer.WriteFile("model.safetensors.index.json", layout.Index);
            return writer;
        }
        catch (Exception e)
        {
            writer.Dispose();
            if (e is IOException or UnauthorizedAccessException)
                throw Failed(destination, e);
            throw;
        }
    }

    /// <summary>Writes bytes of a tensor at their final place.</summary>
    /// <param name="tensor">The tensor's name.</param>
    /// <param name="start">The first byte's position inside the tensor.</param>
    /// <param name="bytes">The bytes.</param>
    /// <exception cref="CabsException">Writing failed.</exception>
    public void Write(string tensor, long start, ReadOnlySpan<byte> bytes)
    {
        (SafeFileHandle handle, long offset, string file) = _places[tensor];
        try
        {
            RandomAccess.Write(handle, bytes, offset + start);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(Path.Combine(Destination, file), e);
        }

        Interlocked.Add(ref _bytesWritten, bytes.Length);
    }

    /// <summary>Writes a small file into the result.</summary>
    /// <param name="name">The file's name, without a folder.</param>
    /// <param name="content">Its bytes.</param>
    public void WriteFile(string name, byte[] content)
    {
        try
        {
            File.WriteAllBytes(Path.Combine(_staging, name), content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(Path.Combine(Destination, name), e);
        }
    }

    /// <summary>Copies a small file into the result.</summary>
    /// <param name="source">The full path of the file to copy.</param>
    public void CopyFile(string source)
    {
        try
        {
            File.Copy(source, Path.Combine(_staging, Path.GetFileName(source)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CabsException(CabsError.WriteFailed, $"{source}: cannot be copied to {Destination}: {e.Message}", source, e);
        }
    }

    /// <summary>Flushes everything to the disk and gives the folder its final name.</summary>
    /// <param name="cancel">Keeps the folder from getting its name.</param>
    /// <exception cref="CabsException">The destination appeared meanwhile, or the folder cannot be renamed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled while flushing.</exception>
    public void Complete(CancellationToken cancel = default)
    {
        try
        {
            foreach (SafeFileHandle handle in _handles)
            {
                cancel.ThrowIfCancellationRequested();
                RandomAccess.FlushToDisk(handle);
            }

            cancel.ThrowIfCancellationRequested();
            CloseHandles();
            string? old = null;
            if (Directory.Exists(Destination))
            {
                if (!_replace && Directory.EnumerateFileSystemEntries(Destination).Any())
                    throw new CabsException(CabsError.OutputNotEmpty, $"{Destination}: another program filled it meanwhile; the result is dropped", Destination);
                old = _staging + ".old";
                Directory.Move(Destination, old);
            }

            TakeName(old);
            _completed = true;
            if (old is not null)
                Directory.Delete(old, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(Destination, e);
        }
    }

    /// <summary>Closes all files; deletes everything unless <see cref="Complete"/> succeeded.</summary>
    public void Dispose()
    {
        CloseHandles();
        if (_completed || !Directory.Exists(_staging))
            return;
        try
        {
            Directory.Delete(_staging, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // the failure that led here is the one to report; the name says that the folder is partial
        }
    }

    private static bool IsIn(string path, string folder) =>
        path == folder || path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static CabsException Failed(string path, Exception cause) =>
        new(CabsError.WriteFailed, $"{path}: cannot be written: {cause.Message}", path, cause);

    private void TakeName(string? old)
    {
        try
        {
            Directory.Move(_staging, Destination);
        }
        catch (Exception e) when (old is not null && e is IOException or UnauthorizedAccessException)
        {
            Directory.Move(old!, Destination);
            throw;
        }
    }

    private void CreateShard(OutputShard shard)
    {
        SafeFileHandle handle = File.OpenHandle(Path.Combine(_staging, shard.FileName), FileMode.CreateNew, FileAccess.Write, FileShare.None);
        _handles.Add(handle);
        RandomAccess.SetLength(handle, shard.ByteLength);
        RandomAccess.Write(handle, shard.Header, 0);
        foreach ((string name, long offset) in shard.Offsets)
            _places.Add(name, (handle, offset, shard.FileName));
    }

    private void CloseHandles()
    {
        foreach (SafeFileHandle handle in _handles)
            handle.Dispose();
        _handles.Clear();
    }
}
