using System.Numerics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.TaskVectors;

/// <summary>The masks of all groups on one tensor as one computation: their passes run side by side.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class MaskGroups<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly SparsifierKernel<T>[] _groups;
    private (int Input, RankSearch<T> Search)[]? _searches;

    /// <summary>Binds the groups of a tensor.</summary>
    public MaskGroups(TensorContext context, IKernels<T> kernels)
    {
        _groups = [.. context.Groups.Select(g => g.Sparsifier.Bind(context, g, kernels)).Where(g => g.Members.Count > 0)];
        IsMasked = new bool[context.Inputs.Count];
        foreach (int member in _groups.SelectMany(g => g.Members))
            IsMasked[member] = true;
        _searches = SearchesOf(0);
        ReadsDeltas = _groups.Any(g => g.ReadsDeltas);
    }

    /// <summary>The groups that have members on the tensor.</summary>
    public IReadOnlyList<SparsifierKernel<T>> All => _groups;

    /// <summary>Whether there is none, so that all inputs are dense.</summary>
    public bool IsEmpty => _groups.Length == 0;

    /// <summary>Per input whether a group masks it.</summary>
    public bool[] IsMasked { get; }

    /// <summary>The lengths of the groups' blocks.</summary>
    public IEnumerable<int> BlockLengths => _groups.Select(g => g.BlockLength);

    /// <summary>Passes over the deltas needed before masks can be made. May grow when a pass ends.</summary>
    public int MeasuringPasses => _groups.Length == 0 ? 0 : _groups.Max(g => g.MeasuringPasses);

    /// <summary>A pass needs one part in this many of every piece; 1 where it needs all.</summary>
    public int StrideOf(int pass) => _groups.Where(g => pass < g.MeasuringPasses).Min(g => g.StrideOf(pass));

    /// <summary>Sums a pass collects.</summary>
    public int SumCount(int pass) => _groups.Sum(g => SumsOf(g, pass));

    /// <summary>Measures a piece whose inputs are deltas.</summary>
    public void Measure(int pass, Tile<T> tile, Span<double> sums)
    {
        foreach (SparsifierKernel<T> group in _groups)
        {
            // a pass may measure without sums
            if (pass >= group.MeasuringPasses)
                continue;
            int own = group.SumCount(pass);
            group.Measure(pass, tile, sums[..own]);
            sums = sums[own..];
        }
    }

    /// <summary>Whether masks are made from the deltas.</summary>
    public bool ReadsDeltas { get; }

    /// <summary>Whether the current pass can measure stored weights.</summary>
    public bool TakesStored => _searches is not null || !ReadsDeltas;

    /// <summary>Measures a piece from stored weights, where the pass only looks for ranks among each vector's deltas, or no mask is made from deltas.</summary>
    /// <returns>False when it was not done, because a weight is not finite or the arithmetic has no such way; nothing has changed then.</returns>
    public bool TryMeasureStored(int pass, Tile<T> room, IKernels<T> kernels, StoredTile stored, Span<double> sums)
    {
        if (_searches is { } searches)
            return TryFind(searches, pass, kernels, stored);
        Span<double> all = stackalloc double[sums.Length], rest = all;
        all.Clear();
        foreach (SparsifierKernel<T> group in _groups)
        {
            if (pass >= group.MeasuringPasses)
                continue;
            int own = group.SumCount(pass);
            if (!group.TryMeasureStored(pass, room, stored, rest[..own]))
                return false;
            rest = rest[own..];
        }

        for (int i = 0; i < all.Length; i++)
            sums[i] += all[i];
        return true;
    }

    private static bool TryFind((int Input, RankSearch<T> Search)[] searches, int pass, IKernels<T> kernels, StoredTile stored)
    {
        foreach ((int input, RankSearch<T> search) in searches)
        {
            if (!search.TryFind(pass, kernels, stored, input))
                return false;
        }

        foreach ((_, RankSearch<T> search) in searches)
            search.Take(pass, stored.Start);
        return true;
    }

    /// <summary>Looks up what is kept of a tile where that is, of every member, all magnitudes above a limit.</summary>
    /// <param name="start">The tile's place.</param>
    /// <param name="limits">Receives them by input, as integers of the same order; -1 where everything is kept.</param>
    public bool TryLimits(long start, Span<int> limits)
    {
        foreach (SparsifierKernel<T> group in _groups)
        {
            if (!group.TryLimits(start, limits))
                return false;
        }

        return true;
    }

    /// <summary>Receives the sums of a pass.</summary>
    public void Complete(int pass, ReadOnlySpan<double> totals)
    {
        foreach (SparsifierKernel<T> group in _groups)
        {
            if (pass >= group.MeasuringPasses)
                continue;
            int own = group.SumCount(pass);
            group.Complete(pass, totals[..own]);
            totals = totals[own..];
        }

        _searches = SearchesOf(pass + 1);
    }

    /// <summary>Fills the masks of all members of a piece whose inputs are deltas.</summary>
    public void MakeMasks(Tile<T> tile)
    {
        foreach (SparsifierKernel<T> group in _groups)
            group.MakeMasks(tile);
    }

    /// <summary>See <see cref="TensorProbe{T}.WishedBytes"/>.</summary>
    public long WishedBytes => _groups.Sum(g => g.WishedBytes);

    /// <summary>Bytes of masks that are kept.</summary>
    public long KeptBytes => _groups.Sum(g => g.KeptBytes);

    /// <summary>Makes room for masks that more than one pass needs.</summary>
    public void Keep()
    {
        foreach (SparsifierKernel<T> group in _groups)
            group.Keep();
    }

    /// <summary>Lets go of masks that were kept.</summary>
    public void Release()
    {
        foreach (SparsifierKernel<T> group in _groups)
            group.Release();
    }

    /// <summary>Notes what members' deltas are multiplied by besides their weights; known when the passes have ended.</summary>
    public void TakeFactors(double[] factors)
    {
        foreach (SparsifierKernel<T> group in _groups)
        {
            foreach (int member in group.Members)
                factors[member] = group.FactorOf(member);
        }
    }

    /// <summary>‖δ‖² of an input where the deltas that come no longer hold it.</summary>
    public double? EnergyOf(int input) => _groups.FirstOrDefault(g => g.Members.Contains(input))?.EnergyOf(input);

    // the searches that a pass consists of; null where it does something else
    private (int Input, RankSearch<T> Search)[]? SearchesOf(int pass)
    {
        if (pass >= MeasuringPasses)
            return null;
        var searches = new List<(int Input, RankSearch<T> Search)>();
        foreach (SparsifierKernel<T> group in _groups.Where(g => pass < g.MeasuringPasses))
        {
            if (group.SearchesOf(pass) is not { } own)
                return null;
            searches.AddRange(own);
        }

        return [.. searches];
    }

    private static int SumsOf(SparsifierKernel<T> group, int pass) => pass < group.MeasuringPasses ? group.SumCount(pass) : 0;
}
