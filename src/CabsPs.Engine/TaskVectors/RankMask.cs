using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.TaskVectors;

/// <summary>Keeps the magnitudes of certain ranks, in whole tensors or in blocks: the largest are skipped, the next ones kept. Equal
/// magnitudes rank by position, lowest first; an exact zero is never kept.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal static class RankMask<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // small enough to be held as one tile, so that no pass is needed
    private const int LongestBlock = 1 << 16;

    /// <summary>Makes the mask.</summary>
    /// <param name="count">Elements of the tensor.</param>
    /// <param name="length">Elements of a block: the tensor's, or a row's.</param>
    /// <param name="skipped">How many of the largest of a block are not kept.</param>
    /// <param name="kept">How many after these are kept.</param>
    /// <param name="tensor">The tensor's name, for messages.</param>
    public static VectorMask<T> Create(long count, long length, long skipped, long kept, string tensor)
    {
        if (length <= LongestBlock || length < count)
        {
            if (length > CabsSparsifier.MaxBlockLength)
                throw new CabsException(CabsError.ParameterInvalid, $"tensor {Text.Quote(tensor)} has rows of {length} weights; with 'scope: row' a row has at most {CabsSparsifier.MaxBlockLength}", tensor);
            return new BlockMask((int)length, (int)skipped, (int)kept) { Length = length, Skipped = skipped, Kept = kept };
        }

        return new StreamedMask(skipped == 0 ? null : new RankSearch<T>(skipped, count), new RankSearch<T>(skipped + kept, count)) { Length = count, Skipped = skipped, Kept = kept };
    }

    /// <summary>What is kept, whichever way it is found.</summary>
    internal abstract class Ranks : VectorMask<T>
    {
        public required long Length { get; init; }

        public required long Skipped { get; init; }

        public required long Kept { get; init; }
    }

    private sealed class BlockMask(int length, int skipped, int kept) : Ranks
    {
        private uint _hint;
        private uint _topHint;

        public override int BlockLength => Math.Max(1, length);

        public override void MakeMask(ReadOnlySpan<T> delta, long start, Span<ulong> mask)
        {
            Kernels.For<T>().KeepLargest(delta, BlockLength, skipped + kept, skipped + kept, [], mask, ref _hint);
            if (skipped == 0)
                return;
            ulong[] top = System.Buffers.ArrayPool<ulong>.Shared.Rent(mask.Length);
            Kernels.For<T>().KeepLargest(delta, BlockLength, skipped, skipped, [], top.AsSpan(0, mask.Length), ref _topHint);
            for (int i = 0; i < mask.Length; i++)
                mask[i] &= ~top[i];
            System.Buffers.ArrayPool<ulong>.Shared.Return(top);
        }
    }

    private sealed class StreamedMask(RankSearch<T>? top, RankSearch<T> all) : Ranks
    {
        public override int MeasuringPasses => Math.Max(top?.Passes ?? 0, all.Passes);

        public override int StrideOf(int pass) => Math.Min(StrideOf(all, pass), top is null ? int.MaxValue : StrideOf(top, pass));

        private static int StrideOf(RankSearch<T> search, int pass) => pass < search.Passes ? search.StrideOf(pass) : int.MaxValue;

        public override void Measure(int pass, ReadOnlySpan<T> delta, long start)
        {
            if (pass < all.Passes)
                all.Measure(pass, delta, start);
            if (top is not null && pass < top.Passes)
                top.Measure(pass, delta, start);
        }

        public override void Complete(int pass)
        {
            if (pass < all.Passes)
                all.Complete(pass);
            if (top is not null && pass < top.Passes)
                top.Complete(pass);
        }

        internal override IEnumerable<RankSearch<T>>? SearchesOf(int pass) => new[] { top, all }.OfType<RankSearch<T>>().Where(s => pass < s.Passes).ToArray();

        internal override int? LimitOf(long start) => top is null ? all.LimitOf(start) : null;

        public override void MakeMask(ReadOnlySpan<T> delta, long start, Span<ulong> mask)
        {
            all.MakeMask(delta, start, mask);
            if (top is null)
                return;
            ulong[] skipped = System.Buffers.ArrayPool<ulong>.Shared.Rent(mask.Length);
            top.MakeMask(delta, start, skipped.AsSpan(0, mask.Length));
            for (int i = 0; i < mask.Length; i++)
                mask[i] &= ~skipped[i];
            System.Buffers.ArrayPool<ulong>.Shared.Return(skipped);
        }
    }
}
