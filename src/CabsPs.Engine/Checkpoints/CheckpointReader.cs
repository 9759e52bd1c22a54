using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;

namespace CabsPs.Engine.Checkpoints;

/// <summary>Reads pieces of tensors at their places. Every file is opened once, when first needed; all members may be called
/// from several threads at a time.</summary>
public sealed class CheckpointReader : IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<SafeFileHandle>> _handles = new(StringComparer.Ordinal);
    private long _bytesRead;

    /// <summary>Bytes read so far.</summary>
    public long BytesRead => Interlocked.Read(ref _bytesRead);

    /// <summary>Fills a buffer with a tensor's bytes.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="start">The first byte wanted, counted from the tensor's start.</param>
    /// <param name="destination">Receives the bytes; its length says how many.</param>
    /// <param name="pieceBytes">The largest number of bytes asked of the operating system at once.</param>
    /// <exception cref="CabsException">The file cannot be read or has become shorter.</exception>
    public void Read(TensorInfo tensor, long start, Span<byte> destination, int pieceBytes = int.MaxValue)
    {
        SafeFileHandle handle = Open(tensor.File);
        int done = 0;
        while (done < destination.Length)
        {
            int wanted = Math.Min(pieceBytes, destination.Length - done);
            int read;
            try
            {
                read = RandomAccess.Read(handle, destination.Slice(done, wanted), tensor.Offset + start + done);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new CabsException(CabsError.ReadFailed, $"{tensor.File}: reading tensor {Text.Quote(tensor.Name)} failed: {e.Message}", tensor.File, e);
            }

            if (read == 0)
                throw new CabsException(CabsError.FileTruncated, $"{tensor.File}: ends inside tensor {Text.Quote(tensor.Name)}; it was cut while being read", tensor.File);
            done += read;
        }

        Interlocked.Add(ref _bytesRead, destination.Length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Lazy<SafeFileHandle> handle in _handles.Values)
        {
            if (handle.IsValueCreated)
                handle.Value.Dispose();
        }

        _handles.Clear();
    }

    private SafeFileHandle Open(string file) =>
        _handles.GetOrAdd(file, static path => new Lazy<SafeFileHandle>(() =>
        {
            try
            {
                return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new CabsException(CabsError.ReadFailed, $"{path}: cannot be opened: {e.Message}", path, e);
            }
        })).Value;
}
