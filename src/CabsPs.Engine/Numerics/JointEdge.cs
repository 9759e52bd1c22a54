using System.Numerics;
using System.Runtime.CompilerServices;

namespace CabsPs.Engine.Numerics;

/// <summary>The pairs among which a vector becomes full, in their exact order: the higher score first, then the lower vector, then the
/// lower position.</summary>
internal static class JointEdge
{
    /// <summary>How many pairs are ordered one by one.</summary>
    public const int Few = 16;

    /// <summary>Gives the open positions away until a vector is full.</summary>
    /// <param name="room">The block; at most <see cref="Few"/> positions are open.</param>
    /// <param name="hint">Follows the score with which it became full.</param>
    /// <returns>Which of the active vectors.</returns>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int TakeFew(JointRoom room, ref double hint)
    {
        Span<double> scores = stackalloc double[Few];
        Span<int> places = stackalloc int[Few];
        ReadOnlySpan<int> active = room.Active;
        ReadOnlySpan<ulong> leads = room.Leads;
        int count = 0, words = room.Words;
        for (int i = 0; i < leads.Length; i++)
        {
            for (ulong left = leads[i]; left != 0; left &= left - 1)
            {
                int a = i / words, position = ((i - (a * words)) * 64) + BitOperations.TrailingZeroCount(left);
                scores[count] = room.ScoresOf(active[a])[position];
                places[count++] = (a << 16) | position;
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
            {
                hint += (scores[best] - hint) / 4;
                return a;
            }

            scores[best] = -1;
        }
    }

    /// <summary>The lowest and the highest score of the open positions' leaders.</summary>
    public static (double Least, double Most) Range(JointRoom room)
    {
        double least = double.MaxValue, most = 0;
        for (int a = 0; a < room.ActiveCount; a++)
        {
            ReadOnlySpan<double> scores = room.ScoresOf(room.Active[a]);
            ReadOnlySpan<ulong> leads = room.LeadsOf(a);
            for (int w = 0; w < leads.Length; w++)
            {
                for (ulong left = leads[w]; left != 0; left &= left - 1)
                {
                    double score = scores[(w * 64) + BitOperations.TrailingZeroCount(left)];
                    least = Math.Min(least, score);
                    most = Math.Max(most, score);
                }
            }
        }

        return (least, most);
    }

    /// <summary>The same as <see cref="TakeFew"/> for any number of positions with the same score.</summary>
    public static int TakeEqual(JointRoom room)
    {
        for (int a = 0; ; a++)
        {
            int vector = room.Active[a];
            for (int w = 0; w < room.Words; w++)
            {
                room.Take(vector, w, BitMask.Lowest(room.LeadsOf(a)[w], room.Quotas[vector]));
                if (room.Quotas[vector] == 0)
                    return a;
            }
        }
    }
}
