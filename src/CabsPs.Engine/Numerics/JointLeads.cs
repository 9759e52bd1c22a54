using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CabsPs.Engine.Numerics;

/// <summary>Which of the active vectors leads at a free position: the one with the highest score above zero, the first of
/// equals.</summary>
internal static class JointLeads
{
    /// <summary>Finds who leads at the positions where nobody does yet or whose leader has left.</summary>
    /// <param name="room">The block.</param>
    /// <param name="scale">What codes are scores times.</param>
    /// <typeparam name="V">The lanes for arithmetic.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Find<V>(JointRoom room, double scale)
        where V : struct, ILanes<V>
    {
        ref double scores = ref MemoryMarshal.GetReference(room.ScoresOf(0));
        ref byte codes = ref MemoryMarshal.GetReference(room.Codes);
        ref ulong leads = ref MemoryMarshal.GetReference(room.Leads);
        // nobody has come to the edge yet
        ref ulong raised = ref MemoryMarshal.GetReference(room.Edge);
        int count = room.ActiveCount, words = room.Words;
        for (int w = 0; w < words; w++)
        {
            for (ulong left = room.Lost[w]; left != 0;)
            {
                int group = BitOperations.TrailingZeroCount(left) & -Scores.Group<V>();
                Scores.Raise<V>(ref Unsafe.Add(ref scores, (w * 64) + group), room.Stride, room.Active, scale, ref raised, ref Unsafe.Add(ref codes, (w * 64) + group));
                // a later vector that scores higher takes the lead
                ulong open = left & ((ulong.MaxValue >> (64 - Scores.Group<V>())) << group);
                left ^= open;
                for (int a = count - 1; a >= 0; a--)
                {
                    ulong own = open & (Unsafe.Add(ref raised, a) << group);
                    Unsafe.Add(ref leads, (a * words) + w) |= own;
                    open ^= own;
                }
            }
        }
    }

    /// <summary>Whether a vector leads in more positions than it gets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool AreContested(JointRoom room)
    {
        ReadOnlySpan<ulong> leads = room.Leads;
        bool any = false;
        for (int a = 0, i = 0; a < room.ActiveCount; a++)
        {
            int count = 0;
            for (int end = i + room.Words; i < end; i++)
                count += BitOperations.PopCount(leads[i]);
            any |= count > room.Quotas[room.Active[a]];
        }

        return any;
    }
}
