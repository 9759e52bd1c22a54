using System.Numerics;
using System.Runtime.Intrinsics;

namespace CabsPs.Engine.TaskVectors.Files;

/// <summary>Tells deltas that are stored from those that are not.</summary>
internal static class NonZero
{
    /// <summary>Which of up to 64 deltas are not zero, the first in the lowest bit.</summary>
    public static ulong Bits<T>(ReadOnlySpan<T> deltas)
        where T : unmanaged, INumberBase<T>
    {
        ulong bits = 0;
        int i = 0;
        for (; i + Vector256<T>.Count <= deltas.Length; i += Vector256<T>.Count)
            bits |= (ulong)~Vector256.Equals(Vector256.Create(deltas[i..]), Vector256<T>.Zero).ExtractMostSignificantBits() << (64 - Vector256<T>.Count) >> (64 - Vector256<T>.Count) << i;
        for (; i < deltas.Length; i++)
            bits |= (T.IsZero(deltas[i]) ? 0UL : 1) << i;
        return bits;
    }
}
