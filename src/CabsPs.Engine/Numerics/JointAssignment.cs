using System.Numerics;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Numerics;

/// <summary>Conflict-aware assignment without an order (SPEC §4, <c>joint</c>): in every block all (vector, position) pairs
/// compete by |δ| / rms(δ). Not safe for use by two threads.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class JointAssignment<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly List<Pair> _pairs = [];
    private readonly List<Pair> _own = [];

    /// <summary>Fills the masks of one block. The best pair goes first and wins if its position is free and its vector has quota
    /// left; equal scores: lower vector, then lower position. Vectors with quota left then take the largest of their own
    /// positions that others hold.</summary>
    /// <param name="tile">The piece: inputs are deltas; the masks' bits of this block are zero.</param>
    /// <param name="members">Indexes of the inputs that compete.</param>
    /// <param name="start">The block's first element.</param>
    /// <param name="length">The block's length.</param>
    /// <param name="rms">Root mean square of each member over the whole tensor; 1 for a vector of zeros.</param>
    /// <param name="quotas">How many positions each member gets; used up.</param>
    public void Assign(Tile<T> tile, IReadOnlyList<int> members, int start, int length, ReadOnlySpan<double> rms, Span<int> quotas)
    {
        _pairs.Clear();
        for (int v = 0; v < members.Count; v++)
            Collect(_pairs, tile.Input(members[v]), v, start, length, rms[v]);
        _pairs.Sort();
        Span<ulong> claimed = tile.Claimed;
        foreach (Pair pair in _pairs)
        {
            if (quotas[pair.Vector] == 0 || BitMask.Has(claimed, pair.Index))
                continue;
            quotas[pair.Vector]--;
            BitMask.Set(claimed, pair.Index);
            BitMask.Set(tile.Mask(members[pair.Vector]), pair.Index);
        }

        for (int v = 0; v < members.Count; v++)
        {
            if (quotas[v] == 0)
                continue;
            Span<ulong> mask = tile.Mask(members[v]);
            _own.Clear();
            Collect(_own, tile.Input(members[v]), v, start, length, rms[v]);
            _own.Sort();
            foreach (Pair pair in _own)
            {
                if (quotas[v] > 0 && BitMask.Has(claimed, pair.Index) && !BitMask.Has(mask, pair.Index))
                {
                    quotas[v]--;
                    BitMask.Set(mask, pair.Index);
                }
            }
        }
    }

    private static void Collect(List<Pair> pairs, ReadOnlySpan<T> delta, int vector, int start, int length, double rms)
    {
        for (int i = start; i < start + length; i++)
        {
            if (ReferenceKernels<T>.Magnitude(delta[i]) != 0)
                pairs.Add(new Pair(double.CreateTruncating(T.Abs(delta[i])) / rms, vector, i));
        }
    }

    private readonly record struct Pair(double Score, int Vector, int Index) : IComparable<Pair>
    {
        public int CompareTo(Pair other)
        {
            int order = other.Score.CompareTo(Score);
            if (order == 0)
                order = Vector.CompareTo(other.Vector);
            return order != 0 ? order : Index.CompareTo(other.Index);
        }
    }
}
