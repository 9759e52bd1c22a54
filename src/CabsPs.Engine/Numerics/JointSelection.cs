using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Numerics;

/// <summary>Joint assignment without ordering all pairs; the result is that of <see cref="JointAssignment{T}"/>. As long as no
/// vector is full, every position goes to the vector with the highest score there. So each round finds the pair with which the first
/// vector becomes full, gives away everything up to that pair, and goes on without the full vector, whose positions go to those that
/// come next: at most one round per vector. The pair is found as in <see cref="BlockSelection{TCodes}"/>, for all vectors at once:
/// scores become 8-bit codes, and eight counts find the greatest code down to which some vector is full; what has that code is
/// ordered.</summary>
/// <typeparam name="V">The lanes for arithmetic.</typeparam>
/// <typeparam name="TCodes">The vectors for selection.</typeparam>
internal static class JointSelection<V, TCodes>
    where V : struct, ILanes<V>
    where TCodes : struct, ICodes
{
    /// <summary>Longer blocks are left to the plain twin: nobody has them, and their scores would fill the memory.</summary>
    public const int LongestBlock = 1 << 16;

    // the code of a score as high as the hint
    private const double Middle = 100;

    // well-spread scores rarely leave more at the edge
    private const int LikelyTie = 4;

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
            foreach (int v in room.Active)
                Scores.Fill<V>(tile.Input(members[v]).Slice(start, length), rms[v], room.ScoresOf(v));
            Compete(room);
            Fill(tile, members, start, length, room);
            for (int v = 0; v < members.Count; v++)
                BitMask.Put(tile.Mask(members[v]), start, room.Won(v));
        }
    }

    private static void Compete(JointRoom room)
    {
        double scale = Middle / room.Hint;
        JointLeads.Find<V>(room, scale);
        for (bool first = true; JointLeads.AreContested(room); first = false)
        {
            (int full, double score) = FillOne(room);
            if (first)
                room.Hint += (score - room.Hint) / 4;
            room.Leave(full);
            JointLeads.Find<V>(room, scale);
        }

        for (int a = 0; a < room.ActiveCount; a++)
        {
            for (int w = 0; w < room.Words; w++)
                room.Take(room.Active[a], w, room.Leads[(a * room.Words) + w]);
        }
    }

    // gives positions away until a vector is full; returns which of the active ones, and with which score
    private static (int Full, double Score) FillOne(JointRoom room)
    {
        room.Leads.CopyTo(room.Edge);
        ReadOnlySpan<byte> codes = room.Codes;
        while (true)
        {
            int left = TakeAbove(room, FindCode(room, codes), codes);
            if (left > LikelyTie && JointEdge.TryTakeTies<V>(room, out (int, double) result))
                return result;
            if (left <= JointEdge.Few)
                return JointEdge.TakeFew(room);
            (double least, double most) = JointEdge.Range(room);
            codes = room.FinerCodes;
            JointEdge.Encode(room, least, 255 / (most - least));
        }
    }

    // the greatest code down to which a vector has as many positions at the edge as it gets
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FindCode(JointRoom room, ReadOnlySpan<byte> codes)
    {
        ref byte all = ref MemoryMarshal.GetReference(codes);
        ref ulong edge = ref MemoryMarshal.GetReference(room.Edge);
        ref int quotas = ref MemoryMarshal.GetReference(room.Quotas);
        ReadOnlySpan<int> active = room.Active;
        int words = room.Words, code = 0;
        for (int bit = 128; bit > 0; bit >>= 1)
        {
            int none = -1;
            if (words == 4)
            {
                ulong x0 = TCodes.AtLeast(in all, code + bit), x1 = TCodes.AtLeast(in Unsafe.Add(ref all, 64), code + bit);
                ulong x2 = TCodes.AtLeast(in Unsafe.Add(ref all, 128), code + bit), x3 = TCodes.AtLeast(in Unsafe.Add(ref all, 192), code + bit);
                for (int a = 0; a < active.Length; a++)
                {
                    ref ulong own = ref Unsafe.Add(ref edge, 4 * a);
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
                        count += BitOperations.PopCount(TCodes.AtLeast(in Unsafe.Add(ref all, 64 * w), code + bit) & Unsafe.Add(ref edge, (words * a) + w));
                    none &= (count - Unsafe.Add(ref quotas, active[a])) >> 31;
                }
            }

            code += bit & ~none;
        }

        return code;
    }

    // gives away what lies above a code and leaves what has it at the edge; returns how many that are
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int TakeAbove(JointRoom room, int code, ReadOnlySpan<byte> codes)
    {
        ref byte all = ref MemoryMarshal.GetReference(codes);
        ref ulong edge = ref MemoryMarshal.GetReference(room.Edge);
        ref ulong won = ref MemoryMarshal.GetReference(room.Won(0));
        ref int quotas = ref MemoryMarshal.GetReference(room.Quotas);
        ReadOnlySpan<int> active = room.Active;
        Span<ulong> free = room.Free;
        int left = 0;
        for (int w = 0; w < free.Length; w++)
        {
            ulong above = code == 255 ? 0 : TCodes.AtLeast(in Unsafe.Add(ref all, 64 * w), code + 1);
            ulong equal = TCodes.AtLeast(in Unsafe.Add(ref all, 64 * w), code) ^ above, taken = 0;
            for (int a = 0; a < active.Length; a++)
            {
                ref ulong own = ref Unsafe.Add(ref edge, (free.Length * a) + w);
                ulong given = own & above;
                own &= equal;
                taken |= given;
                left += BitOperations.PopCount(own);
                Unsafe.Add(ref won, (free.Length * active[a]) + w) |= given;
                Unsafe.Add(ref quotas, active[a]) -= BitOperations.PopCount(given);
            }

            free[w] &= ~taken;
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
            Span<ulong> candidates = room.Lost, kept = room.Edge[..room.Words];
            for (int w = 0; w < room.Words; w++)
                candidates[w] = ~room.Free[w] & ~room.Won(v)[w] & ~Scores.FindEqual<V>(ref room.ScoresOf(v)[w * 64], 0);
            int count = (int)BitMask.Count(candidates);
            if (count == 0)
                continue;
            BlockSelection<TCodes>.KeepAmong(block, candidates, Math.Min(count, room.Quotas[v]), kept, room.Codes, ref room.FillHint(v));
            BitMask.Union(room.Won(v), kept);
        }
    }
}
