using System.IO.Hashing;
using CabsPs.Engine.Integrity;
using Microsoft.Win32.SafeHandles;

namespace CabsPs.Engine.Checkpoints;

/// <summary>Builds a model folder beside its destination and gives it its final name only when it is complete and on the disk. Dropped
/// before that, it leaves nothing behind. Tensor bytes may be written from several threads at a time, in any order.</summary>
public sealed class CheckpointWriter : IWeightSink, IDisposable
{
    private const int CopyBytes = 1 << 20;

    // how .NET says that room could not be reserved: without the system's code
    private const int NotReserved = unchecked((int)0x80131620);
    private readonly StagingFolder _staging;
    private readonly bool _ownsStaging;
    private readonly bool _replace;
    private readonly Dictionary<string, (SafeFileHandle Handle, long Offset, string File)> _places = new(StringComparer.Ordinal);
    private readonly List<(string File, SafeFileHandle Handle)> _shards = [];
    private readonly List<string> _smallFiles = [];
    private readonly BackgroundFlush _flush;
    private long _bytesWritten;

    private CheckpointWriter(StagingFolder staging, bool ownsStaging, bool replace)
    {
        (_staging, _ownsStaging, _replace) = (staging, ownsStaging, replace);
        _flush = new BackgroundFlush(() =>
        {
            FlushTensors();
            Flushed?.Invoke();
        });
    }

    /// <summary>The full path the result gets.</summary>
    public string Destination => _staging.Destination;

    /// <summary>Bytes of tensor data written so far.</summary>
    public long BytesWritten => Interlocked.Read(ref _bytesWritten);

    /// <summary>Called when the tensor bytes written so far have been flushed, from a thread of its own; large results only.</summary>
    internal Action? Flushed { get; set; }

    /// <summary>Starts a result: creates the files at their final sizes under a temporary name.</summary>
    /// <param name="destination">The folder the result shall get; new, empty, or to be replaced.</param>
    /// <param name="layout">Where everything goes.</param>
    /// <param name="replace">Allows a destination that holds files; they go only when the result is complete.</param>
    /// <exception cref="CabsException">The folder cannot be written, or another merge is writing it.</exception>
    public static CheckpointWriter Create(string destination, OutputLayout layout, bool replace)
    {
        StagingFolder staging = StagingFolder.Open(destination);
        try
        {
            staging.Clear(withStages: true);
            return Create(staging, layout, replace, reserve: true, ownsStaging: true);
        }
        catch
        {
            staging.Dispose();
            throw;
        }
    }

    /// <summary>Starts a result in a folder that is open, or goes on with what lies there.</summary>
    /// <param name="staging">The folder.</param>
    /// <param name="layout">Where everything goes.</param>
    /// <param name="replace">Allows a destination that holds files.</param>
    /// <param name="reserve">Reserves room on the disk for new files, where the file system can: writing is faster then, and a full disk is known at once.</param>
    /// <param name="ownsStaging">The folder ends with the writer.</param>
    internal static CheckpointWriter Create(StagingFolder staging, OutputLayout layout, bool replace, bool reserve, bool ownsStaging = false)
    {
        var writer = new CheckpointWriter(staging, ownsStaging, replace);
        try
        {
            Directory.CreateDirectory(staging.Result);
            foreach (OutputShard shard in layout.Shards)
                writer.OpenShard(shard, reserve);
            if (layout.Index is { } index)
                writer.WriteFile(Checkpoint.IndexFile, index);
            return writer;
        }
        catch (Exception e)
        {
            writer.CloseShards();
            if (e is IOException or UnauthorizedAccessException)
                throw DiskSpace.Failure(staging.Destination, e);
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
            throw DiskSpace.Failure(Path.Combine(Destination, file), e);
        }

        _flush.Written(Interlocked.Add(ref _bytesWritten, bytes.Length), bytes.Length);
    }

