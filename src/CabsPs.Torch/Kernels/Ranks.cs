using System.Numerics;
using CabsPs.Engine.Numerics;
using CabsPs.Engine.TaskVectors;
using TorchSharp;
using static CabsPs.Torch.TensorMath;
using static TorchSharp.torch;

namespace CabsPs.Torch.Kernels;

/// <summary>Ranks in the whole model. Histograms are counted in this process's memory; what is counted comes from the device.</summary>
internal static class Ranks
{
    /// <summary>Counts the deltas that masks are made of.</summary>
    public static void Feed<T>(VectorRanks.Probe<T> probe, TorchTile tile)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        foreach ((int input, ModelRankSearch search) in probe.Searches)
            Feed<T>(search, probe.Sweep, tile.Inputs[input], probe.Start + tile.Start);
    }

    /// <summary>Counts every input by a search of its own.</summary>
    public static void Feed<T>(ModelRankSearch[] searches, int sweep, TorchTile tile)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int i = 0; i < searches.Length; i++)
            Feed<T>(searches[i], sweep, tile.Inputs[i], 0);
    }

    /// <summary>Counts values.</summary>
    public static void Feed<T>(ModelRankSearch search, int sweep, Tensor values, long place)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (sweep < search.Sweeps)
            search.Measure<T>(sweep, Host<T>(values), place);
    }

    /// <summary>What is not below a rank of the model; an exact zero never is.</summary>
    /// <param name="search">The search, ended.</param>
    /// <param name="rank">Which of the ranks sought.</param>
    /// <param name="values">The numbers.</param>
    /// <param name="place">The first one's place in the flattened model.</param>
    public static Tensor Mask(ModelRankSearch search, int rank, Tensor values, long place)
    {
        Tensor magnitudes = values.abs().Wide();
        double cutoff = search.Value(rank);
        Tensor places = Places(place, values.NumberOfElements, values.device);
        return (magnitudes > Number.Of(cutoff)).logical_or(magnitudes.eq(Number.Of(cutoff)).logical_and(places < Number.Of(search.LimitOf(rank))));
    }
}

