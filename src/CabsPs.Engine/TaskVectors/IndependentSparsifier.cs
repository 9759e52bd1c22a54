using System.Numerics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.TaskVectors;

/// <summary>A sparsifier that looks at one vector at a time, and may scale up what it keeps. Vectors choose side by side, or each only among
/// positions that no earlier one keeps.</summary>
public abstract class IndependentSparsifier : Sparsifier
{
    private static readonly MethodParameter s_assignment = new("assignment", ParameterKind.Choice, ParameterScope.Global, "Who gets a position that several vectors want: all of them, or (sequential) the earliest alone, so that the later ones choose among what is left.") { Default = "none", Words = ["none", "sequential"] };
    private readonly MethodParameter _rescale;

    /// <summary>Creates the sparsifier.</summary>
    /// <param name="rescale">Whether what is kept is scaled to the L1 norm of the whole where a recipe does not say.</param>
    protected IndependentSparsifier(bool rescale) =>
        _rescale = new MethodParameter("rescale", ParameterKind.Switch, ParameterScope.Global, "Scales up what is kept: true or l1 to the L1 norm of the whole delta, density by 1 / density (the DARE paper), false or none not at all.") { Default = rescale, Words = ["l1", "density", "none"] };

    /// <summary>The share of weights kept.</summary>
    protected static MethodParameter Density { get; } = new("density", ParameterKind.Number, ParameterScope.Model, "The share of a task vector's weights that stay.") { Default = 1.0, Minimum = 0 };

    /// <inheritdoc/>
    public sealed override IReadOnlyList<MethodParameter> Parameters => [Density, .. OwnParameters, s_assignment, _rescale];

    /// <summary>Parameters besides density and rescale.</summary>
    protected virtual IReadOnlyList<MethodParameter> OwnParameters => [];

    /// <inheritdoc/>
    public sealed override SparsifierKernel<T> Bind<T>(TensorContext context, SparsifierGroup group, IKernels<T> kernels)
    {
        int[] members = [.. group.Members];
        double[] densities = [.. members.Select(i => (double)context.Value(Density, i, group.Parameters))];
        VectorMask<T>[] masks = [.. members.Select((member, i) => Bind<T>(context, group, member, densities[i]))];
        return new Kernel<T>(
            (string)context.Value(s_assignment, group.Parameters) == "sequential" ? new SequentialMaskSet<T>(members, masks, context) : new MaskSet<T>(members, masks, context),
            context.Value(_rescale, group.Parameters) switch { true or "l1" => Rescale.L1, "density" => Rescale.Density, _ => Rescale.None },
            densities,
            kernels);
    }

    /// <summary>Makes the mask of one vector on one tensor.</summary>
    /// <param name="context">The tensor.</param>
    /// <param name="group">The group, for its parameters.</param>
    /// <param name="member">The vector's index among the inputs.</param>
    /// <param name="density">The share to keep, from 0 up; 1 and more keeps everything.</param>
    protected abstract VectorMask<T> Bind<T>(TensorContext context, SparsifierGroup group, int member, double density)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    internal enum Rescale
    {
        None,
        L1,
        Density,
    }

    internal sealed class Kernel<T> : SparsifierKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public MaskSet<T> Masks => _masks;

        public bool MeasuresNorms => _rescale == Rescale.L1;

        // as mergekit: norms below this are noise, and a factor would blow them up
        private const double SmallestNorm = 1e-7;
        private readonly MaskSet<T> _masks;
        private readonly Rescale _rescale;
        private readonly double[] _factors;
        private readonly IKernels<T> _kernels;
        private KeptMasks? _kept;
        private bool _isKept;

        public Kernel(MaskSet<T> masks, Rescale rescale, double[] densities, IKernels<T> kernels)
        {
            _masks = masks;
            _rescale = rescale;
            _kernels = kernels;
            _factors = [.. densities.Select(d => rescale == Rescale.Density && d is > 0 and < 1 ? 1 / d : 1)];
        }

