using System.Collections.Concurrent;
using System.Numerics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;
using CabsPs.Engine.TaskVectors;

namespace CabsPs.Engine.Diagnostics;

/// <summary>Measures task vectors and their masks; keeps what it found per tensor.</summary>
/// <param name="blockLength">Over blocks of how many weights balance is looked at; null for the sparsifiers' own.</param>
internal sealed class MeasuringMethod(int? blockLength) : ReadingMethod
{
    private readonly ConcurrentDictionary<string, TensorFigures> _found = new(StringComparer.Ordinal);

    /// <summary>What was found in a tensor; null for one without weights.</summary>
    public TensorFigures? Find(string tensor) => _found.GetValueOrDefault(tensor);

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels) => new Kernel<T>(this, context, kernels);

    private int BlockOf(TensorContext context, int input) =>
        blockLength ?? (context.Groups.FirstOrDefault(g => g.Members.Contains(input)) is { } group ? group.Sparsifier.BalanceBlock(context, group, input) : Sparsifier.DefaultBalanceBlock);

    private sealed class Kernel<T> : ReadingKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        private const int PerVector = 3 + (2 * UnitShares.SumCount);
        private const int PerPair = 4;
        // longer common multiples would make tiles that no cache holds; blocks are then counted across tiles
        private const int LongestTile = 1 << 15;
        private readonly MeasuringMethod _method;
        private readonly TensorContext _context;
        private readonly IKernels<T> _kernels;
        private readonly MaskGroups<T> _groups;
        private readonly int[] _vectors;
        private readonly UnitShares[] _blocks;
        private readonly UnitShares?[] _rows;

        public Kernel(MeasuringMethod method, TensorContext context, IKernels<T> kernels)
        {
            (_method, _context, _kernels) = (method, context, kernels);
            _groups = new MaskGroups<T>(context, kernels);
            _vectors = [.. Enumerable.Range(0, context.Inputs.Count).Where(i => context.Inputs[i].Contributes)];
            int[] blocks = [.. _vectors.Select(i => method.BlockOf(context, i))];
            _blocks = [.. blocks.Select(b => new UnitShares(context.Count, b))];
            _rows = [.. _vectors.Select(_ => context.Shape.Count > 1 && context.RowLength > 0 ? new UnitShares(context.Count, context.RowLength) : null)];
            int needed = CommonBlock.Of(_groups.BlockLengths, context.Count, context.Tensor);
            long wished = blocks.Aggregate((long)needed, Multiple);
            BlockLength = wished <= LongestTile ? (int)wished : needed;
        }

        public override int BlockLength { get; }

        public override int MeasuringPasses => _groups.MeasuringPasses + 1;

        private int PairCount => _vectors.Length * (_vectors.Length - 1) / 2;

        public override int StrideOf(int pass) => pass < _groups.MeasuringPasses ? _groups.StrideOf(pass) : 1;

        public override int SumCount(int pass) => pass < _groups.MeasuringPasses ? _groups.SumCount(pass) : (PerVector * _vectors.Length) + (PerPair * PairCount);

        public override void Measure(int pass, Tile<T> tile, Span<double> sums)
        {
            if (pass < _groups.MeasuringPasses)
            {
                _groups.Measure(pass, tile, sums);
                return;
            }

            _groups.MakeMasks(tile);
            for (int v = 0; v < _vectors.Length; v++)
                MeasureVector(tile, v, sums.Slice(v * PerVector, PerVector));
            Span<double> pairs = sums[(PerVector * _vectors.Length)..];
            for (int a = 0; a < _vectors.Length; a++)
            {
                for (int b = a + 1; b < _vectors.Length; b++, pairs = pairs[PerPair..])
                    MeasurePair(tile, _vectors[a], _vectors[b], pairs);
            }
        }

        public override void Complete(int pass, ReadOnlySpan<double> totals)
        {
            if (pass < _groups.MeasuringPasses)
            {
                _groups.Complete(pass, totals);
                return;
            }

            var vectors = new VectorSums[_vectors.Length];
            for (int v = 0; v < vectors.Length; v++)
            {
                ReadOnlySpan<double> own = totals.Slice(v * PerVector, PerVector);
                vectors[v] = new VectorSums(_context.VectorOf(_vectors[v]), _context.Count, (long)own[0], own[1], own[2], _blocks[v].Complete(own[3..]), _rows[v] is { } rows ? rows.Complete(own[(3 + UnitShares.SumCount)..]) : new ShareSpread(0, 0, 0));
            }

            var pairs = new List<PairSums>();
            ReadOnlySpan<double> rest = totals[(PerVector * _vectors.Length)..];
            for (int a = 0; a < _vectors.Length; a++)
            {
                for (int b = a + 1; b < _vectors.Length; b++, rest = rest[PerPair..])
                    pairs.Add(new PairSums(vectors[a], vectors[b], (long)rest[0], (long)rest[1], rest[2], rest[3]));
            }

            _method._found[_context.Tensor] = new TensorFigures(vectors, pairs);
        }

        private void MeasureVector(Tile<T> tile, int v, Span<double> sums)
        {
            int input = _vectors[v];
            Span<ulong> mask = tile.Mask(input);
            if (_groups.IsMasked[input])
            {
                (double energy, double kept) = _kernels.SumsOfSquares(tile.Input(input), mask);
                sums[0] += BitMask.Count(mask);
                sums[1] += energy;
                sums[2] += kept;
            }
            else
            {
                BitMask.Fill(mask, tile.Length);
                double energy = _kernels.SumOfSquares(tile.Input(input));
                sums[0] += tile.Length;
                sums[1] += energy;
                sums[2] += energy;
            }

            _blocks[v].Add(mask, tile.Start, tile.Length, sums[3..]);
            _rows[v]?.Add(mask, tile.Start, tile.Length, sums[(3 + UnitShares.SumCount)..]);
        }

        private void MeasurePair(Tile<T> tile, int a, int b, Span<double> sums)
        {
            ReadOnlySpan<T> x = tile.Input(a), y = tile.Input(b);
            double product = Reductions.Dot(x, y);
            sums[2] += product;
            if (!_groups.IsMasked[a] && !_groups.IsMasked[b])
            {
                sums[0] += tile.Length;
                sums[1] += Reductions.CountOpposite(x, y);
                sums[3] += product;
                return;
            }

            ReadOnlySpan<ulong> first = tile.Mask(a), second = tile.Mask(b);
            long shared = 0, opposite = 0;
            double kept = 0;
            for (int word = 0; word < first.Length; word++)
            {
                ulong both = first[word] & second[word];
                shared += BitOperations.PopCount(both);
                for (; both != 0; both &= both - 1)
                {
                    int i = (word << 6) + BitOperations.TrailingZeroCount(both);
                    T p = x[i], q = y[i];
                    opposite += (p < T.Zero && q > T.Zero) || (p > T.Zero && q < T.Zero) ? 1 : 0;
                    kept += double.CreateTruncating(p) * double.CreateTruncating(q);
                }
            }

            sums[0] += shared;
            sums[1] += opposite;
            sums[3] += kept;
        }

        private static long Multiple(long a, int b)
        {
            (long x, long y) = (a, b);
            while (y != 0)
                (x, y) = (y, x % y);
            return a / x * b;
        }
    }
}

