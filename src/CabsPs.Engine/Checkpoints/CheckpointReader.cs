using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;

namespace CabsPs.Engine.Checkpoints;

/// <summary>Reads pieces of tensors at their places. Every file is opened once, when first needed, and refused when it is not the one
/// whose header was read; all members may be called from several threads at a time.</summary>
public sealed class CheckpointReader : IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<(SafeFileHandle Handle, FileStamp Stamp)>> _files = new(StringComparer.Ordinal);
    private long _bytesRead;

    /// <summary>Bytes read so far.</summary>
    public long BytesRead => Interlocked.Read(ref _bytesRead);

    /// <summary>Fills a buffer with a tensor's bytes.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="start">The first byte wanted, counted from the tensor's start.</param>
    /// <param name="destination">Receives the bytes; its length says how many.</param>
    /// <param name="pieceBytes">The largest number of bytes asked of the operating system at once.</param>
    /// <exception cref="CabsException">The file cannot be read, has become shorter or was changed.</exception>
    public void Read(TensorInfo tensor, long start, Span<byte> destination, int pieceBytes = int.MaxValue)
    {
        SafeFileHandle handle = Open(tensor);
        int done = 0;
        while (done < destination.Length)
        {
            int wanted = Math.Min(pieceBytes, destination.Length - done);
            int read;
            try
            {
                read = RandomAccess.Read(handle, destination.Slice(done, wanted), tensor.Offset + start + done);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
            {
                throw new CabsException(CabsError.ReadFailed, $"{tensor.File}: reading tensor {Text.Quote(tensor.Name)} failed: {e.Message}", tensor.File, e);
            }

            if (read == 0)
                throw new CabsException(CabsError.FileTruncated, $"{tensor.File}: ends inside tensor {Text.Quote(tensor.Name)}; it was cut while being read", tensor.File);
            done += read;
        }

        Interlocked.Add(ref _bytesRead, destination.Length);
    }

    /// <summary>Refuses a result of files that were written to while they were read.</summary>
    /// <exception cref="CabsException">A file was changed.</exception>
    public void CheckUnchanged()
    {
        foreach ((string file, Lazy<(SafeFileHandle, FileStamp Stamp)> opened) in _files)
        {
            if (opened.IsValueCreated)
                Check(file, opened.Value.Stamp, InputFile.Look(file));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Lazy<(SafeFileHandle Handle, FileStamp)> file in _files.Values)
        {
            if (file.IsValueCreated)
                file.Value.Handle.Dispose();
        }

        _files.Clear();
    }

    private SafeFileHandle Open(TensorInfo tensor) =>
        _files.GetOrAdd(tensor.File, static (path, expected) => new Lazy<(SafeFileHandle, FileStamp)>(() =>
        {
            if (expected is not null)
                Check(path, expected, InputFile.Look(path));
            return (InputFile.Open(path, out FileStamp stamp), stamp);
        }), tensor.Stamp).Value.Handle;

    private static void Check(string path, FileStamp expected, FileStamp found)
    {
        if (found.Length < expected.Length)
            throw new CabsException(CabsError.FileTruncated, $"{path}: had {expected.Length} bytes when its header was read and has {found.Length} now; it was cut meanwhile", path);
        if (found != expected)
            throw new CabsException(CabsError.FileChanged, $"{path}: was changed after its header was read; run again once nothing writes to it", path);
    }
}
