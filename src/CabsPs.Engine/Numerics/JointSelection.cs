using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Numerics;

/// <summary>Joint assignment without ordering all pairs; the result is that of <see cref="JointAssignment{T}"/>. As long as no
/// vector is full, every position goes to the vector with the highest score there. So each round finds that vector per position,
/// finds the pair with which the first vector becomes full, gives away everything up to that pair, and goes on without the full
/// vector: at most one round per vector. The pair is found as in <see cref="BlockSelection{TCodes}"/>, for all vectors at once: scores
/// become 8-bit codes, and eight counts find the greatest code down to which some vector is full; what has that code is ordered.</summary>
/// <typeparam name="V">The lanes for arithmetic.</typeparam>
/// <typeparam name="TCodes">The vectors for selection.</typeparam>
internal static class JointSelection<V, TCodes>
    where V : struct, ILanes<V>
    where TCodes : struct, ICodes
{
    /// <summary>Longer blocks are left to the plain twin: nobody has them, and their scores would fill the memory.</summary>
    public const int LongestBlock = 1 << 16;

    // the code of a score as high as the hint: thresholds that lie higher than expected cost more than coarse codes do
    private const double Middle = 100;

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
            for (int round = 0; room.ActiveCount > 0 && Compete(room, ref room.Hint(round)); round++)
            {
            }

            Fill(tile, members, start, length, room);
            for (int v = 0; v < members.Count; v++)
                BitMask.Put(tile.Mask(members[v]), start, room.Won(v));
        }
    }

    // gives positions away until a vector is full and leaves; false when there are none left to give
    private static bool Compete(JointRoom room, ref double hint)
    {
        room.Free.CopyTo(room.Open);
        Scores.FindLeaders<V>(room, 0, Middle / hint);
        if (!IsContested(room))
        {
            TakeAll(room);
            return false;
        }

        while (true)
        {
            int left = TakeAbove(room, FindCode(room));
            if (left <= JointEdge.Few)
            {
                room.Leave(JointEdge.TakeFew(room, ref hint));
                return true;
            }

            (double least, double most) = JointEdge.Range(room);
            if (least == most)
            {
                room.Leave(JointEdge.TakeEqual(room));
                hint += (most - hint) / 4;
                return true;
            }

            Scores.FindLeaders<V>(room, least, 255 / (most - least));
        }
    }

    // whether a vector leads in more positions than it gets
    private static bool IsContested(JointRoom room)
    {
        for (int a = 0; a < room.ActiveCount; a++)
        {
            if (BitMask.Count(room.LeadsOf(a)) > room.Quotas[room.Active[a]])
                return true;
        }

        return false;
    }

    private static void TakeAll(JointRoom room)
    {
        for (int a = 0; a < room.ActiveCount; a++)
        {
            for (int w = 0; w < room.Words; w++)
                room.Take(room.Active[a], w, room.LeadsOf(a)[w]);
        }
    }

    // the greatest code down to which a vector has as many leads as it gets
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FindCode(JointRoom room)
    {
        ref byte codes = ref MemoryMarshal.GetReference(room.Codes);
        ref ulong leads = ref MemoryMarshal.GetReference(room.Leads);
        ref int quotas = ref MemoryMarshal.GetReference(room.Quotas);
        ReadOnlySpan<int> active = room.Active;
        int words = room.Words, code = 0;
        for (int bit = 128; bit > 0; bit >>= 1)
        {
            int none = -1;
            if (words == 4)
            {
                ulong x0 = TCodes.AtLeast(in codes, code + bit), x1 = TCodes.AtLeast(in Unsafe.Add(ref codes, 64), code + bit);
                ulong x2 = TCodes.AtLeast(in Unsafe.Add(ref codes, 128), code + bit), x3 = TCodes.AtLeast(in Unsafe.Add(ref codes, 192), code + bit);
                for (int a = 0; a < active.Length; a++)
                {
                    ref ulong own = ref Unsafe.Add(ref leads, 4 * a);
                    int count = BitOperations.PopCount(x0 & own) + BitOperations.PopCount(x1 & Unsafe.Add(ref own, 1)) + BitOperations.PopCount(x2 & Unsafe.Add(ref own, 2)) + BitOperations.PopCount(x3 & Unsafe.Add(ref own, 3));
                    none &= (count - Unsafe.Add(ref quotas, active[a])) >> 31;
                }
            }
            else
            {
                for (int a = 0; a < active.Length; a++)
                {
                    int count = 0;
                    for (int w = 0; w < words; w++)
                        count += BitOperations.PopCount(TCodes.AtLeast(in Unsafe.Add(ref codes, 64 * w), code + bit) & Unsafe.Add(ref leads, (words * a) + w));
                    none &= (count - Unsafe.Add(ref quotas, active[a])) >> 31;
                }
            }

            code += bit & ~none;
        }

        return code;
    }

    // gives away what lies above a code and leaves open what has it; returns how many that are
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int TakeAbove(JointRoom room, int code)
    {
        ref byte codes = ref MemoryMarshal.GetReference(room.Codes);
        ReadOnlySpan<int> active = room.Active;
        int left = 0;
        for (int w = 0; w < room.Words; w++)
        {
            ulong above = code == 255 ? 0 : TCodes.AtLeast(in Unsafe.Add(ref codes, 64 * w), code + 1);
            ulong equal = TCodes.AtLeast(in Unsafe.Add(ref codes, 64 * w), code) ^ above, open = 0;
            for (int a = 0; a < active.Length; a++)
            {
                ref ulong leads = ref room.Leads[(room.Words * a) + w];
                room.Take(active[a], w, leads & above);
                leads &= equal;
                open |= leads;
            }

            room.Open[w] = open;
            left += BitOperations.PopCount(open);
        }

        return left;
    }

    // vectors with quota left take the largest of their own positions that others hold
    private static void Fill(Tile<float> tile, IReadOnlyList<int> members, int start, int length, JointRoom room)
    {
        for (int v = 0; v < members.Count; v++)
        {
            if (room.Quotas[v] == 0)
                continue;
            ReadOnlySpan<float> block = tile.Input(members[v]).Slice(start, length);
            Span<ulong> candidates = room.Open;
            Scores.FindPositive<V>(room.ScoresOf(v), candidates);
            for (int w = 0; w < room.Words; w++)
                candidates[w] &= ~room.Free[w] & ~room.Won(v)[w];
            int count = (int)BitMask.Count(candidates);
            if (count == 0)
                continue;
            uint hint = 0;
            BlockSelection<TCodes>.KeepAmong(block, candidates, Math.Min(count, room.Quotas[v]), room.LeadsOf(0), room.Codes, ref hint);
            BitMask.Union(room.Won(v), room.LeadsOf(0));
        }
    }
}
