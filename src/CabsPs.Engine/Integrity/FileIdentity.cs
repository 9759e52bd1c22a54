using System.Buffers.Binary;
using System.Globalization;
using CabsPs.Engine.Checkpoints;
using Microsoft.Win32.SafeHandles;

namespace CabsPs.Engine.Integrity;

/// <summary>What tells a weight file from another one, or from what it was before, without reading its data.</summary>
/// <param name="Path">Its full path.</param>
/// <param name="ByteLength">Its size.</param>
/// <param name="Modified">When it was last written to, in UTC; null for the result of an earlier document of the same recipe.</param>
/// <param name="Header">The hash of its header: names, types, shapes and places of the tensors.</param>
public sealed record FileIdentity(string Path, long ByteLength, DateTime? Modified, Digest Header)
{
    /// <summary>The hash of the manifest that lies beside it, for the result of an earlier document: it is made anew with every run, in the same
    /// bytes at another time.</summary>
    public Digest? Manifest { get; private init; }

    /// <summary>The time as cabs.json writes it.</summary>
    public string? ModifiedText => Modified?.ToString("O", CultureInfo.InvariantCulture);

    /// <summary>Looks at a safetensors file whose header is known to be good.</summary>
    /// <exception cref="CabsException">It cannot be read.</exception>
    public static FileIdentity Of(string path)
    {
        try
        {
            using SafeFileHandle handle = InputFile.Open(path, out _);
            return new FileIdentity(path, RandomAccess.GetLength(handle), File.GetLastWriteTimeUtc(handle), HeaderOf(handle));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CabsException(CabsError.ReadFailed, $"{path}: cannot be read: {e.Message}", path, e);
        }
    }

    /// <summary>Looks at a weight file of an earlier document's result.</summary>
    /// <exception cref="CabsException">It cannot be read.</exception>
    internal static FileIdentity OfStage(string path)
    {
        string manifest = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path)!, MergeManifest.FileName);
        return Of(path) with { Modified = null, Manifest = Digest.OfFile(manifest) };
    }

    private static Digest HeaderOf(SafeFileHandle handle)
    {
        byte[] prefix = new byte[8];
        if (RandomAccess.Read(handle, prefix, 0) < prefix.Length)
            throw new IOException("it ends inside its header");
        long length = Math.Min((long)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(prefix), SafetensorsHeader.MaxHeaderBytes), RandomAccess.GetLength(handle) - 8);
        byte[] header = new byte[8 + length];
        int done = 0;
        for (int read; done < header.Length && (read = RandomAccess.Read(handle, header.AsSpan(done), done)) > 0;)
            done += read;
        return Digest.Of(header.AsSpan(0, done));
    }
}
