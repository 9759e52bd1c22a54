using System.Buffers;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Numerics;

/// <content>What goes from stored bytes to stored bytes, or to sums, without tiles.</content>
internal sealed partial class VectorKernels<V, TCodes>
{
    /// <inheritdoc/>
    public unsafe bool TryCombineStored(ReadOnlyMemory<byte> origin, DType type, ReadOnlySpan<ReadOnlyMemory<byte>> experts, ReadOnlySpan<float> weights, float divisor, float lambda, DType resultType, Memory<byte> destination)
    {
        int length = origin.Length / type.Size();
        delegate*<byte*, ReadOnlySpan<StoredTerm>, float, float, byte*, int, bool> run = DenseRun(type, resultType);
        if (run is null)
            return false;
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, length * resultType.Size());
        var pins = new MemoryHandle[experts.Length + 2];
        try
        {
            Span<StoredTerm> terms = stackalloc StoredTerm[experts.Length];
            for (int i = 0; i < terms.Length; i++)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(experts[i].Length, origin.Length);
                pins[i] = experts[i].Pin();
                terms[i] = new StoredTerm((nint)pins[i].Pointer, weights[i]);
            }

            pins[^2] = origin.Pin();
            pins[^1] = destination.Pin();
            return run((byte*)pins[^2].Pointer, terms, divisor, lambda, (byte*)pins[^1].Pointer, length);
        }
        finally
        {
            foreach (MemoryHandle pin in pins)
                pin.Dispose();
        }
    }

    /// <inheritdoc/>
    public bool TryMagnitudes(ReadOnlySpan<byte> origin, ReadOnlySpan<byte> stored, DType type, ReadOnlySpan<ulong> mask, out (double All, double Kept) sums)
    {
        CheckLengths(origin.Length, stored.Length, mask.Length, origin.Length / type.Size());
        sums = default;
        return !HasWideLoops ? false : type switch
        {
            DType.F32 => MaskedStream<StoredF32>.Magnitudes<V>(origin, stored, mask, out sums),
            DType.F16 => MaskedStream<StoredF16>.Magnitudes<V>(origin, stored, mask, out sums),
            DType.BF16 => MaskedStream<StoredBF16>.Magnitudes<V>(origin, stored, mask, out sums),
            _ => false,
        };
    }

    /// <inheritdoc/>
    public bool TryCombineElected(ReadOnlySpan<byte> origin, DType type, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ElectedTerm<float> one, ElectedTerm<float> other, bool normalize, float lambda, DType resultType, Span<byte> destination, Span<double> figures)
    {
        int length = origin.Length / type.Size();
        if (length % EnergySums.Chunk != 0 || !float.IsFinite(one.Weight) || !float.IsFinite(other.Weight))
            return false;
        ArgumentOutOfRangeException.ThrowIfNotEqual(first.Length, origin.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(second.Length, origin.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, length * resultType.Size());
        return (type, resultType) switch
        {
            (DType.BF16, DType.BF16) => ElectionStream.Run<V, StoredBF16, StoredBF16>(origin, first, second, one, other, normalize, lambda, destination, length, figures),
            (DType.BF16, DType.F32) => ElectionStream.Run<V, StoredBF16, StoredF32>(origin, first, second, one, other, normalize, lambda, destination, length, figures),
            (DType.F16, DType.F16) => ElectionStream.Run<V, StoredF16, StoredF16>(origin, first, second, one, other, normalize, lambda, destination, length, figures),
            (DType.F16, DType.F32) => ElectionStream.Run<V, StoredF16, StoredF32>(origin, first, second, one, other, normalize, lambda, destination, length, figures),
            (DType.F32, DType.F32) => ElectionStream.Run<V, StoredF32, StoredF32>(origin, first, second, one, other, normalize, lambda, destination, length, figures),
            (DType.F32, DType.BF16) => ElectionStream.Run<V, StoredF32, StoredBF16>(origin, first, second, one, other, normalize, lambda, destination, length, figures),
            (DType.F32, DType.F16) => ElectionStream.Run<V, StoredF32, StoredF16>(origin, first, second, one, other, normalize, lambda, destination, length, figures),
            _ => false,
        };
    }

    /// <inheritdoc/>
    public bool TryAddMasked(ReadOnlySpan<byte> origin, ReadOnlySpan<byte> stored, DType type, ReadOnlySpan<ulong> mask, float weight, bool isFirst, Span<float> total, out (double All, double Kept) energies)
    {
        CheckLengths(origin.Length, stored.Length, mask.Length, origin.Length / type.Size());
        ArgumentOutOfRangeException.ThrowIfLessThan(total.Length, origin.Length / type.Size());
        energies = default;
        return !HasWideLoops ? false : type switch
        {
            DType.F32 => MaskedStream<StoredF32>.Add<V>(origin, stored, mask, weight, isFirst, total, out energies),
            DType.F16 => MaskedStream<StoredF16>.Add<V>(origin, stored, mask, weight, isFirst, total, out energies),
            DType.BF16 => MaskedStream<StoredBF16>.Add<V>(origin, stored, mask, weight, isFirst, total, out energies),
            _ => false,
        };
    }

    /// <inheritdoc/>
    public bool TryStoreSum(ReadOnlySpan<byte> origin, DType type, ReadOnlySpan<float> total, float divisor, float lambda, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(origin.Length, total.Length * type.Size());
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, total.Length * type.Size());
        return !HasWideLoops ? false : type switch
        {
            DType.F32 => MaskedStream<StoredF32>.Store<V>(origin, total, divisor, lambda, destination),
            DType.F16 => MaskedStream<StoredF16>.Store<V>(origin, total, divisor, lambda, destination),
            DType.BF16 => MaskedStream<StoredBF16>.Store<V>(origin, total, divisor, lambda, destination),
            _ => false,
        };
    }

    /// <inheritdoc/>
    public int FindBetween(ReadOnlySpan<byte> origin, ReadOnlySpan<byte> weights, DType type, uint first, uint last, Span<uint> found, out int above)
    {
        above = 0;
        int length = origin.Length / type.Size();
        if (length % MagnitudeStream.Group != 0)
            return -1;
        ArgumentOutOfRangeException.ThrowIfNotEqual(weights.Length, origin.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(found.Length, length);
        return type switch
        {
            DType.F32 => MagnitudeStream.Find<V, StoredF32>(origin, weights, length, first, last, found, out above),
            DType.F16 => MagnitudeStream.Find<V, StoredF16>(origin, weights, length, first, last, found, out above),
            DType.BF16 => MagnitudeStream.Find<V, StoredBF16>(origin, weights, length, first, last, found, out above),
            _ => -1,
        };
    }

    private static unsafe delegate*<byte*, ReadOnlySpan<StoredTerm>, float, float, byte*, int, bool> DenseRun(DType from, DType to) => (from, to) switch
    {
        (DType.BF16, DType.BF16) => &DenseStream.Run<V, StoredBF16, StoredBF16>,
        (DType.BF16, DType.F32) => &DenseStream.Run<V, StoredBF16, StoredF32>,
        (DType.F16, DType.F16) => &DenseStream.Run<V, StoredF16, StoredF16>,
        (DType.F16, DType.F32) => &DenseStream.Run<V, StoredF16, StoredF32>,
        (DType.F32, DType.F32) => &DenseStream.Run<V, StoredF32, StoredF32>,
        (DType.F32, DType.BF16) => &DenseStream.Run<V, StoredF32, StoredBF16>,
        (DType.F32, DType.F16) => &DenseStream.Run<V, StoredF32, StoredF16>,
        _ => null,
    };

    private static void CheckLengths(int origin, int stored, int words, int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stored, origin);
        ArgumentOutOfRangeException.ThrowIfLessThan(words, BitMask.WordCount(length));
    }
}
