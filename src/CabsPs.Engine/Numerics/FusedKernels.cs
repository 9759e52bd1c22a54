using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics.Simd;

namespace CabsPs.Engine.Numerics;

/// <summary>Whole merges of task vectors in one pass over a piece: what <see cref="ReferenceKernels{T}"/> does step by step, with every value
/// in a register. Lengths that are no multiple of the vector end in a last vector that overlaps the one before.</summary>
/// <typeparam name="V">A vector of float32.</typeparam>
/// <typeparam name="L">Its operations.</typeparam>
internal static class FusedKernels<V, L>
    where V : struct
    where L : struct, ILanes<V>
{
    private static readonly ReferenceKernels<float> s_plain = ReferenceKernels<float>.Instance;

    /// <inheritdoc cref="IKernels{T}.MergeDense"/>
    public static bool MergeDense(in StoredTile tile, in Terms<float> terms)
    {
        foreach (int input in terms.Inputs)
        {
            if (tile.InputTypes[input] != tile.BaseType)
                return false;
        }

        if (tile.Length < L.Count)
            return s_plain.MergeDense(tile, terms);
        return tile.BaseType switch
        {
            DType.BF16 => MergeDense<StoredBFloat16<V, L>>(tile, terms),
            DType.F16 => MergeDense<StoredHalf<V, L>>(tile, terms),
            DType.F32 => MergeDense<StoredSingle<V, L>>(tile, terms),
            _ => false,
        };
    }

    /// <inheritdoc cref="IKernels{T}.MergeDeltas"/>
    public static void MergeDeltas(Tile<float> tile, in Terms<float> terms, DType type, Span<byte> output)
    {
        if (tile.Length % 64 != 0 || tile.Length == 0)
        {
            s_plain.MergeDeltas(tile, terms, type, output);
            return;
        }

        switch (type)
        {
            case DType.BF16:
                MergeDeltas<StoredBFloat16<V, L>>(tile, terms, type, output);
                break;
            case DType.F16:
                MergeDeltas<StoredHalf<V, L>>(tile, terms, type, output);
                break;
            case DType.F32:
                MergeDeltas<StoredSingle<V, L>>(tile, terms, type, output);
                break;
            default:
                s_plain.MergeDeltas(tile, terms, type, output);
                break;
        }
    }

    private static bool MergeDense<TIn>(in StoredTile tile, in Terms<float> terms)
        where TIn : struct, IStored<V> => tile.OutputType switch
        {
            DType.BF16 => MergeDense<TIn, StoredBFloat16<V, L>>(tile, terms),
            DType.F16 => MergeDense<TIn, StoredHalf<V, L>>(tile, terms),
            DType.F32 => MergeDense<TIn, StoredSingle<V, L>>(tile, terms),
            _ => false,
        };

    private static bool MergeDense<TIn, TOut>(in StoredTile tile, in Terms<float> terms)
        where TIn : struct, IStored<V>
        where TOut : struct, IStored<V>
    {
        V largest = L.Create(0), by = L.Create(terms.Divisor), times = L.Create(terms.Factor);
        bool divides = terms.Divisor != 1, scales = terms.Factor != 1;
        ref byte[] arrays = ref MemoryMarshal.GetArrayDataReference(tile.Inputs);
        ref byte first = ref MemoryMarshal.GetArrayDataReference(tile.Base);
        Span<byte> output = tile.OutputBytes;
        int offset = tile.Offset, last = tile.Length - L.Count;
        for (int at = 0; at < tile.Length; at += L.Count)
        {
            int i = Math.Min(at, last);
            V start = TIn.Load(in first, offset + i), total = L.Create(0);
            largest = L.MaxMagnitude(largest, start);
            for (int k = 0; k < terms.Inputs.Length; k++)
            {
                V value = TIn.Load(in MemoryMarshal.GetArrayDataReference(Unsafe.Add(ref arrays, terms.Inputs[k])), offset + i);
                largest = L.MaxMagnitude(largest, value);
                total = L.Add(total, L.Multiply(L.Create(terms.Weights[k]), L.Subtract(value, start)));
            }

            if (divides)
                total = L.Divide(total, by);
            if (scales)
                total = L.Multiply(total, times);
            Store<TOut>(L.Add(total, start), output, i, tile.OutputType);
        }

        return L.AreFinite(largest);
    }

    private static void MergeDeltas<TOut>(Tile<float> tile, in Terms<float> terms, DType type, Span<byte> output)
        where TOut : struct, IStored<V>
    {
        V by = L.Create(terms.Divisor), times = L.Create(terms.Factor);
        bool divides = terms.Divisor != 1, scales = terms.Factor != 1;
        ref float start = ref MemoryMarshal.GetReference(tile.Base);
        for (int i = 0; i < tile.Length; i += L.Count)
        {
            V total = L.Create(0);
            for (int k = 0; k < terms.Inputs.Length; k++)
            {
                int input = terms.Inputs[k];
                V term = L.Multiply(L.Create(terms.Weights[k]), L.Load(in Unsafe.Add(ref MemoryMarshal.GetReference(tile.Input(input)), i)));
                total = L.Add(total, terms.Masked[k] ? L.Keep(term, (uint)(tile.Mask(input)[i >> 6] >> i)) : term);
            }

            if (divides)
                total = L.Divide(total, by);
            if (scales)
                total = L.Multiply(total, times);
            Store<TOut>(L.Add(total, L.Load(in Unsafe.Add(ref start, i))), output, i, type);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TOut>(V value, Span<byte> output, int index, DType type)
        where TOut : struct, IStored<V>
    {
        if (!TOut.TryStore(value, ref MemoryMarshal.GetReference(output), index))
            StorePlainly(value, output.Slice(index * type.Size(), L.Count * type.Size()), type);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StorePlainly(V value, Span<byte> output, DType type)
    {
        Span<float> values = stackalloc float[L.Count];
        L.Store(value, ref values[0]);
        s_plain.Narrow(values, type, output);
    }
}
