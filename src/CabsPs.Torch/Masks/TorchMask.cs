using System.Numerics;
using CabsPs.Engine.TaskVectors;
using CabsPs.Torch.Kernels;
using static TorchSharp.torch;

namespace CabsPs.Torch.Masks;

/// <summary>Chooses which weights of one task vector stay, on one tensor: the twin of a <see cref="VectorMask{T}"/>.</summary>
/// <typeparam name="T">float or double.</typeparam>
internal abstract class TorchMask<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Pieces begin at multiples of this many elements.</summary>
    public virtual long BlockLength => 1;

    /// <summary>Passes over the delta needed before masks can be made.</summary>
    public virtual int MeasuringPasses => 0;

    /// <summary>The twin of a mask; null where there is none.</summary>
    public static TorchMask<T>? Of(VectorMask<T> mask) => mask switch
    {
        ConstantMask<T> m => new Constant(m.Keeps),
        RankMask<T>.Ranks { BlockLength: > 1 } m => new Blocks(m.BlockLength, m.Skipped, m.Kept),
        RankMask<T>.Ranks m => new Ranked(m.Length, m.Skipped, m.Kept),
        ModelMask<T> m => new Model(m),
        RandomSparsifier.Mask<T> m => new Random(m),
        DellaSparsifier.Mask<T> m => new RandomByRank(m),
        _ => null,
    };

    /// <summary>Measures a piece.</summary>
    public virtual void Measure(int pass, Tensor delta, TorchTile tile)
    {
    }

    /// <summary>Ends a pass.</summary>
    public virtual void Complete(int pass)
    {
    }

    /// <summary>The mask of a piece.</summary>
    public abstract Tensor Make(Tensor delta, TorchTile tile);

    private sealed class Constant(bool keeps) : TorchMask<T>
    {
        public override Tensor Make(Tensor delta, TorchTile tile) => keeps ? ones_like(delta, dtype: ScalarType.Bool) : zeros_like(delta, dtype: ScalarType.Bool);
    }

    private sealed class Blocks(long length, long skipped, long kept) : TorchMask<T>
    {
        public override long BlockLength => length;

        public override Tensor Make(Tensor delta, TorchTile tile)
        {
            Tensor all = RowChoice.Largest(delta, length, skipped + kept, skipped + kept);
            return skipped == 0 ? all : all.logical_and(RowChoice.Largest(delta, length, skipped, skipped).logical_not());
        }
    }

    private sealed class Ranked(long count, long skipped, long kept) : TorchMask<T>
    {
        private readonly TorchRank<T>? _top = skipped == 0 ? null : new TorchRank<T>(skipped, count);
        private readonly TorchRank<T> _all = new(skipped + kept, count);

        public override int MeasuringPasses => Math.Max(_top?.Passes ?? 0, _all.Passes);

        public override void Measure(int pass, Tensor delta, TorchTile tile)
        {
            if (pass < _all.Passes)
                _all.Measure(pass, delta, tile);
            if (pass < _top?.Passes)
                _top.Measure(pass, delta, tile);
        }

        public override void Complete(int pass)
        {
            if (pass < _all.Passes)
                _all.Complete(pass);
            if (pass < _top?.Passes)
                _top.Complete(pass);
        }

        public override Tensor Make(Tensor delta, TorchTile tile)
        {
            Tensor all = _all.Mask(delta, tile);
            return _top is null ? all : all.logical_and(_top.Mask(delta, tile).logical_not());
        }
    }

    private sealed class Model(ModelMask<T> mask) : TorchMask<T>
    {
        public override Tensor Make(Tensor delta, TorchTile tile)
        {
            Tensor all = Ranks.Mask(mask.Search, mask.Skips ? 1 : 0, delta, mask.Start + tile.Start);
            return mask.Skips ? all.logical_and(Ranks.Mask(mask.Search, 0, delta, mask.Start + tile.Start).logical_not()) : all;
        }
    }

    private sealed class Random(RandomSparsifier.Mask<T> mask) : TorchMask<T>
    {
        public override long BlockLength => mask.BlockLength;

        public override Tensor Make(Tensor delta, TorchTile tile) => TorchRandom.KeepEach(mask.Random, mask.Density, tile.Start, tile.Length, delta.device);
    }

    private sealed class RandomByRank(DellaSparsifier.Mask<T> mask) : TorchMask<T>
    {
        public override long BlockLength => mask.BlockLength;

        public override Tensor Make(Tensor delta, TorchTile tile)
        {
            Tensor magnitudes = delta.abs().view(-1, BlockLength);
            // ranks count from the smallest; the first of equal ones is the largest
            double[] byPlace = [.. Enumerable.Range(0, mask.BlockLength).Select(place => mask.ProbabilityOf(mask.BlockLength - 1 - place))];
            Tensor probability = from_array(byPlace).to(delta.device).index_select(0, RowChoice.Places(magnitudes).view(-1));
            return delta.ne(Number.Of(0)).logical_and(TorchRandom.Uniform(mask.Random, tile.Start, tile.Length, delta.device) < probability);
        }
    }
}
