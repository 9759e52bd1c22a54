using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CabsPs.Engine.Numerics;

/// <summary>The n largest of every 256, eight blocks side by side: the case that has to be fast. Where the code found is reached by as
/// many as are wanted, as in most blocks of well-spread deltas, that is the answer; else <see cref="BlockSelection{TCodes}"/> settles
/// what shares the code.</summary>
/// <typeparam name="TCodes">The vectors.</typeparam>
internal static class EightBlocks<TCodes>
    where TCodes : struct, ICodes
{
    /// <summary>m.</summary>
    public const int Length = 256;

    /// <summary>Blocks side by side.</summary>
    public const int Abreast = 8;

    private const int Words = Length / 64;

    /// <summary>Keeps the largest of eight blocks.</summary>
    /// <param name="delta">The eight blocks.</param>
    /// <param name="quota">How many of each, at least one.</param>
    /// <param name="claimed">Positions that come last; may be empty.</param>
    /// <param name="mask">Receives what is kept.</param>
    /// <param name="hint">Where the search begins and the next one shall begin.</param>
    /// <param name="work">Room for eight blocks.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Keep(ReadOnlySpan<float> delta, int quota, ReadOnlySpan<ulong> claimed, Span<ulong> mask, ref uint hint, in SelectionRoom work)
    {
        (uint floor, int shift) = BlockSelection<TCodes>.Window(hint);
        floor &= ~0x7FFFu;
        ref byte codes = ref MemoryMarshal.GetReference(work.Codes);
        ref float block = ref MemoryMarshal.GetReference(delta);
        for (int b = 0; b < Abreast; b++)
            TCodes.Encode256(in Unsafe.Add(ref block, b * Length), floor, shift, ref Unsafe.Add(ref codes, b * Length));
        for (int w = 0; w < claimed.Length; w++)
            TCodes.Erase(ref Unsafe.Add(ref codes, w * 64), ~claimed[w]);
        ulong found = TCodes.FindEight(in codes, quota);
        ref ulong kept = ref MemoryMarshal.GetReference(mask);
        int open = 0, sum = 0;
        for (int b = 0; b < Abreast; b++)
        {
            int code = (int)(found >> (8 * b)) & 255;
            sum += code;
            int reached = TakeReached(in Unsafe.Add(ref codes, b * Length), code, ref Unsafe.Add(ref kept, b * Words));
            open |= (reached == quota & code != 0 ? 0 : 1) << b;
        }

        BlockSelection<TCodes>.Approach(ref hint, floor + ((uint)sum << shift >> 3), 2);
        if (open == 0)
            return;
        bool inner = true;
        for (int left = open; left != 0; left &= left - 1)
        {
            int b = BitOperations.TrailingZeroCount(left), code = (int)(found >> (8 * b)) & 255;
            inner &= BlockSelection<TCodes>.IsInner(code);
            if (BlockSelection<TCodes>.SettleTies(ref Unsafe.Add(ref block, b * Length), ref Unsafe.Add(ref codes, b * Length), Words, quota, code, ref Unsafe.Add(ref kept, b * Words), work) == 0)
            {
                open &= ~(1 << b);
                continue;
            }

            Span<ulong> words = mask.Slice(b * Words, Words);
            BlockSelection<TCodes>.Settle(delta.Slice(b * Length, Length), 0, quota, code, floor, shift, claimed.IsEmpty ? [] : claimed.Slice(b * Words, Words), ref hint, work.Part(b * Length, Length));
            work.Kept.CopyTo(words);
        }

        // candidates left open ask for finer codes, where they would reach as far
        if (open != 0 && inner)
            hint &= ~BlockSelection<TCodes>.WideFlag;
    }

    // what has at least the code, and how many that are
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int TakeReached(ref readonly byte codes, int code, ref ulong kept)
    {
        int count = 0;
        for (int w = 0; w < Words; w++)
        {
            ulong reached = TCodes.AtLeast(in Unsafe.Add(ref Unsafe.AsRef(in codes), w * 64), code);
            Unsafe.Add(ref kept, w) = reached;
            count += BitOperations.PopCount(reached);
        }

        return count;
    }
}
