using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Numerics;

/// <summary>Joint assignment without ordering all pairs; the result is that of <see cref="JointAssignment{T}"/>. As long as no
/// vector is full, every position goes to the vector with the highest score there. So each round finds that vector per position,
/// finds the pair with which the first vector becomes full (the n-th largest of the positions where it leads), gives away
/// everything up to that pair, and goes on without the full vector: at most one round per vector.</summary>
/// <typeparam name="V">The lanes for arithmetic.</typeparam>
/// <typeparam name="TCodes">The vectors for selection.</typeparam>
internal static class JointSelection<V, TCodes>
    where V : struct, ILanes<V>
    where TCodes : struct, ICodes
{
    /// <summary>Longer blocks are left to the plain twin: nobody has them, and their scores would fill the memory.</summary>
    public const int LongestBlock = 1 << 16;

    [ThreadStatic]
    private static JointRoom? t_room;

    /// <summary>See <see cref="IKernels{T}.AssignJointly"/>; every rms is finite.</summary>
    public static void Assign(Tile<float> tile, IReadOnlyList<int> members, int blockLength, ReadOnlySpan<int> quotas, ReadOnlySpan<int> tailQuotas, ReadOnlySpan<double> rms)
    {
        for (int v = 0; v < members.Count; v++)
            tile.Mask(members[v]).Clear();
        JointRoom room = t_room is { } old && old.Fits(members.Count, Math.Min(blockLength, tile.Length)) ? old : t_room = new JointRoom(members.Count, Math.Min(blockLength, tile.Length));
        for (int start = 0; start < tile.Length; start += blockLength)
        {
            int length = Math.Min(blockLength, tile.Length - start);
            room.Begin(members.Count, length, length == blockLength ? quotas : tailQuotas);
            for (int v = 0; v < members.Count; v++)
                Scores.Fill<V>(tile.Input(members[v]).Slice(start, length), rms[v], room.ScoresOf(v));
            Compete(tile, members, start, length, rms, room);
            Fill(tile, members, start, length, room);
            for (int v = 0; v < members.Count; v++)
                BitMask.Put(tile.Mask(members[v]), start, room.Won(v));
        }
    }

    private static void Compete(Tile<float> tile, IReadOnlyList<int> members, int start, int length, ReadOnlySpan<double> rms, JointRoom room)
    {
        for (int round = 0; room.ActiveCount > 0; round++)
        {
            Scores.FindLeaders<V>(room);
            int full = -1;
            double limit = 0;
            for (int a = 0; a < room.ActiveCount; a++)
            {
                int v = room.Active[a];
                // only a vector that becomes full earlier than those before it is worth ordering
                if (BitMask.Count(room.Leads(v)) < room.Quotas[v] || (full >= 0 && CountAbove(room, v, limit) < room.Quotas[v]))
                    continue;
                room.Leads(v).CopyTo(room.Candidates);
                ReadOnlySpan<float> block = tile.Input(members[v]).Slice(start, length);
                BlockSelection<TCodes>.KeepAmong(block, room.Candidates, room.Quotas[v], room.Kept(v), room.Codes, ref room.Hint(round, v));
                (full, limit) = (v, BitConverter.UInt32BitsToSingle(Smallest(block, room.Kept(v))) / rms[v]);
            }

            if (full < 0)
            {
                foreach (int v in room.Active)
                    room.Take(v, room.Leads(v));
                return;
            }

            foreach (int v in room.Active)
            {
                if (v == full)
                    room.Leads(v).Clear();
                else
                    KeepAbove(room, v, limit, orEqual: v < full);
            }

            room.Kept(full).CopyTo(room.Leads(full));
            foreach (int v in room.Active)
                room.Take(v, room.Leads(v));
            room.Leave(full);
        }
    }

    // how many of the positions where a vector leads have more than a score
    private static int CountAbove(JointRoom room, int vector, double limit)
    {
        Scores.FindAbove<V>(room.ScoresOf(vector), limit, orEqual: false, room.Candidates);
        return (int)BitMask.CountShared(room.Leads(vector), room.Candidates[..room.Leads(vector).Length]);
    }

    // vectors with quota left take the largest of their own positions that others hold
    private static void Fill(Tile<float> tile, IReadOnlyList<int> members, int start, int length, JointRoom room)
    {
        for (int v = 0; v < members.Count; v++)
        {
            if (room.Quotas[v] == 0)
                continue;
            ReadOnlySpan<float> block = tile.Input(members[v]).Slice(start, length);
            int count = 0;
            Scores.FindAbove<V>(room.ScoresOf(v), 0, orEqual: false, room.Candidates);
            for (int w = 0; w < room.Words; w++)
            {
                room.Candidates[w] &= ~room.Free[w] & ~room.Won(v)[w];
                count += BitOperations.PopCount(room.Candidates[w]);
            }

            if (count == 0)
                continue;
            uint hint = 0;
            BlockSelection<TCodes>.KeepAmong(block, room.Candidates, Math.Min(count, room.Quotas[v]), room.Kept(v), room.Codes, ref hint);
            BitMask.Union(room.Won(v), room.Kept(v));
        }
    }

    private static void KeepAbove(JointRoom room, int vector, double limit, bool orEqual)
    {
        Scores.FindAbove<V>(room.ScoresOf(vector), limit, orEqual, room.Candidates);
        Span<ulong> leads = room.Leads(vector);
        for (int w = 0; w < leads.Length; w++)
            leads[w] &= room.Candidates[w];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint Smallest(ReadOnlySpan<float> block, ReadOnlySpan<ulong> kept)
    {
        int whole = block.Length - (block.Length % 32);
        V smallest = V.OfBits(uint.MaxValue), magnitude = V.OfBits(0x7FFF_FFFF), ones = V.OfBits(uint.MaxValue);
        ref float from = ref MemoryMarshal.GetReference(block);
        ref uint bits = ref Unsafe.As<ulong, uint>(ref MemoryMarshal.GetReference(kept));
        for (int i = 0; i < whole; i += 32)
        {
            V words = V.OfBits(Unsafe.Add(ref bits, i >> 5));
            for (int at = 0; at < 16; at += V.Count)
            {
                V low = V.Load(in Unsafe.Add(ref from, i + at)) & magnitude, high = V.Load(in Unsafe.Add(ref from, i + at + 16)) & magnitude;
                smallest = V.MinBits(smallest, V.Select(V.Keep(ones, words, V.Count == 16 ? 0 : at), low, ones));
                smallest = V.MinBits(smallest, V.Select(V.Keep(ones, words, V.Count == 16 ? 16 : at + 16), high, ones));
            }
        }

        Span<float> lanes = stackalloc float[V.Count];
        V.Store(smallest, ref lanes[0]);
        uint result = uint.MaxValue;
        foreach (float lane in lanes)
            result = Math.Min(result, BitConverter.SingleToUInt32Bits(lane));
        for (int i = whole; i < block.Length; i++)
        {
            if (BitMask.Has(kept, i))
                result = Math.Min(result, (uint)ReferenceKernels<float>.Magnitude(block[i]));
        }

        return result;
    }
}
