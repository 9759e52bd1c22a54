using System.Buffers;
using System.Globalization;
using System.IO.Hashing;
using CabsPs.Engine.Checkpoints;
using Microsoft.Win32.SafeHandles;

namespace CabsPs.Engine.Integrity;

/// <summary>XXH128 of some bytes: tells damage, not forgery. Written as 32 hexadecimal digits, as xxhsum writes it.</summary>
/// <param name="Value">The hash.</param>
public readonly record struct Digest(UInt128 Value)
{
    private const int PieceBytes = 1 << 20;

    /// <summary>The hash of no bytes at all.</summary>
    public static readonly Digest Empty = Of([]);

    /// <summary>The hash of bytes in memory.</summary>
    public static Digest Of(ReadOnlySpan<byte> bytes) => new(XxHash128.HashToUInt128(bytes));

    /// <summary>The hash of a tensor's bytes in the order in which they are stored; of a task vector's file, of its deltas written out.</summary>
    /// <exception cref="CabsException">The file cannot be read.</exception>
    public static Digest Of(CheckpointReader reader, TensorInfo tensor, CancellationToken cancel = default)
    {
        var hash = new XxHash128();
        int size = tensor.StoredType.Size();
        long length = tensor.Count * size;
        byte[] piece = new byte[Math.Min(PieceBytes, length)];
        for (long at = 0; at < length; at += piece.Length)
        {
            cancel.ThrowIfCancellationRequested();
            Span<byte> bytes = piece.AsSpan(0, (int)Math.Min(piece.Length, length - at));
            if (tensor.Delta is { } delta)
                delta.Read(reader, at / size, bytes, piece.Length);
            else
                reader.Read(tensor, at, bytes);
            hash.Append(bytes);
        }

        return new Digest(hash.GetCurrentHashAsUInt128());
    }

    /// <summary>The hash of a whole file's bytes.</summary>
    /// <exception cref="CabsException">The file cannot be read.</exception>
    internal static Digest OfFile(string path)
    {
        // what has no bytes need not be opened: it may be no file at all
        if (InputFile.Look(path).Length == 0)
            return Empty;
        var hash = new XxHash128();
        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        using SafeFileHandle file = InputFile.Open(path, out FileStamp stamp);
        for (long at = 0; at < stamp.Length && InputFile.ReadAt(file, piece.AsSpan(0, (int)Math.Min(PieceBytes, stamp.Length - at)), at, path) is > 0 and int count; at += count)
            hash.Append(piece.AsSpan(0, count));
        ArrayPool<byte>.Shared.Return(piece);
        return new Digest(hash.GetCurrentHashAsUInt128());
    }

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    public static bool TryParse(string? text, out Digest digest)
    {
        bool known = UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 value) && text!.Length == 32;
        digest = known ? new Digest(value) : default;
        return known;
    }

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);
}
