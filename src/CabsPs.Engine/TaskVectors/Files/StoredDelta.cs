using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.TaskVectors.Files;

/// <summary>Where a task vector's file keeps the delta of one tensor: as it is, or packed into a bit per weight and the values of those
/// bits that are set.</summary>
/// <param name="Values">The deltas, F32 or F64: all of them, or those kept, in order.</param>
/// <param name="Mask">Packed: which weights are kept, lowest bit first; null where all are stored.</param>
/// <param name="Ranks">Packed: how many are kept before every <see cref="ChunkLength"/>-th weight, so that any piece can be read by itself.</param>
public sealed record StoredDelta(TensorInfo Values, TensorInfo? Mask, TensorInfo? Ranks)
{
    /// <summary>Weights between two entries of <see cref="Ranks"/>.</summary>
    public const int ChunkLength = 1 << 16;

    /// <summary>Bytes of all parts.</summary>
    public long ByteLength => Values.ByteLength + (Mask?.ByteLength ?? 0) + (Ranks?.ByteLength ?? 0);

    /// <summary>Reads deltas; those not kept are zero.</summary>
    /// <param name="reader">Reads the file.</param>
    /// <param name="start">The first weight.</param>
    /// <param name="destination">Receives them in the type of <see cref="Values"/>; its length says how many.</param>
    /// <param name="pieceBytes">The largest number of bytes asked of the operating system at once.</param>
    /// <exception cref="CabsException">The file cannot be read, or its mask contradicts its values.</exception>
    public void Read(CheckpointReader reader, long start, Span<byte> destination, int pieceBytes)
    {
        if (Mask is null)
            reader.Read(Values, start * Values.Type.Size(), destination, pieceBytes);
        else if (Values.Type == DType.F64)
            ReadPacked(reader, start, MemoryMarshal.Cast<byte, double>(destination), pieceBytes);
        else
            ReadPacked(reader, start, MemoryMarshal.Cast<byte, float>(destination), pieceBytes);
    }

    private unsafe void ReadPacked<T>(CheckpointReader reader, long start, Span<T> destination, int pieceBytes)
        where T : unmanaged
    {
        long chunk = start / ChunkLength, first = chunk * (ChunkLength / 8);
        Span<byte> word = stackalloc byte[8];
        reader.Read(Ranks!, chunk * 8, word);
        int length = (int)(((start + destination.Length + 7) / 8) - first);
        // with room behind, so that 64 bits can be read from any place
        byte[] rented = ArrayPool<byte>.Shared.Rent(length + 16);
        Span<byte> mask = rented.AsSpan(0, length + 16);
        reader.Read(Mask!, first, mask[..length], pieceBytes);
        mask[length..].Clear();
        int skipped = (int)(start - (chunk * ChunkLength)), kept = Count(mask, skipped, destination.Length);
        long rank = BinaryPrimitives.ReadInt64LittleEndian(word) + Count(mask, 0, skipped);
        if (rank < 0 || rank + kept > Values.Count)
            throw new CabsException(CabsError.VectorInvalid, $"{Values.File}: the mask of tensor {Text.Quote(Mask!.Name)} keeps more weights than are stored; export the task vector again", Values.File);
        // the values lie at the end of the room first: spread from the front, none is overwritten before it is read
        int from = destination.Length - kept;
        reader.Read(Values, rank * sizeof(T), MemoryMarshal.AsBytes(destination[from..]), pieceBytes);
        Span<T> values = stackalloc T[64];
        for (int at = 0; at < destination.Length; at += 64)
        {
            Span<T> block = destination.Slice(at, Math.Min(64, destination.Length - at));
            ulong bits = Bits(mask, skipped + at, block.Length);
            int count = BitOperations.PopCount(bits);
            destination.Slice(from, count).CopyTo(values);
            from += count;
            block.Clear();
            for (int i = 0; bits != 0; bits &= bits - 1)
                block[BitOperations.TrailingZeroCount(bits)] = values[i++];
        }

        ArrayPool<byte>.Shared.Return(rented);
    }

    private static int Count(ReadOnlySpan<byte> mask, int start, int length)
    {
        int count = 0;
        for (int at = 0; at < length; at += 64)
            count += BitOperations.PopCount(Bits(mask, start + at, Math.Min(64, length - at)));
        return count;
    }

    // up to 64 bits from any place on
    private static ulong Bits(ReadOnlySpan<byte> mask, int start, int length)
    {
        int offset = start & 7;
        ulong bits = BinaryPrimitives.ReadUInt64LittleEndian(mask[(start >> 3)..]) >> offset;
        if (offset != 0)
            bits |= (ulong)mask[(start >> 3) + 8] << (64 - offset);
        return length == 64 ? bits : bits & ((1UL << length) - 1);
    }
}
