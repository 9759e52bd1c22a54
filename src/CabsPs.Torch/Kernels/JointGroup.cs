using System.Numerics;
using CabsPs.Engine.TaskVectors;
using static CabsPs.Torch.TensorMath;
using static TorchSharp.torch;

namespace CabsPs.Torch.Kernels;

/// <summary>Conflict-aware assignment without an order (SPEC §4, joint) for all blocks at a time. The rule gives the best of all (vector, position) pairs
/// its position, then the next best, and so on; that is the stable assignment in which every position asks the vectors in the order of its scores, and every
/// vector keeps the best positions that asked it, as many as its quota (Gale and Shapley, "College admissions and the stability of marriage", 1962): scores
/// are common to both sides and ties are broken, so there is one only.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class JointGroup<T>(CabsSparsifier.JointKernel<T> kernel) : TorchGroup<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public override int MeasuringPasses => 1;

    /// <inheritdoc/>
    public override int SumCount(int pass) => kernel.Members.Count;

    /// <inheritdoc/>
    public override void Measure(int pass, TorchTile tile, Span<double> sums)
    {
        for (int v = 0; v < kernel.Members.Count; v++)
            sums[v] += Dot(tile.Inputs[kernel.Members[v]], tile.Inputs[kernel.Members[v]]);
    }

    /// <inheritdoc/>
    public override void Complete(int pass, ReadOnlySpan<double> totals) => kernel.Complete(pass, totals);

    /// <inheritdoc/>
    public override void MakeMasks(TorchTile tile, Tensor?[] masks)
    {
        int vectors = kernel.Members.Count;
        Tensor[] scores = [.. Enumerable.Range(0, vectors).Select(v => tile.Inputs[kernel.Members[v]].Wide().abs().Over(kernel.Rms[v]))];
        // the masks of all vectors one behind the other, so that blocks are cut once
        Tensor all = stack(scores, 0);
        long block = kernel.BlockLength, count = tile.Length, whole = count / block * block;
        var parts = new List<Tensor>();
        if (whole > 0)
            parts.Add(Assign(all.narrow(1, 0, whole).reshape(vectors, -1, block), kernel.Quotas).view(vectors, -1));
        if (whole < count)
            parts.Add(Assign(all.narrow(1, whole, count - whole).reshape(vectors, 1, -1), kernel.TailQuotas).view(vectors, -1));
        Tensor result = cat([.. parts], 1);
        for (int v = 0; v < vectors; v++)
            masks[kernel.Members[v]] = result.select(0, v);
    }

    // scores and masks: vectors x blocks x positions
    private static Tensor Assign(Tensor scores, int[] quotas)
    {
        int vectors = quotas.Length;
        // a position asks the vectors by score, the first of equals first, those with score 0 never
        Tensor order = scores.sort(0, descending: true, stable: true).Indices, wants = scores > Number.Of(0);
        Tensor[] places = [.. Enumerable.Range(0, vectors).Select(v => RowChoice.Places(scores.select(0, v)))];
        Tensor next = zeros(1, scores.shape[1], scores.shape[2], dtype: ScalarType.Int64, device: scores.device), open = ones_like(next, dtype: ScalarType.Bool);
        Tensor held = zeros_like(wants);
        while (true)
        {
            // who is not held asks the next on its list
            Tensor asking = open.logical_and(next < Number.Of(vectors));
            Tensor asked = order.gather(0, next.clamp_max(Number.Of(vectors - 1)));
            Tensor proposals = zeros_like(wants).scatter_(0, asked, asking).logical_and(wants);
            if (!proposals.any().item<bool>())
                break;
            next = next.Plus(asking.to(ScalarType.Int64));
            Tensor candidates = held.logical_or(proposals);
            held = stack([.. Enumerable.Range(0, vectors).Select(v => Best(candidates.select(0, v), places[v], quotas[v]))], 0);
            open = held.any(0, keepdim: true).logical_not();
        }

        Tensor claimed = held.any(0);
        return stack([.. Enumerable.Range(0, vectors).Select(v => Fill(held.select(0, v), claimed, wants.select(0, v), places[v], quotas[v]))], 0);
    }

    // the candidates with the lowest places
    private static Tensor Best(Tensor candidates, Tensor places, long quota)
    {
        Tensor ranks = RowChoice.Places(Choose(candidates, places, full_like(places, Number.Of(places.shape[1]))).neg());
        return candidates.logical_and(ranks < Number.Of(quota));
    }

    // what is left of the quota goes to the vector's largest positions that others hold
    private static Tensor Fill(Tensor held, Tensor claimed, Tensor wants, Tensor places, long quota)
    {
        Tensor candidates = claimed.logical_and(held.logical_not()).logical_and(wants);
        Tensor ranks = RowChoice.Places(Choose(candidates, places, full_like(places, Number.Of(places.shape[1]))).neg());
        return held.logical_or(candidates.logical_and(ranks < held.sum(1, keepdim: true).neg().Plus(Number.Of(quota))));
    }
}
