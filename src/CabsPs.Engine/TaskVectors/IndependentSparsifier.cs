using System.Numerics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.TaskVectors;

/// <summary>A sparsifier that looks at one vector at a time, and may scale up what it keeps.</summary>
public abstract class IndependentSparsifier : Sparsifier
{
    private readonly MethodParameter _rescale;

    /// <summary>Creates the sparsifier.</summary>
    /// <param name="rescale">Whether what is kept is scaled to the L1 norm of the whole where a recipe does not say.</param>
    protected IndependentSparsifier(bool rescale) =>
        _rescale = new MethodParameter("rescale", ParameterKind.Switch, ParameterScope.Global, "Scales up what is kept: true or l1 to the L1 norm of the whole delta, density by 1 / density (the DARE paper), false or none not at all.") { Default = rescale, Words = ["l1", "density", "none"] };

    /// <summary>The share of weights kept.</summary>
    protected static MethodParameter Density { get; } = new("density", ParameterKind.Number, ParameterScope.Model, "The share of a task vector's weights that stay.") { Default = 1.0, Minimum = 0 };

    /// <inheritdoc/>
    public sealed override IReadOnlyList<MethodParameter> Parameters => [Density, .. OwnParameters, _rescale];

    /// <summary>Parameters besides density and rescale.</summary>
    protected virtual IReadOnlyList<MethodParameter> OwnParameters => [];

    /// <inheritdoc/>
    public sealed override SparsifierKernel<T> Bind<T>(TensorContext context, SparsifierGroup group, IKernels<T> kernels)
    {
        int[] members = [.. group.Members];
        double[] densities = [.. members.Select(i => (double)context.Value(Density, i, group.Parameters))];
        return new Kernel<T>(
            members,
            [.. members.Select((member, i) => Bind<T>(context, group, member, densities[i]))],
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

    private enum Rescale
    {
        None,
        L1,
        Density,
    }

    private sealed class Kernel<T> : SparsifierKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // as mergekit: norms below this are noise, and a factor would blow them up
        private const double SmallestNorm = 1e-7;
        private readonly int[] _members;
        private readonly VectorMask<T>[] _masks;
        private readonly Rescale _rescale;
        private readonly double[] _factors;
        private readonly IKernels<T> _kernels;

        public Kernel(int[] members, VectorMask<T>[] masks, Rescale rescale, double[] densities, IKernels<T> kernels)
        {
            _members = members;
            _masks = masks;
            _rescale = rescale;
            _kernels = kernels;
            _factors = [.. densities.Select(d => rescale == Rescale.Density && d is > 0 and < 1 ? 1 / d : 1)];
            BlockLength = masks.Aggregate(1, (length, mask) => length / (int)BigInteger.GreatestCommonDivisor(length, mask.BlockLength) * mask.BlockLength);
        }

        public override IReadOnlyList<int> Members => _members;

        public override int BlockLength { get; }

        public override int MeasuringPasses => MaskPasses + (_rescale == Rescale.L1 ? 1 : 0);

        private int MaskPasses => _masks.Length == 0 ? 0 : _masks.Max(m => m.MeasuringPasses);

        public override int SumCount(int pass) => pass < MaskPasses ? 0 : 2 * _members.Length;

        public override int StrideOf(int pass) =>
            pass < MaskPasses ? _masks.Where(m => pass < m.MeasuringPasses).Min(m => m.StrideOf(pass)) : 1;

        public override double FactorOf(int member) => _factors[Array.IndexOf(_members, member)];

        public override void Measure(int pass, Tile<T> tile, Span<double> sums)
        {
            for (int v = 0; v < _members.Length; v++)
            {
                Span<T> delta = tile.Input(_members[v]);
                if (pass < _masks[v].MeasuringPasses)
                    _masks[v].Measure(pass, delta, tile.Start);
                if (pass < MaskPasses)
                    continue;
                Span<ulong> mask = tile.Mask(_members[v]);
                _masks[v].MakeMask(delta, tile.Start, mask);
                (double all, double kept) = _kernels.SumsOfMagnitudes(delta, mask);
                sums[2 * v] += all;
                sums[(2 * v) + 1] += kept;
            }
        }

        public override void Complete(int pass, ReadOnlySpan<double> totals)
        {
            bool masksEnd = pass >= MaskPasses;
            for (int v = 0; v < _members.Length; v++)
            {
                if (pass < _masks[v].MeasuringPasses)
                    _masks[v].Complete(pass);
                if (masksEnd && totals[2 * v] >= SmallestNorm && totals[(2 * v) + 1] >= SmallestNorm)
                    _factors[v] = totals[2 * v] / totals[(2 * v) + 1];
            }
        }

        public override void MakeMasks(Tile<T> tile)
        {
            for (int v = 0; v < _members.Length; v++)
                _masks[v].MakeMask(tile.Input(_members[v]), tile.Start, tile.Mask(_members[v]));
        }
    }
}
