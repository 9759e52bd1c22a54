using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CabsPs.Engine.Numerics;

/// <summary>Which of the active vectors leads at a free position: the one with the highest score above zero, the first of
/// equals.</summary>
internal static class JointLeads
{
    /// <summary>Makes leads of the positions where each vector scores higher than those before it.</summary>
    public static void Settle(JointRoom room)
    {
        Span<ulong> leads = room.Leads;
        int words = room.Words;
        for (int w = 0; w < words; w++)
        {
            // a later vector that scores higher takes the lead
            ulong open = ulong.MaxValue;
            for (int at = leads.Length - words + w; at >= 0; at -= words)
            {
                leads[at] &= open;
                open &= ~leads[at];
            }
        }
    }

    /// <summary>Whether a vector leads in more positions than it gets.</summary>
    public static bool AreContested(JointRoom room)
    {
        bool any = false;
        for (int a = 0; a < room.ActiveCount; a++)
            any |= BitMask.Count(room.Leads.Slice(a * room.Words, room.Words)) > room.Quotas[room.Active[a]];
        return any;
    }

    /// <summary>Finds who leads, now that a vector has left, where that vector did.</summary>
    /// <param name="room">The block.</param>
    /// <param name="scale">What codes are scores times.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PassOn(JointRoom room, double scale)
    {
        ReadOnlySpan<int> active = room.Active;
        if (active.IsEmpty)
            return;
        ref ulong leads = ref MemoryMarshal.GetReference(room.Leads);
        ref double scores = ref MemoryMarshal.GetReference(room.ScoresOf(0));
        ref byte codes = ref MemoryMarshal.GetReference(room.Codes);
        int words = room.Words, stride = room.Stride;
        for (int w = 0; w < words; w++)
        {
            for (ulong left = room.Lost[w]; left != 0; left &= left - 1)
            {
                int position = (w * 64) + BitOperations.TrailingZeroCount(left);
                // the bits of such numbers have their order; without a branch, because no processor could guess it
                long best = 0;
                int leader = 0;
                for (int a = 0; a < active.Length; a++)
                {
                    long score = BitConverter.DoubleToInt64Bits(Unsafe.Add(ref scores, (active[a] * stride) + position));
                    long higher = (best - score) >> 63;
                    best ^= (best ^ score) & higher;
                    leader ^= (leader ^ a) & (int)higher;
                }

                Unsafe.Add(ref leads, (leader * words) + w) |= best == 0 ? 0 : left & (0 - left);
                Unsafe.Add(ref codes, position) = (byte)Math.Min(255, BitConverter.Int64BitsToDouble(best) * scale);
            }
        }
    }
}
