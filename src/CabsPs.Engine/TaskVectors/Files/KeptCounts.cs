using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.TaskVectors.Files;

/// <summary>Counts what is kept in every piece that comes, so that each piece can later be written where its values belong. A second sweep
/// over the same plan brings the same pieces.</summary>
internal sealed class KeptCounts : IWeightSink
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<long, long>> _pieces = new(StringComparer.Ordinal);
    private readonly IReadOnlyDictionary<string, DType> _types;

    /// <summary>Begins to count.</summary>
    /// <param name="types">F32 or F64 for each tensor.</param>
    public KeptCounts(IReadOnlyDictionary<string, DType> types) => _types = types;

    /// <inheritdoc/>
    public void Write(string tensor, long start, ReadOnlySpan<byte> bytes)
    {
        long kept = _types[tensor] == DType.F64 ? Count(MemoryMarshal.Cast<byte, double>(bytes)) : Count(MemoryMarshal.Cast<byte, float>(bytes));
        _pieces.GetOrAdd(tensor, static _ => new())[start] = kept;
    }

    /// <summary>Turns the counts of a tensor into ranks.</summary>
    /// <returns>Per piece how many weights are kept before it, and how many are kept in all.</returns>
    public (IReadOnlyDictionary<long, long> Ranks, long Total) RanksOf(string tensor)
    {
        var ranks = new Dictionary<long, long>();
        long rank = 0;
        foreach ((long start, long kept) in _pieces.TryGetValue(tensor, out ConcurrentDictionary<long, long>? pieces) ? pieces.OrderBy(p => p.Key) : Enumerable.Empty<KeyValuePair<long, long>>())
        {
            ranks.Add(start, rank);
            rank += kept;
        }

        return (ranks, rank);
    }

    private static long Count<T>(ReadOnlySpan<T> deltas)
        where T : unmanaged, System.Numerics.INumberBase<T>
    {
        long count = 0;
        for (int i = 0; i < deltas.Length; i += 64)
            count += System.Numerics.BitOperations.PopCount(NonZero.Bits(deltas[i..Math.Min(deltas.Length, i + 64)]));
        return count;
    }
}
