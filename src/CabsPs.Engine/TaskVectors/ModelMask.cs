using System.Buffers;
using System.Numerics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.TaskVectors;

/// <summary>Keeps the magnitudes of certain ranks in the whole model: those down to the last rank that was sought, without those down to
/// the one before it.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed class ModelMask<T> : VectorMask<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly ModelRankSearch _search;
    private readonly bool _skips;
    private readonly long _start;

    /// <summary>Makes the mask of one tensor.</summary>
    /// <param name="context">The tensor.</param>
    /// <param name="member">The vector's index among its inputs.</param>
    /// <param name="skips">Whether the first of two ranks ends what is skipped.</param>
    public ModelMask(TensorContext context, int member, bool skips)
    {
        _search = ((VectorRanks)context.Measure!).SearchOf(context.VectorOf(member));
        _skips = skips;
        _start = context.Model.StartOf(context);
    }

    /// <summary>The search in the whole model.</summary>
    public ModelRankSearch Search => _search;

    /// <summary>Whether the first of two ranks ends what is skipped.</summary>
    public bool Skips => _skips;

    /// <summary>Where the tensor begins in the flattened model.</summary>
    public long Start => _start;

    /// <inheritdoc/>
    public override void MakeMask(ReadOnlySpan<T> delta, long start, Span<ulong> mask)
    {
        _search.MakeMask(_skips ? 1 : 0, delta, _start + start, mask);
        if (!_skips)
            return;
        ulong[] skipped = ArrayPool<ulong>.Shared.Rent(mask.Length);
        _search.MakeMask(0, delta, _start + start, skipped.AsSpan(0, mask.Length));
        for (int i = 0; i < mask.Length; i++)
            mask[i] &= ~skipped[i];
        ArrayPool<ulong>.Shared.Return(skipped);
    }
}
