using System.Numerics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.TaskVectors;
using CabsPs.Engine.TaskVectors.Files;
using CabsPs.Torch.Masks;
using static CabsPs.Torch.TensorMath;
using static TorchSharp.torch;

namespace CabsPs.Torch.Kernels;

/// <summary>The twin of <see cref="TaskVectorKernel{T}"/>: base + λ · Σ λᵢ · maskᵢ ⊙ δᵢ.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class TaskVectors<T> : TorchDeltaKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly TaskVectorKernel<T> _kernel;
    private readonly TorchGroup<T>[] _groups;

    public TaskVectors(TaskVectorKernel<T> kernel)
    {
        _kernel = kernel;
        _groups = [.. kernel.Groups.All.Select(TorchGroup<T>.Of)];
    }

    /// <inheritdoc/>
    public override long BlockLength => _kernel.BlockLength;

    /// <inheritdoc/>
    public override int MeasuringPasses => GroupPasses + (_kernel.IsAutomatic ? 1 : 0);

    private int GroupPasses => _groups.Length == 0 ? 0 : _groups.Max(g => g.MeasuringPasses);

    private int Terms => _kernel.Added.Count;

    /// <inheritdoc/>
    public override int SumCount(int pass) => pass < GroupPasses ? _groups.Sum(g => SumsOf(g, pass))
        : pass < MeasuringPasses ? 3 * Terms
        : (3 * Terms) + (Terms * (Terms - 1) / 2);

    /// <inheritdoc/>
    public override void Measure(int pass, TorchTile tile, double[] sums)
    {
        if (pass >= GroupPasses)
        {
            TallyVectors(tile, Masks(tile), sums);
            return;
        }

        Span<double> rest = sums;
        foreach (TorchGroup<T> group in _groups.Where(g => pass < g.MeasuringPasses))
        {
            int own = group.SumCount(pass);
            group.Measure(pass, tile, rest[..own]);
            rest = rest[own..];
        }
    }

    /// <inheritdoc/>
    public override void Complete(int pass, double[] totals)
    {
        if (pass >= GroupPasses)
        {
            _kernel.TakeWeights(totals);
            return;
        }

        ReadOnlySpan<double> rest = totals;
        // who takes part is known before any of them learns that it needs no more passes
        foreach ((TorchGroup<T> group, int own) in _groups.Where(g => pass < g.MeasuringPasses).Select(g => (g, g.SumCount(pass))).ToArray())
        {
            group.Complete(pass, rest[..own]);
            rest = rest[own..];
        }

        _kernel.TakeFactors();
    }

    /// <inheritdoc/>
    public override Tensor MergeDelta(TorchTile tile, double[] sums)
    {
        Tensor?[] masks = Masks(tile);
        TallyVectors(tile, masks, sums);
        TallyPairs(masks, sums);
        Combination combination = _kernel.Combination;
        T lambda = T.CreateTruncating(combination.Lambda);
        Tensor[] terms = [.. _kernel.Added.Select(i => TermOf(tile, masks, i))];
        if (combination.Conflicts == ConflictRule.Elect)
            return Elect(terms, lambda);
        Tensor total = tile.Zeros();
        foreach (Tensor term in terms)
            total = total.Plus(term);
        if (combination.Conflicts == ConflictRule.ElectWhereMasksMeet)
            total = Meet(terms, masks, total);
        T divisor = _kernel.Divisor();
        if (divisor != T.One)
            total = total.Over(divisor);
        return lambda == T.One ? total : total.Times(lambda);
    }

    /// <inheritdoc/>
    public override void Report(double[] totals, Tally tally) => _kernel.Report(totals, tally);

    private static int SumsOf(TorchGroup<T> group, int pass) => pass < group.MeasuringPasses ? group.SumCount(pass) : 0;

    private Tensor TermOf(TorchTile tile, Tensor?[] masks, int input)
    {
        Tensor term = tile.Inputs[input].Times(_kernel.Scale(input));
        return masks[input] is { } mask ? term.At(mask) : term;
    }

    private Tensor?[] Masks(TorchTile tile)
    {
        var masks = new Tensor?[tile.Inputs.Length];
        foreach (TorchGroup<T> group in _groups)
            group.MakeMasks(tile, masks);
        return masks;
    }

    private void TallyVectors(TorchTile tile, Tensor?[] masks, double[] sums)
    {
        for (int t = 0; t < Terms; t++)
        {
            Tensor delta = tile.Inputs[_kernel.Added[t]];
            if (masks[_kernel.Added[t]] is not { } mask)
            {
                sums[3 * t] += tile.Length;
                continue;
            }

            sums[3 * t] += Count(mask);
            sums[(3 * t) + 1] += Dot(delta, delta);
            sums[(3 * t) + 2] += Dot(delta, delta.At(mask));
        }
    }

    private void TallyPairs(Tensor?[] masks, double[] sums)
    {
        int pair = 3 * Terms;
        for (int t = 0; t < Terms; t++)
        {
            for (int u = t + 1; u < Terms; u++, pair++)
            {
                if (masks[_kernel.Added[t]] is { } a && masks[_kernel.Added[u]] is { } b)
                    sums[pair] += Count(a.logical_and(b));
            }
        }
    }

    // a sum of zero elects plus, and zeros agree with nothing
    private Tensor Elect(Tensor[] terms, T lambda)
    {
        Tensor elected = zeros_like(terms[0]);
        foreach (Tensor term in terms)
            elected = elected.Plus(term);
        Tensor plus = elected >= Number.Of(0), sum = zeros_like(elected), divisor = zeros_like(elected);
        for (int t = 0; t < terms.Length; t++)
        {
            Tensor agrees = Choose(plus, terms[t] > Number.Of(0), terms[t] < Number.Of(0));
            sum = sum.Plus(terms[t].At(agrees));
            divisor = divisor.Plus(agrees.Narrow<T>().Times(_kernel.ShareOf(_kernel.Added[t])));
        }

        if (_kernel.Combination.Normalize)
            sum = Choose(divisor.ne(Number.Of(0)), sum / divisor, sum);
        return sum.Times(lambda);
    }

    // where masks meet, the mean of the terms that agree with the sign of the sum; a dense vector meets every mask
    private Tensor Meet(Tensor[] terms, Tensor?[] masks, Tensor total)
    {
        Tensor seen = zeros_like(total, dtype: ScalarType.Bool), meeting = seen;
        Tensor plus = total >= Number.Of(0), sum = zeros_like(total), count = zeros_like(total);
        for (int t = 0; t < terms.Length; t++)
        {
            Tensor mask = masks[_kernel.Added[t]] ?? ones_like(seen);
            meeting = meeting.logical_or(seen.logical_and(mask));
            seen = seen.logical_or(mask);
            Tensor agrees = Choose(plus, terms[t] > Number.Of(0), terms[t] < Number.Of(0));
            sum = sum.Plus(terms[t].At(agrees));
            count = count.Plus(agrees.Narrow<T>());
        }

        return Choose(meeting, sum / count.clamp_min(Number.Of(1)), total);
    }
}

