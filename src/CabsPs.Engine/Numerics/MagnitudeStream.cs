using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CabsPs.Engine.Numerics;

/// <summary>Looks at magnitudes of deltas on their way from the file: how many lie above a range, and which in it. No delta is written.</summary>
internal static class MagnitudeStream
{
    /// <summary>Elements looked at must be a multiple of this many.</summary>
    public const int Group = 64;

    private const uint MagnitudeBits = 0x7FFF_FFFF;
    private const uint LargestFinite = 0x7F7F_FFFF;

    private const int Stretch = 2048;

    /// <summary>See <see cref="IKernels{T}.FindBetween"/>. Where something was found is noted first and looked at after a stretch: a branch at each place
    /// would be guessed wrong.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe int Find<V, TStored>(ReadOnlySpan<byte> origin, ReadOnlySpan<byte> weights, int length, uint first, uint last, Span<uint> found, out int above)
        where V : struct, ILanes<V>
        where TStored : struct, IStored
    {
        ulong* hits = stackalloc ulong[Stretch / 16];
        int* places = stackalloc int[Stretch / 16];
        ref byte minus = ref MemoryMarshal.GetReference(origin), from = ref MemoryMarshal.GetReference(weights);
        ref float to = ref Unsafe.As<uint, float>(ref MemoryMarshal.GetReference(found));
        // as signed integers: one below the first may be -1
        V below = V.OfBits(first - 1), most = V.OfBits(Math.Min(last, MagnitudeBits)), largest = V.OfBits(0);
        int count = 0;
        nint ahead = (nint)length * TStored.Size, larger = 0;
        for (int start = 0; start < length; start += Stretch)
        {
            int end = Math.Min(start + Stretch, length);
            nint noted = 0;
            for (nint i = start; i < end; i += 4 * V.Count)
            {
                ref byte theirs = ref Unsafe.Add(ref from, i * TStored.Size), ours = ref Unsafe.Add(ref minus, i * TStored.Size);
                ElementLoops<V>.Prefetch<TStored>(ref Unsafe.Add(ref theirs, ahead));
                ElementLoops<V>.Prefetch<TStored>(ref Unsafe.Add(ref ours, ahead));
                V a = Magnitudes<V, TStored>(ref theirs, ref ours, 0), b = Magnitudes<V, TStored>(ref theirs, ref ours, V.Count);
                V c = Magnitudes<V, TStored>(ref theirs, ref ours, 2 * V.Count), d = Magnitudes<V, TStored>(ref theirs, ref ours, 3 * V.Count);
                largest = V.MaxBits(largest, V.MaxBits(V.MaxBits(a, b), V.MaxBits(c, d)));
                ulong over = V.WhichGreater(a, b, c, d, most), within = V.WhichGreater(a, b, c, d, below) & ~over;
                larger += BitOperations.PopCount(over);
                hits[noted] = within;
                places[noted] = (int)i;
                noted += within != 0 ? 1 : 0;
            }

            for (nint n = 0; n < noted; n++)
            {
                ulong within = hits[n];
                ref byte theirs = ref Unsafe.Add(ref from, (nint)places[n] * TStored.Size), ours = ref Unsafe.Add(ref minus, (nint)places[n] * TStored.Size);
                do
                {
                    Lanes1.Store(Magnitudes<Lanes1, TStored>(ref theirs, ref ours, V.PlaceOf(BitOperations.TrailingZeroCount(within))), ref Unsafe.Add(ref to, count++));
                    within &= within - 1;
                }
                while (within != 0);
            }
        }

        above = (int)larger;
        return V.AnyGreaterBits(largest, LargestFinite) ? -1 : count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Magnitudes<V, TStored>(ref byte weights, ref byte origin, nint at)
        where V : struct, ILanes<V>
        where TStored : struct, IStored =>
        (TStored.Load<V>(in Unsafe.Add(ref weights, at * TStored.Size)) - TStored.Load<V>(in Unsafe.Add(ref origin, at * TStored.Size))) & V.OfBits(MagnitudeBits);
}
