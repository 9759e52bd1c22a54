using System.Numerics;
using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.TaskVectors.Files;

/// <summary>Packs the pieces of one tensor as they come, in any order: values at their ranks, bits at their places.</summary>
/// <param name="name">The tensor.</param>
/// <param name="count">Its number of weights.</param>
/// <param name="ranksOfPieces">Per piece (by its first byte) how many weights are kept before it.</param>
/// <param name="file">Takes the parts.</param>
internal sealed class PackedTensor(string name, long count, IReadOnlyDictionary<long, long> ranksOfPieces, IWeightSink file)
{
    private readonly long[] _ranks = new long[(count + StoredDelta.ChunkLength - 1) / StoredDelta.ChunkLength];
    private readonly Dictionary<long, byte> _edges = [];

    /// <summary>Packs a piece.</summary>
    /// <param name="startByte">Its first byte's place among the deltas.</param>
    /// <param name="deltas">The deltas.</param>
    /// <typeparam name="T">float or double.</typeparam>
    public unsafe void Write<T>(long startByte, ReadOnlySpan<T> deltas)
        where T : unmanaged, INumberBase<T>
    {
        long start = startByte / sizeof(T), rank = ranksOfPieces[startByte], first = start / 8;
        T[] values = new T[deltas.Length];
        byte[] bits = new byte[((start + deltas.Length + 7) / 8) - first];
        int kept = 0;
        for (int i = 0; i < deltas.Length;)
        {
            // up to the next whole word of the mask, so that no block crosses into another chunk
            long at = start + i;
            int length = (int)Math.Min(deltas.Length - i, 64 - (at & 63));
            if (at % StoredDelta.ChunkLength == 0)
                _ranks[at / StoredDelta.ChunkLength] = rank + kept;
            ulong word = NonZero.Bits(deltas.Slice(i, length));
            for (int b = 0; b < length; b += 8 - (int)((at + b) & 7))
                bits[(int)(((at + b) >> 3) - first)] |= (byte)(word >> b << (int)((at + b) & 7));
            for (; word != 0; word &= word - 1)
                values[kept++] = deltas[i + BitOperations.TrailingZeroCount(word)];
            i += length;
        }

        file.Write($"{name}.values", rank * sizeof(T), MemoryMarshal.AsBytes(values.AsSpan(0, kept)));
        // bytes that the neighbours have a share in are written when all have come
        int head = (start & 7) == 0 ? 0 : 1, tail = ((start + deltas.Length) & 7) == 0 || bits.Length == head ? 0 : 1;
        file.Write($"{name}.mask", first + head, bits.AsSpan(head, bits.Length - head - tail));
        lock (_edges)
        {
            if (head == 1)
                Add(first, bits[0]);
            if (tail == 1)
                Add(first + bits.Length - 1, bits[^1]);
        }
    }

    /// <summary>Writes what could not be written piece by piece.</summary>
    public void Complete()
    {
        foreach ((long at, byte bits) in _edges)
            file.Write($"{name}.mask", at, [bits]);
        file.Write($"{name}.ranks", 0, MemoryMarshal.AsBytes(_ranks.AsSpan()));
    }

    private void Add(long at, byte bits) => _edges[at] = (byte)(_edges.GetValueOrDefault(at) | bits);
}
