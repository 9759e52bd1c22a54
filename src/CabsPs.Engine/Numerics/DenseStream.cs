using System.Runtime.CompilerServices;

namespace CabsPs.Engine.Numerics;

/// <summary>A dense task vector on its way from the file: where its stored weights lie and its factor.</summary>
/// <param name="Address">The first stored weight, in memory that does not move.</param>
/// <param name="Weight">Its factor.</param>
internal readonly record struct StoredTerm(nint Address, float Weight);

/// <summary>Dense task arithmetic from stored bytes to stored bytes, everything in registers. Whether an input is finite is seen at
/// the result: no operation here turns NaN or infinity into a finite number. A piece with a result that is not finite is given up,
/// so that rounding need not think of NaN; the plain path does it again.</summary>
internal static unsafe class DenseStream
{
    private const uint LargestFinite = 0x7F7F_FFFF;

    /// <summary>Runs over a piece.</summary>
    /// <returns>Whether all results are finite.</returns>
    public static bool Run<V, TIn, TOut>(byte* origin, ReadOnlySpan<StoredTerm> terms, float divisor, float lambda, byte* destination, int length)
        where V : struct, ILanes<V>
        where TIn : struct, IStored
        where TOut : struct, IStored
    {
        int whole = length - (length % (4 * V.Count));
        V largest = terms.Length == 2
            ? RunTwo<V, TIn, TOut>(origin, terms[0], terms[1], divisor, lambda, destination, whole)
            : RunAny<V, TIn, TOut>(origin, terms, divisor, lambda, destination, 0, whole);
        Lanes1 last = RunAny<Lanes1, TIn, TOut>(origin, terms, divisor, lambda, destination, whole, length);
        return !V.AnyGreaterBits(largest, LargestFinite) && !Lanes1.AnyGreaterBits(last, LargestFinite);
    }

    // the usual number of experts, without a loop over them
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static V RunTwo<V, TIn, TOut>(byte* origin, StoredTerm first, StoredTerm second, float divisor, float lambda, byte* destination, int end)
        where V : struct, ILanes<V>
        where TIn : struct, IStored
        where TOut : struct, IStored
    {
        byte* a = (byte*)first.Address, b = (byte*)second.Address;
        V largest = V.OfBits(0), wa = V.Of(first.Weight), wb = V.Of(second.Weight), by = V.Of(divisor), factor = V.Of(lambda);
        bool scaled = divisor != 1 || lambda != 1;
        for (nint i = 0; i < end; i += V.Count)
        {
            V start = TIn.Load<V>(in origin[i * TIn.Size]);
            V total = V.OfBits(0) + (wa * (TIn.Load<V>(in a[i * TIn.Size]) - start));
            total += wb * (TIn.Load<V>(in b[i * TIn.Size]) - start);
            if (scaled)
                total = total / by * factor;
            V result = start + total;
            largest = V.MaxBits(largest, result & V.OfBits(0x7FFF_FFFF));
            TOut.StoreFinite(result, ref destination[i * TOut.Size]);
        }

        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static V RunAny<V, TIn, TOut>(byte* origin, ReadOnlySpan<StoredTerm> terms, float divisor, float lambda, byte* destination, int from, int end)
        where V : struct, ILanes<V>
        where TIn : struct, IStored
        where TOut : struct, IStored
    {
        V largest = V.OfBits(0), by = V.Of(divisor), factor = V.Of(lambda);
        bool scaled = divisor != 1 || lambda != 1;
        for (nint i = from; i < end; i += V.Count)
        {
            V start = TIn.Load<V>(in origin[i * TIn.Size]);
            V total = V.OfBits(0);
            foreach (StoredTerm term in terms)
                total += V.Of(term.Weight) * (TIn.Load<V>(in ((byte*)term.Address)[i * TIn.Size]) - start);
            if (scaled)
                total = total / by * factor;
            V result = start + total;
            largest = V.MaxBits(largest, result & V.OfBits(0x7FFF_FFFF));
            TOut.StoreFinite(result, ref destination[i * TOut.Size]);
        }

        return largest;
    }
}
