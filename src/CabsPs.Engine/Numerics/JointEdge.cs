using System.Numerics;
using System.Runtime.CompilerServices;

namespace CabsPs.Engine.Numerics;

/// <summary>The pairs among which a vector becomes full, in their exact order: the higher score first, then the lower vector, then the
/// lower position.</summary>
internal static class JointEdge
{
    /// <summary>How many pairs are ordered one by one.</summary>
    public const int Few = 16;

    /// <summary>Gives positions away until a vector is full.</summary>
    /// <param name="room">The block, with at most <see cref="Few"/> positions at the edge.</param>
    /// <returns>Which of the active vectors, and with which score.</returns>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (int Full, double Score) TakeFew(JointRoom room)
    {
        Span<double> scores = stackalloc double[Few];
        Span<int> places = stackalloc int[Few];
        ReadOnlySpan<int> active = room.Active;
        ReadOnlySpan<ulong> edge = room.Edge;
        int count = 0;
        for (int a = 0, i = 0; a < active.Length; a++)
        {
            for (int w = 0; w < room.Words; w++, i++)
            {
                for (ulong left = edge[i]; left != 0; left &= left - 1)
                {
                    int position = (w * 64) + BitOperations.TrailingZeroCount(left);
                    scores[count] = room.ScoresOf(active[a])[position];
                    places[count++] = (a << 16) | position;
                }
            }
        }

        while (true)
        {
            int best = 0;
            for (int i = 1; i < count; i++)
                best = scores[i] > scores[best] ? i : best;
            int a = places[best] >> 16, position = places[best] & 0xFFFF;
            room.Take(active[a], position >> 6, 1UL << position);
            if (room.Quotas[active[a]] == 0)
                return (a, scores[best]);
            scores[best] = -1;
        }
    }

    /// <summary>The lowest and the highest score at the edge.</summary>
    public static (double Least, double Most) Range(JointRoom room)
    {
        double least = double.MaxValue, most = 0;
        for (int a = 0; a < room.ActiveCount; a++)
        {
            ReadOnlySpan<double> scores = room.ScoresOf(room.Active[a]);
            for (int w = 0; w < room.Words; w++)
            {
                for (ulong left = room.Edge[(a * room.Words) + w]; left != 0; left &= left - 1)
                {
                    double score = scores[(w * 64) + BitOperations.TrailingZeroCount(left)];
                    least = Math.Min(least, score);
                    most = Math.Max(most, score);
                }
            }
        }

        return (least, most);
    }

    /// <summary>Codes the scores at the edge: (score − least) · scale.</summary>
    public static void Encode(JointRoom room, double least, double scale)
    {
        Span<byte> codes = room.FinerCodes;
        for (int a = 0; a < room.ActiveCount; a++)
        {
            ReadOnlySpan<double> scores = room.ScoresOf(room.Active[a]);
            for (int w = 0; w < room.Words; w++)
            {
                for (ulong left = room.Edge[(a * room.Words) + w]; left != 0; left &= left - 1)
                {
                    int position = (w * 64) + BitOperations.TrailingZeroCount(left);
                    codes[position] = (byte)Math.Min(255, (scores[position] - least) * scale);
                }
            }
        }
    }

    /// <summary>The same as <see cref="TakeFew"/> for any number of positions, where each vector's have the same score.</summary>
    /// <returns>False where they do not.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryTakeTies<V>(JointRoom room, out (int Full, double Score) result)
        where V : struct, ILanes<V>
    {
        result = default;
        Span<double> ties = room.Ties;
        ReadOnlySpan<ulong> edge = room.Edge;
        int words = room.Words;
        for (int a = 0; a < ties.Length; a++)
        {
            ReadOnlySpan<ulong> own = edge.Slice(a * words, words);
            ref double scores = ref room.ScoresOf(room.Active[a])[0];
            ulong others = 0;
            double first = 0;
            for (int w = 0; w < own.Length; w++)
            {
                if (own[w] == 0)
                    continue;
                first = first == 0 ? Unsafe.Add(ref scores, (w * 64) + BitOperations.TrailingZeroCount(own[w])) : first;
                others |= own[w] & ~Scores.FindEqual<V>(ref Unsafe.Add(ref scores, w * 64), first);
            }

            if (others != 0)
                return false;
            ties[a] = first;
        }

        while (true)
        {
            int best = 0;
            for (int a = 1; a < ties.Length; a++)
                best = ties[a] > ties[best] ? a : best;
            int vector = room.Active[best];
            for (int w = 0; w < words; w++)
                room.Take(vector, w, BitMask.Lowest(edge[(best * words) + w], room.Quotas[vector]));
            if (room.Quotas[vector] == 0)
            {
                result = (best, ties[best]);
                return true;
            }

            ties[best] = -1;
        }
    }
}