    /// <summary>Writes a small file into the result.</summary>
    /// <param name="name">The file's name, without a folder.</param>
    /// <param name="content">Its bytes.</param>
    /// <returns>Its hash.</returns>
    public Digest WriteFile(string name, ReadOnlySpan<byte> content)
    {
        try
        {
            using FileStream file = CreateFile(name);
            file.Write(content);
            return Digest.Of(content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DiskSpace.Failure(Path.Combine(Destination, name), e);
        }
    }

    /// <summary>Copies a small file into the result.</summary>
    /// <param name="source">The full path of the file to copy.</param>
    /// <returns>Its hash and size.</returns>
    public (Digest Hash, long ByteLength) CopyFile(string source)
    {
        string name = Path.GetFileName(source);
        var hash = new XxHash128();
        byte[] piece = new byte[CopyBytes];
        long length = 0;
        // pipes and devices have no length either and are never opened
        using SafeFileHandle? from = InputFile.Look(source).Length == 0 ? null : InputFile.Open(source, out _);
        try
        {
            using FileStream to = CreateFile(name);
            for (int count; from is not null && (count = InputFile.ReadAt(from, piece, length, source)) > 0;)
            {
                hash.Append(piece.AsSpan(0, count));
                to.Write(piece.AsSpan(0, count));
                length += count;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DiskSpace.Failure(Path.Combine(Destination, name), e);
        }

        return (new Digest(hash.GetCurrentHashAsUInt128()), length);
    }

    /// <summary>Flushes everything to the disk and gives the folder its final name.</summary>
    /// <param name="cancel">Keeps the folder from getting its name.</param>
    /// <exception cref="CabsException">The destination appeared meanwhile, or the folder cannot be renamed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled while flushing.</exception>
    public void Complete(CancellationToken cancel = default)
    {
        _flush.End();
        FlushTensors(cancel);
        CloseShards();
        // one after the other each would wait for the disk; together they wait once
        try
        {
            Parallel.ForEach(_smallFiles, name =>
            {
                using SafeFileHandle handle = File.OpenHandle(Path.Combine(_staging.Result, name), FileMode.Open, FileAccess.Write);
                Flush(name, handle);
            });
        }
        catch (AggregateException e)
        {
            throw e.InnerExceptions.OfType<CabsException>().FirstOrDefault() ?? DiskSpace.Failure(Destination, e.InnerExceptions[0]);
        }

        cancel.ThrowIfCancellationRequested();
        _staging.Publish(_replace);
    }

    /// <summary>Closes all files; deletes everything unless <see cref="Complete"/> succeeded.</summary>
    public void Dispose()
    {
        _flush.Dispose();
        CloseShards();
        if (_ownsStaging)
            _staging.Dispose();
    }

    private void FlushTensors(CancellationToken cancel = default)
    {
        foreach ((string file, SafeFileHandle handle) in _shards)
        {
            cancel.ThrowIfCancellationRequested();
            Flush(file, handle);
        }
    }

    private void Flush(string file, SafeFileHandle handle)
    {
        try
        {
            RandomAccess.FlushToDisk(handle);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DiskSpace.Failure(Path.Combine(Destination, file), e);
        }
    }

    private FileStream CreateFile(string name)
    {
        var file = new FileStream(Path.Combine(_staging.Result, name), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        _smallFiles.Add(name);
        return file;
    }

    private void OpenShard(OutputShard shard, bool reserve)
    {
        string path = Path.Combine(_staging.Result, shard.FileName);
        SafeFileHandle handle = reserve && !File.Exists(path) ? Reserve(path, shard.ByteLength)
            : File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
        _shards.Add((shard.FileName, handle));
        RandomAccess.SetLength(handle, shard.ByteLength);
        RandomAccess.Write(handle, shard.Header, 0);
        foreach ((string name, long offset) in shard.Offsets)
            _places.Add(name, (handle, offset, shard.FileName));
    }

    private SafeFileHandle Reserve(string path, long byteLength)
    {
        try
        {
            return File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite, FileOptions.None, byteLength);
        }
        catch (IOException e) when (e.HResult == NotReserved)
        {
            throw new CabsException(CabsError.DiskFull, $"{Path.Combine(Destination, Path.GetFileName(path))}: the disk or a quota has no room for its {Text.Bytes(byteLength)}; make room or give another folder", Destination, e);
        }
    }

    private void CloseShards()
    {
        foreach ((_, SafeFileHandle handle) in _shards)
            handle.Dispose();
        _shards.Clear();
    }
}