/// <summary>What was found in one tensor.</summary>
/// <param name="Vectors">Per vector that has the tensor.</param>
/// <param name="Pairs">Per pair of them.</param>
internal sealed record TensorFigures(IReadOnlyList<VectorSums> Vectors, IReadOnlyList<PairSums> Pairs);

/// <summary>Sums of one vector over one tensor.</summary>
/// <param name="Vector">Its place among the definition's inputs.</param>
/// <param name="Count">Weights.</param>
/// <param name="Kept">Weights kept.</param>
/// <param name="Energy">Σδ².</param>
/// <param name="EnergyKept">Σδ² of what is kept.</param>
/// <param name="Blocks">Shares kept of blocks; null where they were too many to count.</param>
/// <param name="Rows">Shares kept of rows, likewise.</param>
internal sealed record VectorSums(int Vector, long Count, long Kept, double Energy, double EnergyKept, ShareSpread? Blocks, ShareSpread? Rows);

/// <summary>Sums of two vectors over one tensor.</summary>
/// <param name="First">The first one's.</param>
/// <param name="Second">The second one's.</param>
/// <param name="Shared">Weights both keep.</param>
/// <param name="Opposite">Of these, deltas of opposite signs.</param>
/// <param name="Product">δ₁·δ₂.</param>
/// <param name="ProductKept">The same of what both keep.</param>
internal sealed record PairSums(VectorSums First, VectorSums Second, long Shared, long Opposite, double Product, double ProductKept);