/// <summary>The masks of one group on one tensor: the twin of a <see cref="SparsifierKernel{T}"/>.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal abstract class TorchGroup<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Passes over the deltas needed before masks can be made.</summary>
    public virtual int MeasuringPasses => 0;

    /// <summary>The twin of a group's computation.</summary>
    public static TorchGroup<T> Of(SparsifierKernel<T> kernel) => kernel switch
    {
        CabsSparsifier.SequentialKernel<T> k => new CabsGroup(k),
        CabsSparsifier.JointKernel<T> k => new JointGroup<T>(k),
        IndependentSparsifier.Kernel<T> k => new IndependentGroup(k),
        StoredSparsifier.Kernel<T> k => new StoredGroup(k),
        _ => throw TorchFailure.NoTwin("a way to choose weights that this merge takes"),
    };

    /// <summary>Sums a pass collects.</summary>
    public virtual int SumCount(int pass) => 0;

    /// <summary>Measures a piece whose inputs are deltas.</summary>
    public virtual void Measure(int pass, TorchTile tile, Span<double> sums)
    {
    }

    /// <summary>Receives the sums of a pass.</summary>
    public virtual void Complete(int pass, ReadOnlySpan<double> totals)
    {
    }

    /// <summary>Makes the members' masks.</summary>
    public abstract void MakeMasks(TorchTile tile, Tensor?[] masks);

    /// <summary>Vectors whose choice was made before they were stored: what is not zero is kept.</summary>
    private sealed class StoredGroup(StoredSparsifier.Kernel<T> kernel) : TorchGroup<T>
    {
        public override void MakeMasks(TorchTile tile, Tensor?[] masks)
        {
            foreach (int member in kernel.Members)
                masks[member] = tile.Inputs[member].ne(Number.Of(0));
        }
    }

    private sealed class CabsGroup(CabsSparsifier.SequentialKernel<T> kernel) : TorchGroup<T>
    {
        public override void MakeMasks(TorchTile tile, Tensor?[] masks)
        {
            Tensor? claimed = null;
            for (int v = 0; v < kernel.Members.Count; v++)
            {
                CabsSparsifier.BlockRule block = kernel.Blocks[v];
                Tensor mask = RowChoice.Largest(tile.Inputs[kernel.Members[v]], block.Length, block.Quota, block.TailQuota, claimed);
                masks[kernel.Members[v]] = mask;
                if (kernel.AvoidsConflicts)
                    claimed = claimed is null ? mask : claimed.logical_or(mask);
            }
        }
    }

    /// <summary>Vectors that choose each by itself, or each among what earlier ones left.</summary>
    private sealed class IndependentGroup : TorchGroup<T>
    {
        private readonly IndependentSparsifier.Kernel<T> _kernel;
        private readonly TorchMask<T>[] _masks;
        private readonly bool _sequential;

        public IndependentGroup(IndependentSparsifier.Kernel<T> kernel)
        {
            _kernel = kernel;
            _sequential = kernel.Masks is SequentialMaskSet<T>;
            _masks = [.. kernel.Masks.Masks.Select(m => TorchMask<T>.Of(m) ?? throw TorchFailure.NoTwin("a sparsifier of this merge"))];
        }

        public override int MeasuringPasses => MaskPasses + (_kernel.MeasuresNorms ? 1 : 0);

        private int MaskPasses => _masks.Length == 0 ? 0 : _sequential ? _masks.Sum(m => m.MeasuringPasses) : _masks.Max(m => m.MeasuringPasses);

        private int[] Members => _kernel.Masks.Members;

        public override int SumCount(int pass) => pass < MaskPasses ? 0 : 2 * Members.Length;

        public override void Measure(int pass, TorchTile tile, Span<double> sums)
        {
            if (pass >= MaskPasses)
            {
                var masks = new Tensor?[tile.Inputs.Length];
                MakeMasks(tile, masks);
                for (int v = 0; v < Members.Length; v++)
                {
                    Tensor delta = tile.Inputs[Members[v]];
                    sums[2 * v] += SumOfMagnitudes(delta);
                    sums[(2 * v) + 1] += SumOfMagnitudes(delta.At(masks[Members[v]]!));
                }
            }
            else if (_sequential)
            {
                (int vector, int own) = Find(pass);
                _masks[vector].Measure(own, Free(tile, vector, Claim(tile, vector, null)), tile);
            }
            else
            {
                for (int v = 0; v < _masks.Length; v++)
                {
                    if (pass < _masks[v].MeasuringPasses)
                        _masks[v].Measure(pass, tile.Inputs[Members[v]], tile);
                }
            }
        }

        public override void Complete(int pass, ReadOnlySpan<double> totals)
        {
            if (pass >= MaskPasses)
            {
                _kernel.TakeNorms(totals);
            }
            else if (_sequential)
            {
                (int vector, int own) = Find(pass);
                _masks[vector].Complete(own);
            }
            else
            {
                foreach (TorchMask<T> mask in _masks.Where(m => pass < m.MeasuringPasses))
                    mask.Complete(pass);
            }
        }

        public override void MakeMasks(TorchTile tile, Tensor?[] masks)
        {
            if (_sequential)
            {
                Claim(tile, _masks.Length, masks);
                return;
            }

            for (int v = 0; v < _masks.Length; v++)
                masks[Members[v]] = _masks[v].Make(tile.Inputs[Members[v]], tile);
        }

        // whose pass it is, and which of its own
        private (int Vector, int Pass) Find(int pass)
        {
            int vector = 0;
            for (; pass >= _masks[vector].MeasuringPasses; vector++)
                pass -= _masks[vector].MeasuringPasses;
            return (vector, pass);
        }

        private Tensor Free(TorchTile tile, int vector, Tensor? claimed)
        {
            Tensor delta = tile.Inputs[Members[vector]];
            return claimed is null ? delta : delta.At(claimed.logical_not());
        }

        // each vector chooses as if it were 0 wherever an earlier one keeps a weight
        private Tensor? Claim(TorchTile tile, int vectors, Tensor?[]? masks)
        {
            Tensor? claimed = null;
            for (int v = 0; v < vectors; v++)
            {
                Tensor free = Free(tile, v, claimed), mask = _masks[v].Make(free, tile).logical_and(free.ne(Number.Of(0)));
                claimed = claimed is null ? mask : claimed.logical_or(mask);
                if (masks is not null)
                    masks[Members[v]] = mask;
            }

            return claimed;
        }
    }
}
