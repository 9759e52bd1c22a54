using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Numerics;
using CabsPs.Engine.TaskVectors;

namespace CabsPs.Engine.Merging;

/// <summary>What happens where the terms of several vectors meet.</summary>
public enum ConflictRule
{
    /// <summary>They are added.</summary>
    Add,

    /// <summary>Where several masks keep a position, those that agree with the sign of the sum are averaged.</summary>
    ElectWhereMasksMeet,

    /// <summary>Everywhere only those count that agree with the sign of the sum (TIES).</summary>
    Elect,
}

/// <summary>How masked task vectors become one.</summary>
/// <param name="Weights">λ of each input; null means auto: ‖δ‖ / ‖kept δ‖ over the tensor.</param>
/// <param name="Lambda">Scales the sum.</param>
/// <param name="Normalize">Divides the sum by the sum of the weights first; by those of the agreeing terms where signs are elected.</param>
/// <param name="Conflicts">What happens where terms meet.</param>
public sealed record Combination(IReadOnlyList<double?> Weights, double Lambda, bool Normalize, ConflictRule Conflicts);

/// <summary>θ0 + λ · Σ λi · maski ⊙ δi on one tensor (task arithmetic: Ilharco et al., "Editing models with task arithmetic",
/// ICLR 2023, section 2). Products and sums are rounded one by one in the order of the vectors.</summary>
/// <typeparam name="T">float or double.</typeparam>
public partial class TaskVectorKernel<T> : TensorKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly IKernels<T> _kernels;
    private readonly Combination _combination;
    private readonly int[] _inputs;
    private readonly int[] _terms;
    private readonly MaskGroups<T> _groups;
    private readonly bool[] _masked;
    private readonly double[] _weights;
    private readonly double[] _factors;
    private readonly bool _automatic;
    private readonly bool _allMasked;
    private readonly long _count;

    /// <summary>Binds the computation.</summary>
    /// <param name="context">The tensor.</param>
    /// <param name="combination">Weights and how they are applied.</param>
    /// <param name="kernels">The arithmetic.</param>
    public TaskVectorKernel(TensorContext context, Combination combination, IKernels<T> kernels)
    {
        _kernels = kernels;
        _combination = combination;
        _count = context.Count;
        _inputs = [.. Enumerable.Range(0, context.Inputs.Count)];
        _terms = [.. _inputs.Where(i => context.Inputs[i].Contributes)];
        _groups = new MaskGroups<T>(context, kernels);
        _masked = _groups.IsMasked;
        _weights = [.. combination.Weights.Select(w => w ?? 1)];
        _factors = [.. _weights.Select(_ => 1.0)];
        _groups.TakeFactors(_factors);
        _automatic = _terms.Any(i => combination.Weights[i] is null && _masked[i]);
        _allMasked = _inputs.All(i => _masked[i]);
        BlockLength = CommonBlock.Of(_groups.BlockLengths, context.Count, context.Tensor);
    }

    /// <inheritdoc/>
    public sealed override int BlockLength { get; }

    /// <inheritdoc/>
    public sealed override bool WantsDeltas => true;

    /// <inheritdoc/>
    public sealed override int MeasuringPasses => _groups.MeasuringPasses + (_automatic ? 1 : 0);

    /// <inheritdoc/>
    public sealed override int StrideOf(int pass) => pass < _groups.MeasuringPasses ? _groups.StrideOf(pass) : 1;

    /// <summary>Who is sparsified with whom.</summary>
    internal MaskGroups<T> Groups => _groups;

    /// <summary>The inputs that are added.</summary>
    internal IReadOnlyList<int> Added => _terms;

    /// <summary>How they are added.</summary>
    internal Combination Combination => _combination;

    /// <summary>Whether weights are measured.</summary>
    internal bool IsAutomatic => _automatic;

    /// <inheritdoc/>
    public sealed override int SumCount(int pass)
    {
        if (pass < _groups.MeasuringPasses)
            return _groups.SumCount(pass);
        int perVector = 3 * _terms.Length;
        return pass < MeasuringPasses ? perVector : perVector + (_terms.Length * (_terms.Length - 1) / 2);
    }

    /// <inheritdoc/>
    public sealed override void Measure(int pass, Tile<T> tile, Span<double> sums)
    {
        if (pass < _groups.MeasuringPasses)
        {
            _groups.Measure(pass, tile, sums);
            return;
        }

        _groups.MakeMasks(tile);
        TallyVectors(tile, sums, exact: true);
    }

    /// <inheritdoc/>
    public sealed override void Complete(int pass, ReadOnlySpan<double> totals)
    {
        if (pass >= _groups.MeasuringPasses)
        {
            TakeWeights(totals);
            return;
        }

        _groups.Complete(pass, totals);
        TakeFactors();
    }

    /// <inheritdoc/>
    public override long WholeBytes => _groups.KeptBytes;

    /// <inheritdoc/>
    internal override long WishedBytes => _groups.WishedBytes;

    /// <inheritdoc/>
    internal override void Keep() => _groups.Keep();

    /// <inheritdoc/>
    public override void Release() => _groups.Release();

    /// <inheritdoc/>
    public sealed override void Merge(Tile<T> tile, Span<T> output, Span<double> sums) =>
        MergeStored(tile, _kernels, typeof(T) == typeof(float) ? DType.F32 : DType.F64, MemoryMarshal.AsBytes(output), sums);

    /// <inheritdoc/>
    public sealed override void MergeDelta(Tile<T> tile, Span<T> delta, Span<double> sums)
    {
        // over a base of zeros the sum is the delta itself, rounded nowhere else
        T[] origin = ArrayPool<T>.Shared.Rent(tile.Length);
        tile.Base.CopyTo(origin);
        tile.Base.Clear();
        Merge(tile, delta, sums);
        origin.AsSpan(0, tile.Length).CopyTo(tile.Base);
        ArrayPool<T>.Shared.Return(origin);
    }

    /// <inheritdoc/>
    internal override void MergeStored(Tile<T> tile, IKernels<T> kernels, DType type, Span<byte> destination, Span<double> sums)
    {
        _groups.MakeMasks(tile);
        TallyPairs(tile, sums[(3 * _terms.Length)..]);
        ReadOnlySpan<Term<T>> terms = Terms(stackalloc Term<T>[_terms.Length]);
        T lambda = T.CreateTruncating(_combination.Lambda);
        Span<(double All, double Kept)> energies = stackalloc (double, double)[_terms.Length];
        if (_combination.Conflicts == ConflictRule.Add && kernels.TryCombineMeasured(tile, terms, Divisor(), lambda, type, destination, energies))
        {
            for (int t = 0; t < energies.Length; t++)
                AddTally(tile, t, energies[t], sums);
            return;
        }

        TallyVectors(tile, sums, exact: false);
        switch (_combination.Conflicts)
        {
            case ConflictRule.Add:
                kernels.Combine(tile, terms, Divisor(), lambda, type, destination);
                break;
            case ConflictRule.Elect:
                T[] shares = [.. _terms.Select(i => T.CreateTruncating(_weights[i]))];
                kernels.CombineElected(tile, terms, shares, _combination.Normalize, lambda, type, destination);
                break;
            default:
                MergeMeeting(tile, terms, lambda);
                kernels.Narrow(tile.Total, type, destination);
                break;
        }
    }

    /// <inheritdoc/>
    public sealed override void Report(ReadOnlySpan<double> totals, Tally tally)
    {
        int pair = 3 * _terms.Length;
        for (int t = 0; t < _terms.Length; t++)
        {
            int i = _terms[t];
            tally.AddVector(i, _count, (long)totals[3 * t], EnergyOf(i) ?? totals[(3 * t) + 1], totals[(3 * t) + 2], _weights[i], _masked[i]);
            for (int u = t + 1; u < _terms.Length; u++, pair++)
            {
                if (_masked[i] && _masked[_terms[u]])
                    tally.AddPair(i, _terms[u], (long)totals[pair], (long)totals[3 * t], (long)totals[3 * u]);
            }
        }
    }

    /// <summary>What an agreeing term of an input counts in a divisor.</summary>
    internal T ShareOf(int input) => T.CreateTruncating(_weights[input]);

    /// <summary>Takes the sums that weights are measured by: per input added, weights kept, Σδ² and Σδ² of what is kept.</summary>
    internal void TakeWeights(ReadOnlySpan<double> totals)
    {
        for (int t = 0; t < _terms.Length; t++)
        {
            double energy = EnergyOf(_terms[t]) ?? totals[(3 * t) + 1], kept = totals[(3 * t) + 2];
            if (_combination.Weights[_terms[t]] is null)
                _weights[_terms[t]] = !_masked[_terms[t]] || kept == 0 ? 1 : Math.Sqrt(energy / kept);
        }
    }

    /// <summary>Takes over what the sparsifiers scale by.</summary>
    internal void TakeFactors() => _groups.TakeFactors(_factors);

    /// <summary>The weight times what the sparsifier scales by.</summary>
    internal T Scale(int input) => T.CreateTruncating(_weights[input] * _factors[input]);

    /// <summary>What the sum is divided by; 1 for nothing.</summary>
    internal T Divisor()
    {
        T sum = T.Zero;
        foreach (int i in _terms)
            sum += T.CreateTruncating(_weights[i]);
        return _combination.Normalize && T.Abs(sum) >= T.CreateTruncating(1e-8) ? sum : T.One;
    }

    /// <summary>Masks and measures a piece.</summary>
    /// <returns>The first term's deltas; those that its mask drops are zero.</returns>
    private protected Span<T> KeptDeltas(Tile<T> tile, Span<double> sums)
    {
        _groups.MakeMasks(tile);
        TallyVectors(tile, sums, exact: true);
        int term = _terms[0];
        Span<T> delta = tile.Input(term);
        if (!_masked[term])
            return delta;
        ReadOnlySpan<ulong> mask = tile.Mask(term);
        for (int i = 0; i < delta.Length; i++)
        {
            if (!BitMask.Has(mask, i))
                delta[i] = T.Zero;
        }

        return delta;
    }

    /// <summary>What the sparsifier scales the first term by.</summary>
    private protected double FirstFactor => _factors[_terms[0]];

    /// <summary>‖δ‖² of the first term where the deltas that come no longer hold it.</summary>
    private protected double? FirstEnergy => EnergyOf(_terms[0]);

    private double? EnergyOf(int input) => _groups.EnergyOf(input);

    // weights follow from the exact sums, only a report from the others
    private void TallyVectors(Tile<T> tile, Span<double> sums, bool exact)
    {
        for (int t = 0; t < _terms.Length; t++)
        {
            int i = _terms[t];
            if (!_masked[i])
            {
                sums[3 * t] += tile.Length;
                continue;
            }

            AddTally(tile, t, exact ? _kernels.SumsOfSquares(tile.Input(i), tile.Mask(i)) : _kernels.Energies(tile.Input(i), tile.Mask(i)), sums);
        }
    }

    private void AddTally(Tile<T> tile, int term, (double All, double Kept) energies, Span<double> sums)
    {
        sums[3 * term] += BitMask.Count(tile.Mask(_terms[term]));
        sums[(3 * term) + 1] += energies.All;
        sums[(3 * term) + 2] += energies.Kept;
    }

    private void TallyPairs(Tile<T> tile, Span<double> sums)
    {
        int pair = 0;
        for (int t = 0; t < _terms.Length; t++)
        {
            for (int u = t + 1; u < _terms.Length; u++, pair++)
            {
                if (_masked[_terms[t]] && _masked[_terms[u]])
                    sums[pair] += BitMask.CountShared(tile.Mask(_terms[t]), tile.Mask(_terms[u]));
            }
        }
    }

    // TIES' rule (Yadav et al., NeurIPS 2023, section 3) on the few positions where masks meet; a dense vector meets every mask
    private void ElectSigns(Tile<T> tile, Span<T> total)
    {
        Span<ulong> once = tile.Claimed;
        for (int word = 0; word < once.Length; word++)
        {
            ulong seen = 0, meeting = 0;
            foreach (int i in _terms)
            {
                ulong mask = _masked[i] ? tile.Mask(i)[word] : ulong.MaxValue;
                meeting |= seen & mask;
                seen |= mask;
            }

            for (; meeting != 0; meeting &= meeting - 1)
            {
                int position = (word << 6) + BitOperations.TrailingZeroCount(meeting);
                if (position < total.Length)
                    total[position] = MeanOfAgreeing(tile, position, total[position]);
            }
        }
    }

    private T MeanOfAgreeing(Tile<T> tile, int position, T total)
    {
        T sum = T.Zero;
        int count = 0;
        bool plus = total >= T.Zero;
        foreach (int i in _terms)
        {
            if (_masked[i] && !BitMask.Has(tile.Mask(i), position))
                continue;
            T term = Scale(i) * tile.Input(i)[position];
            if (plus ? term > T.Zero : term < T.Zero)
            {
                sum += term;
                count++;
            }
        }

        return sum / T.CreateTruncating(Math.Max(count, 1));
    }

    private void MergeMeeting(Tile<T> tile, ReadOnlySpan<Term<T>> terms, T lambda)
    {
        Span<T> total = tile.Total;
        total.Clear();
        foreach (Term<T> term in terms)
        {
            if (term.Masked)
                _kernels.AddScaled(total, tile.Input(term.Input), term.Weight, tile.Mask(term.Input));
            else
                _kernels.AddScaled(total, tile.Input(term.Input), term.Weight);
        }

        ElectSigns(tile, total);
        _kernels.Divide(total, Divisor());
        _kernels.Scale(total, lambda);
        _kernels.Add(total, tile.Base);
    }

    private ReadOnlySpan<Term<T>> Terms(Span<Term<T>> terms)
    {
        for (int t = 0; t < terms.Length; t++)
            terms[t] = new Term<T>(_terms[t], Scale(_terms[t]), _masked[_terms[t]]);
        return terms;
    }
}