        public override IReadOnlyList<int> Members => _masks.Members;

        public override int BlockLength => _masks.BlockLength;

        public override int MeasuringPasses => _masks.MeasuringPasses + (_rescale == Rescale.L1 ? 1 : 0);

        public override int SumCount(int pass) => pass < _masks.MeasuringPasses ? 0 : 2 * _masks.Members.Length;

        public override int StrideOf(int pass) => pass < _masks.MeasuringPasses ? _masks.StrideOf(pass) : 1;

        public override double FactorOf(int member) => _factors[Array.IndexOf(_masks.Members, member)];

        public override void Measure(int pass, Tile<T> tile, Span<double> sums)
        {
            if (pass < _masks.MeasuringPasses)
            {
                _masks.Measure(pass, tile);
                return;
            }

            MakeFirst(tile);
            for (int v = 0; v < _factors.Length; v++)
            {
                (double all, double kept) = _kernels.SumsOfMagnitudes(tile.Input(Members[v]), tile.Mask(Members[v]));
                sums[2 * v] += all;
                sums[(2 * v) + 1] += kept;
            }
        }

        internal override bool ReadsDeltas => _masks.ReadsDeltas;

        internal override bool TryMeasureStored(int pass, Tile<T> room, StoredTile stored, Span<double> sums)
        {
            MakeFirst(room);
            for (int v = 0; v < _factors.Length; v++)
            {
                if (!_kernels.TryMagnitudes(stored.Base, stored.Input(Members[v]), stored.Type, room.Mask(Members[v]), out (double All, double Kept) norms))
                    return false;
                sums[2 * v] += norms.All;
                sums[(2 * v) + 1] += norms.Kept;
            }

            return true;
        }

        public override void Complete(int pass, ReadOnlySpan<double> totals)
        {
            if (pass < _masks.MeasuringPasses)
            {
                _masks.Complete(pass);
                return;
            }

            TakeNorms(totals);
            _isKept = _kept is not null;
        }

        /// <summary>Takes Σ|δ| and Σ|kept δ| of every member.</summary>
        public void TakeNorms(ReadOnlySpan<double> totals)
        {
            for (int v = 0; v < _factors.Length; v++)
            {
                if (totals[2 * v] >= SmallestNorm && totals[(2 * v) + 1] >= SmallestNorm)
                    _factors[v] = totals[2 * v] / totals[(2 * v) + 1];
            }
        }

        public override void MakeMasks(Tile<T> tile)
        {
            if (!_isKept)
            {
                _masks.MakeMasks(tile);
                return;
            }

            for (int v = 0; v < _factors.Length; v++)
                _kept!.Of(v, tile.Start, tile.Length).CopyTo(tile.Mask(Members[v]));
        }

        // two pieces may not share a word
        internal override long WishedBytes => _rescale == Rescale.L1 && BlockLength % 64 == 0 && !_masks.AreCheap ? KeptMasks.LengthOf(_factors.Length, _masks.Count) : 0;

        internal override long KeptBytes => _kept?.Length ?? 0;

        internal override void Keep() => _kept = WishedBytes > 0 ? new KeptMasks(_factors.Length, _masks.Count) : null;

        internal override void Release()
        {
            _kept?.Dispose();
            _kept = null;
        }

        internal override IEnumerable<(int Input, RankSearch<T> Search)>? SearchesOf(int pass) => pass < _masks.MeasuringPasses ? _masks.SearchesOf(pass) : null;

        internal override bool TryLimits(long start, Span<int> limits) => _masks.TryLimits(start, limits);

        private void MakeFirst(Tile<T> tile)
        {
            _masks.MakeMasks(tile);
            for (int v = 0; _kept is not null && v < _factors.Length; v++)
                tile.Mask(Members[v]).CopyTo(_kept.Of(v, tile.Start, tile.Length));
        }
    }
}