/// <summary>The k largest magnitudes of a tensor. Of a tensor that is one piece they are found on the device; of a longer one in passes that count
/// histograms, see <see cref="RankSearch{T}"/>. Equal magnitudes: the lowest index first; an exact zero is never kept.</summary>
/// <typeparam name="V">The type of the values: float or double.</typeparam>
internal sealed class TorchRank<V>(long k, long count)
    where V : unmanaged, IBinaryFloatingPointIeee754<V>
{
    private readonly RankSearch<V> _search = new(k, count);
    private bool _found;
    private bool _isFound;
    private double _cutoff;
    private long _ties;

    /// <summary>Passes needed; one for a tensor that comes whole.</summary>
    public int Passes => _isFound ? 1 : _search.Passes;

    /// <summary>The smallest magnitude kept.</summary>
    public double Cutoff => _isFound ? _cutoff : ValueOf(_search.Cutoff);

    /// <summary>Reads a piece.</summary>
    public void Measure(int pass, Tensor values, TorchTile tile)
    {
        if (!tile.IsWhole)
        {
            _search.Measure(pass, Host<V>(values), tile.Start);
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor magnitudes = values.abs();
        long wanted = Math.Min(k, count);
        _cutoff = (2 * wanted <= count
            ? magnitudes.topk((int)wanted, sorted: false).values.min()
            : magnitudes.topk((int)(count - wanted + 1), largest: false, sorted: false).values.max()).to(ScalarType.Float64).item<double>();
        _ties = wanted - Count(magnitudes > Number.Of(_cutoff));
        _found = true;
    }

    /// <summary>Ends a pass.</summary>
    public void Complete(int pass)
    {
        if (_found)
            _isFound = true;
        else
            _search.Complete(pass);
    }

    /// <summary>The mask of a piece.</summary>
    public Tensor Mask(Tensor values, TorchTile tile)
    {
        Tensor magnitudes = values.abs();
        double cutoff = Cutoff;
        if (cutoff == 0)
            return magnitudes > Number.Of(0);
        long ties = _isFound ? _ties : tile.Start + tile.Length <= _search.FirstUnkept ? long.MaxValue : tile.Start == _search.FirstUnkept ? _search.KeptThere : 0;
        Tensor equal = magnitudes.eq(Number.Of(cutoff));
        return (magnitudes > Number.Of(cutoff)).logical_or(ties == long.MaxValue ? equal : equal.logical_and(equal.cumsum(0) <= Number.Of(ties)));
    }

    private static double ValueOf(ulong bits) => typeof(V) == typeof(float) ? BitConverter.UInt32BitsToSingle((uint)bits) : BitConverter.UInt64BitsToDouble(bits);
}

/// <summary>Choices of a fixed number per row.</summary>
internal static class RowChoice
{
    /// <summary>The n largest magnitudes of every block, first among positions that are not claimed. Equal ones: the lowest index first; an exact zero is
    /// never chosen.</summary>
    /// <param name="values">A piece that begins at a block.</param>
    /// <param name="block">Elements in a block; the last one may be shorter.</param>
    /// <param name="quota">How many of a complete block.</param>
    /// <param name="tailQuota">How many of an incomplete one.</param>
    /// <param name="claimed">Positions used only where a block has too few others; null for none.</param>
    public static Tensor Largest(Tensor values, long block, long quota, long tailQuota, Tensor? claimed = null)
    {
        Tensor magnitudes = values.abs();
        return ByBlocks(block, values.NumberOfElements, (start, rows, length) => Largest(
            magnitudes.narrow(0, start, rows * length).view(rows, length),
            length == block ? quota : tailQuota,
            claimed?.narrow(0, start, rows * length).view(rows, length)));
    }

    /// <summary>Puts the masks of complete blocks and of an incomplete last one together.</summary>
    public static Tensor ByBlocks(long block, long count, Func<long, long, long, Tensor> choose)
    {
        long whole = count / block * block;
        if (whole == count)
            return choose(0, count / block, block).reshape(-1);
        Tensor tail = choose(whole, 1, count - whole).reshape(-1);
        return whole == 0 ? tail : cat([choose(0, whole / block, block).reshape(-1), tail]);
    }

    /// <summary>Places of elements in their row's descending order, equal ones from left to right.</summary>
    public static Tensor Places(Tensor rows)
    {
        Tensor order = rows.sort(1, descending: true, stable: true).Indices;
        Tensor places = arange(Number.Of(0), Number.Of(rows.shape[1]), Number.Of(1), dtype: ScalarType.Int64, device: rows.device).expand(rows.shape).contiguous();
        return zeros_like(order).scatter_(1, order, places);
    }

    private static Tensor Largest(Tensor magnitudes, long quota, Tensor? claimed)
    {
        if (quota <= 0)
            return zeros_like(magnitudes, dtype: ScalarType.Bool);
        if (claimed is null)
            return Take(magnitudes, quota);
        Tensor chosen = Take(magnitudes.At(claimed.logical_not()), quota), held = magnitudes.At(claimed);
        Tensor left = chosen.sum(1, keepdim: true).neg().Plus(Number.Of(quota));
        return chosen.logical_or((Places(held) < left).logical_and(held > Number.Of(0)));
    }

    private static Tensor Take(Tensor magnitudes, long quota)
    {
        (Tensor sorted, Tensor order) = magnitudes.sort(1, descending: true, stable: true);
        long taken = Math.Min(quota, magnitudes.shape[1]);
        return zeros_like(magnitudes, dtype: ScalarType.Bool).scatter_(1, order.narrow(1, 0, taken), sorted.narrow(1, 0, taken) > Number.Of(0));
    }
}
