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

    /// <summary>The same as <see cref="TakeFew"/> for any number of positions with the same score.</summary>
    public static int TakeEqual(JointRoom room)
    {
        for (int a = 0; ; a++)
        {
            int vector = room.Active[a];
            for (int w = 0; w < room.Words; w++)
            {
                room.Take(vector, w, BitMask.Lowest(room.Edge[(a * room.Words) + w], room.Quotas[vector]));
                if (room.Quotas[vector] == 0)
                    return a;
            }
        }
    }
}
