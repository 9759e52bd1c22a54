using System.Buffers;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Integrity;

/// <summary>What one reading of a tensor's bytes tells.</summary>
/// <param name="Hash">Their hash.</param>
/// <param name="NonFiniteCount">Values that are NaN or infinite.</param>
/// <param name="FirstNonFinite">The first of them, or null.</param>
internal sealed record TensorContent(Digest Hash, long NonFiniteCount, long? FirstNonFinite)
{
    private const int PieceBytes = 256 << 10;

    /// <summary>Reads a tensor once, in constant memory.</summary>
    /// <exception cref="CabsException">The file cannot be read.</exception>
    public static TensorContent Of(CheckpointReader reader, TensorInfo tensor, CancellationToken cancel)
    {
        var hash = new XxHash128();
        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        long count = 0;
        long? first = null;
        for (long at = 0; at < tensor.ByteLength; at += PieceBytes)
        {
            cancel.ThrowIfCancellationRequested();
            Span<byte> bytes = piece.AsSpan(0, (int)Math.Min(PieceBytes, tensor.ByteLength - at));
            reader.Read(tensor, at, bytes);
            hash.Append(bytes);
            (int found, int where) = NonFinite(tensor.Type, bytes);
            if (found > 0)
                first ??= (at / tensor.Type.Size()) + where;
            count += found;
        }

        ArrayPool<byte>.Shared.Return(piece);
        return new TensorContent(new Digest(hash.GetCurrentHashAsUInt128()), count, first);
    }

    // an exponent of all ones; of the 8-bit floats E4M3 has no infinity, and E8M0 is an exponent alone
    private static (int Count, int First) NonFinite(DType type, ReadOnlySpan<byte> bytes) => type switch
    {
        DType.F64 => Find<ulong>(bytes, 0x7FF0_0000_0000_0000),
        DType.F32 => Find<uint>(bytes, 0x7F80_0000),
        DType.F16 => Find<ushort>(bytes, 0x7C00),
        DType.BF16 => Find<ushort>(bytes, 0x7F80),
        DType.C64 => Find<uint>(bytes, 0x7F80_0000) is var (count, first) ? (count, first / 2) : default,
        DType.F8_E5M2 => Find<byte>(bytes, 0x7C),
        DType.F8_E4M3 => Find<byte>(bytes, 0x7F),
        DType.F8_E8M0 => Find<byte>(bytes, 0xFF),
        _ => (0, -1),
    };

    private static (int Count, int First) Find<T>(ReadOnlySpan<byte> bytes, T mask)
        where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        ReadOnlySpan<T> values = MemoryMarshal.Cast<byte, T>(bytes);
        int count = 0;
        // a loop that the compiler can keep in registers; where it finds something, another one looks where
        foreach (T value in values)
            count += (value & mask) == mask ? 1 : 0;
        if (count == 0)
            return (0, -1);
        int first = 0;
        while ((values[first] & mask) != mask)
            first++;
        return (count, first);
    }
}
