using System.Buffers;

namespace CabsPs.Engine.Checkpoints;

/// <summary>Compares stored bytes of tensors, piece by piece.</summary>
public static class TensorComparison
{
    private const int PieceBytes = 256 << 10;

    /// <summary>Whether two tensors have the same type, shape and bytes.</summary>
    /// <exception cref="CabsException">A file cannot be read.</exception>
    public static bool AreIdentical(TensorInfo a, TensorInfo b, CancellationToken cancel = default)
    {
        if (a.Type != b.Type || !a.Shape.SequenceEqual(b.Shape))
            return false;
        using var reader = new CheckpointReader();
        return FirstDifference(reader, a, b, cancel) < 0;
    }

    /// <summary>The first byte in which two tensors of the same length differ, or -1.</summary>
    public static long FirstDifference(CheckpointReader reader, TensorInfo a, TensorInfo b, CancellationToken cancel)
    {
        byte[] left = ArrayPool<byte>.Shared.Rent(PieceBytes), right = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            for (long at = 0; at < a.ByteLength; at += PieceBytes)
            {
                cancel.ThrowIfCancellationRequested();
                int length = (int)Math.Min(PieceBytes, a.ByteLength - at);
                reader.Read(a, at, left.AsSpan(0, length));
                reader.Read(b, at, right.AsSpan(0, length));
                int same = left.AsSpan(0, length).CommonPrefixLength(right.AsSpan(0, length));
                if (same < length)
                    return at + same;
            }

            return -1;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(left);
            ArrayPool<byte>.Shared.Return(right);
        }
    }
}
