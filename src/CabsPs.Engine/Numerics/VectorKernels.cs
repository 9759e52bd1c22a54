using System.Runtime.Intrinsics.X86;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Numerics;

/// <summary>The float32 kernels in one vector width. Each gives the bits of <see cref="ReferenceKernels{T}"/>; what is left at the
/// end of a span goes through the same code in one lane.</summary>
/// <typeparam name="V">The lanes for arithmetic.</typeparam>
/// <typeparam name="TCodes">The vectors of bytes for selection.</typeparam>
internal sealed partial class VectorKernels<V, TCodes> : IKernels<float>
    where V : struct, ILanes<V>
    where TCodes : struct, ICodes
{
    /// <summary>The only instance needed.</summary>
    public static readonly VectorKernels<V, TCodes> Instance = new();

    /// <inheritdoc/>
    public bool Widen(ReadOnlySpan<byte> source, DType type, Span<float> destination) => type switch
    {
        DType.F32 => Widen<StoredF32>(source, destination),
        DType.F16 => Widen<StoredF16>(source, destination),
        DType.BF16 => Widen<StoredBF16>(source, destination),
        _ => ReferenceKernels<float>.Instance.Widen(source, type, destination),
    };

    /// <inheritdoc/>
    public bool WidenDelta(ReadOnlySpan<byte> source, DType type, ReadOnlySpan<float> origin, Span<float> delta) => type switch
    {
        DType.F32 => WidenDelta<StoredF32>(source, origin, delta),
        DType.F16 => WidenDelta<StoredF16>(source, origin, delta),
        DType.BF16 => WidenDelta<StoredBF16>(source, origin, delta),
        _ => ReferenceKernels<float>.Instance.WidenDelta(source, type, origin, delta),
    };

    /// <inheritdoc/>
    public void Narrow(ReadOnlySpan<float> source, DType type, Span<byte> destination)
    {
        switch (type)
        {
            case DType.F32:
                Narrow<StoredF32>(source, destination);
                break;
            case DType.F16:
                Narrow<StoredF16>(source, destination);
                break;
            case DType.BF16:
                Narrow<StoredBF16>(source, destination);
                break;
            default:
                ReferenceKernels<float>.Instance.Narrow(source, type, destination);
                break;
        }
    }

    /// <inheritdoc/>
    public int FirstNonFinite(ReadOnlySpan<float> values) => ReferenceKernels<float>.Instance.FirstNonFinite(values);

    /// <inheritdoc/>
    public void Subtract(Span<float> values, ReadOnlySpan<float> other) => Apply<Subtraction>(values, other);

    /// <inheritdoc/>
    public void Add(Span<float> values, ReadOnlySpan<float> other) => Apply<Addition>(values, other);

    /// <inheritdoc/>
    public void Scale(Span<float> values, float factor) => Apply<Multiplication>(values, factor);

    /// <inheritdoc/>
    public void Divide(Span<float> values, float divisor) => Apply<Division>(values, divisor);

    /// <inheritdoc/>
    public void AddScaled(Span<float> total, ReadOnlySpan<float> delta, float weight) => AddScaled(total, delta, weight, []);

    /// <inheritdoc/>
    public void AddScaled(Span<float> total, ReadOnlySpan<float> delta, float weight, ReadOnlySpan<ulong> mask)
    {
        int whole = Whole(total.Length, delta.Length);
        ElementLoops<V>.AddScaled(total, delta, weight, mask, 0, whole);
        ElementLoops<Lanes1>.AddScaled(total, delta, weight, mask, whole, total.Length);
    }

    /// <inheritdoc/>
    public double SumOfSquares(ReadOnlySpan<float> values) => LaneSums.Of<V>(values, []).All;

    /// <inheritdoc/>
    public double SumOfSquares(ReadOnlySpan<float> values, ReadOnlySpan<ulong> mask) => LaneSums.Of<V>(values, mask).Kept;

    /// <inheritdoc/>
    public (double All, double Kept) SumsOfSquares(ReadOnlySpan<float> values, ReadOnlySpan<ulong> mask) => LaneSums.Of<V>(values, mask);

    /// <inheritdoc/>
    public (double All, double Kept) Energies(ReadOnlySpan<float> values, ReadOnlySpan<ulong> mask) => EnergySums.Of<V>(values, mask);

    /// <inheritdoc/>
    public (double All, double Kept) SumsOfMagnitudes(ReadOnlySpan<float> values, ReadOnlySpan<ulong> mask) => MagnitudeSums.Of<V>(values, mask);

    /// <inheritdoc/>
    public void Combine(Tile<float> tile, ReadOnlySpan<Term<float>> terms, float divisor, float lambda, DType type, Span<byte> destination)
    {
        switch (type)
        {
            case DType.F32:
                Combine<StoredF32>(tile, terms, divisor, lambda, destination);
                break;
            case DType.F16:
                Combine<StoredF16>(tile, terms, divisor, lambda, destination);
                break;
            case DType.BF16:
                Combine<StoredBF16>(tile, terms, divisor, lambda, destination);
                break;
            default:
                ReferenceKernels<float>.Instance.Combine(tile, terms, divisor, lambda, type, destination);
                break;
        }
    }

    /// <inheritdoc/>
    public bool TryCombineMeasured(Tile<float> tile, ReadOnlySpan<Term<float>> terms, float divisor, float lambda, DType type, Span<byte> destination, Span<(double All, double Kept)> energies)
    {
        if (!HasWideLoops || terms.Length != 2 || !terms[0].Masked || !terms[1].Masked || tile.Length % EnergySums.Chunk != 0)
            return false;
        return type switch
        {
            DType.F32 => PairSums<StoredF32>.Run<V>(tile, terms, divisor, lambda, destination, energies),
            DType.F16 => PairSums<StoredF16>.Run<V>(tile, terms, divisor, lambda, destination, energies),
            DType.BF16 => PairSums<StoredBF16>.Run<V>(tile, terms, divisor, lambda, destination, energies),
            _ => false,
        };
    }

    /// <inheritdoc/>
    public void CombineElected(Tile<float> tile, ReadOnlySpan<Term<float>> terms, ReadOnlySpan<float> shares, bool normalize, float lambda, DType type, Span<byte> destination)
    {
        switch (type)
        {
            case DType.F32:
                CombineElected<StoredF32>(tile, terms, shares, normalize, lambda, destination);
                break;
            case DType.F16:
                CombineElected<StoredF16>(tile, terms, shares, normalize, lambda, destination);
                break;
            case DType.BF16:
                CombineElected<StoredBF16>(tile, terms, shares, normalize, lambda, destination);
                break;
            default:
                ReferenceKernels<float>.Instance.CombineElected(tile, terms, shares, normalize, lambda, type, destination);
                break;
        }
    }

    /// <inheritdoc/>
    public void KeepLargest(ReadOnlySpan<float> delta, int blockLength, int quota, int tailQuota, ReadOnlySpan<ulong> claimed, Span<ulong> mask, ref uint hint) =>
        BlockSelection<TCodes>.KeepLargest(delta, blockLength, quota, tailQuota, claimed, mask, ref hint);

    /// <inheritdoc/>
    public void AssignJointly(Tile<float> tile, IReadOnlyList<int> members, int blockLength, ReadOnlySpan<int> quotas, ReadOnlySpan<int> tailQuotas, ReadOnlySpan<double> rms)
    {
        bool allFinite = true;
        foreach (double size in rms)
            allFinite &= double.IsFinite(size);
        if (allFinite && blockLength <= JointSelection<V, TCodes>.LongestBlock)
            JointSelection<V, TCodes>.Assign(tile, members, blockLength, quotas, tailQuotas, rms);
        else
            ReferenceKernels<float>.Instance.AssignJointly(tile, members, blockLength, quotas, tailQuotas, rms);
    }

    private static bool HasWideLoops => V.Count == 16 || (V.Count == 8 && Avx2.IsSupported);

    private static int Whole(int length, int other)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(other, length);
        return length - (length % V.Count);
    }

    private static bool Widen<TStored>(ReadOnlySpan<byte> source, Span<float> destination)
        where TStored : struct, IStored
    {
        int whole = Whole(destination.Length, source.Length / TStored.Size);
        return ElementLoops<V>.Widen<TStored>(source, destination, 0, whole)
            & ElementLoops<Lanes1>.Widen<TStored>(source, destination, whole, destination.Length);
    }

    private static bool WidenDelta<TStored>(ReadOnlySpan<byte> source, ReadOnlySpan<float> origin, Span<float> delta)
        where TStored : struct, IStored
    {
        int whole = Whole(delta.Length, Math.Min(origin.Length, source.Length / TStored.Size));
        return ElementLoops<V>.WidenDelta<TStored>(source, origin, delta, 0, whole)
            & ElementLoops<Lanes1>.WidenDelta<TStored>(source, origin, delta, whole, delta.Length);
    }

    private static void Narrow<TStored>(ReadOnlySpan<float> source, Span<byte> destination)
        where TStored : struct, IStored
    {
        int whole = Whole(source.Length, destination.Length / TStored.Size);
        ElementLoops<V>.Narrow<TStored>(source, destination, 0, whole);
        ElementLoops<Lanes1>.Narrow<TStored>(source, destination, whole, source.Length);
    }

    private static void Apply<TOperation>(Span<float> values, ReadOnlySpan<float> other)
        where TOperation : struct, IOperation
    {
        int whole = Whole(values.Length, other.Length);
        ElementLoops<V>.Apply<TOperation>(values, other, 0, whole);
        ElementLoops<Lanes1>.Apply<TOperation>(values, other, whole, values.Length);
    }

    private static void Apply<TOperation>(Span<float> values, float number)
        where TOperation : struct, IOperation
    {
        int whole = Whole(values.Length, values.Length);
        ElementLoops<V>.Apply<TOperation>(values, number, 0, whole);
        ElementLoops<Lanes1>.Apply<TOperation>(values, number, whole, values.Length);
    }

    private static void Combine<TStored>(Tile<float> tile, ReadOnlySpan<Term<float>> terms, float divisor, float lambda, Span<byte> destination)
        where TStored : struct, IStored
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, tile.Length * TStored.Size);
        int whole = tile.Length - (tile.Length % (4 * V.Count));
        bool finite = ElementLoops<V>.Combine<TStored>(tile, terms, divisor, lambda, destination, whole);
        CombineRest<TStored>(tile, terms, divisor, lambda, destination, finite ? whole : 0);
    }

    private static void CombineElected<TStored>(Tile<float> tile, ReadOnlySpan<Term<float>> terms, ReadOnlySpan<float> shares, bool normalize, float lambda, Span<byte> destination)
        where TStored : struct, IStored
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, tile.Length * TStored.Size);
        int done = ElectionLoops<V>.Combine<TStored>(tile, terms, shares, normalize, lambda, destination);
        for (; done < tile.Length; done++)
        {
            float result = ReferenceKernels<float>.Elected(tile, terms, shares, normalize, lambda, done);
            TStored.Store(new Lanes1(result), ref destination[done * TStored.Size]);
        }
    }

    private static void CombineRest<TStored>(Tile<float> tile, ReadOnlySpan<Term<float>> terms, float divisor, float lambda, Span<byte> destination, int start)
        where TStored : struct, IStored
    {
        for (int i = start; i < tile.Length; i++)
        {
            float total = 0;
            foreach (Term<float> term in terms)
            {
                if (!term.Masked || BitMask.Has(tile.Mask(term.Input), i))
                    total += term.Weight * tile.Input(term.Input)[i];
            }

            float result = tile.Base[i] + (total / divisor * lambda);
            TStored.Store(new Lanes1(result), ref destination[i * TStored.Size]);
        }
    }
}
