using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;
using Microsoft.Win32.SafeHandles;

namespace CabsPs.Engine.TaskVectors.Files;

/// <summary>Writes one file beside its destination and gives it its final name only when it is complete. Dropped before that, it
/// leaves nothing behind.</summary>
internal sealed class VectorFileWriter : IWeightSink, IDisposable
{
    private readonly string _destination;
    private readonly string _staging;
    private readonly bool _replace;
    private readonly OutputShard _layout;
    private readonly SafeFileHandle _handle;
    private readonly IReadOnlyDictionary<string, DType> _types;
    private readonly Dictionary<string, PackedTensor> _packed = new(StringComparer.Ordinal);
    private long _bytesWritten;
    private bool _completed;

    private VectorFileWriter(string destination, OutputShard layout, IReadOnlyDictionary<string, DType> types, bool replace)
    {
        (_destination, _layout, _types, _replace) = (destination, layout, types, replace);
        string folder = Path.GetDirectoryName(destination)!;
        _staging = Path.Combine(folder, $".{Path.GetFileName(destination)}.{Guid.NewGuid():N}.partial");
        Directory.CreateDirectory(folder);
        _handle = File.OpenHandle(_staging, FileMode.CreateNew, FileAccess.Write, FileShare.None);
    }

    /// <summary>Bytes written so far.</summary>
    public long BytesWritten => Interlocked.Read(ref _bytesWritten);

    /// <summary>Refuses a destination that exists, is a folder, or is one of the inputs.</summary>
    /// <exception cref="CabsException">The destination cannot be used.</exception>
    public static void Check(string destination, IEnumerable<Checkpoint> inputs, bool replace)
    {
        string real = ModelPaths.Resolve(destination);
        foreach (Checkpoint input in inputs)
        {
            if (input.Files.Any(f => ModelPaths.Resolve(f) == real) || (input.Folder is { } folder && real.StartsWith(ModelPaths.Resolve(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal)))
                throw new CabsException(CabsError.OutputIsInput, $"{destination}: is or lies in the input {input.Path}; give another place", destination);
        }

        if (Directory.Exists(destination))
            throw new CabsException(CabsError.OutputIsFile, $"{destination}: is a folder; a task vector is one file", destination);
        if (!replace && File.Exists(destination))
            throw new CabsException(CabsError.OutputNotEmpty, $"{destination}: exists already; give another place or force replacing it", destination);
    }

    /// <summary>Begins a file of known layout.</summary>
    /// <param name="destination">The full path it gets.</param>
    /// <param name="layout">Where everything goes.</param>
    /// <param name="types">F32 or F64 for each tensor.</param>
    /// <param name="replace">Allows a file there; it goes only when the new one is complete.</param>
    /// <exception cref="CabsException">The file cannot be written.</exception>
    public static VectorFileWriter Create(string destination, OutputShard layout, IReadOnlyDictionary<string, DType> types, bool replace)
    {
        VectorFileWriter? writer = null;
        try
        {
            writer = new VectorFileWriter(destination, layout, types, replace);
            RandomAccess.SetLength(writer._handle, layout.ByteLength);
            RandomAccess.Write(writer._handle, layout.Header, 0);
            return writer;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            writer?.Dispose();
            throw Failed(destination, e);
        }
    }

    /// <summary>Packs a tensor's pieces from here on instead of storing them as they are.</summary>
    public void Pack(string tensor, long count, IReadOnlyDictionary<long, long> ranks) =>
        _packed.Add(tensor, new PackedTensor(tensor, count, ranks, new Places(this)));

    /// <inheritdoc/>
    public void Write(string tensor, long start, ReadOnlySpan<byte> bytes)
    {
        if (!_packed.TryGetValue(tensor, out PackedTensor? packed))
            WritePart(tensor, start, bytes);
        else if (_types[tensor] == DType.F64)
            packed.Write(start, MemoryMarshal.Cast<byte, double>(bytes));
        else
            packed.Write(start, MemoryMarshal.Cast<byte, float>(bytes));
    }

    /// <summary>Flushes the file and gives it its name.</summary>
    /// <param name="cancel">Keeps the file from getting its name.</param>
    public void Complete(CancellationToken cancel)
    {
        try
        {
            foreach (PackedTensor tensor in _packed.Values)
                tensor.Complete();
            RandomAccess.FlushToDisk(_handle);
            cancel.ThrowIfCancellationRequested();
            _handle.Dispose();
            File.Move(_staging, _destination, _replace);
            _completed = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(_destination, e);
        }
    }

    /// <summary>Closes the file; deletes it unless <see cref="Complete"/> succeeded.</summary>
    public void Dispose()
    {
        _handle.Dispose();
        if (_completed)
            return;
        try
        {
            File.Delete(_staging);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // the failure that led here is the one to report; the name says that the file is partial
        }
    }

    private void WritePart(string part, long start, ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(_handle, bytes, _layout.Offsets[part] + start);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(_destination, e);
        }

        Interlocked.Add(ref _bytesWritten, bytes.Length);
    }

    private static CabsException Failed(string path, Exception cause) =>
        new(CabsError.WriteFailed, $"{path}: cannot be written: {cause.Message}", path, cause);

    private sealed class Places(VectorFileWriter writer) : IWeightSink
    {
        public void Write(string tensor, long start, ReadOnlySpan<byte> bytes) => writer.WritePart(tensor, start, bytes);
    }
}
