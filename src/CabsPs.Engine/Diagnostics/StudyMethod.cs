using System.Collections.Concurrent;
using System.Numerics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;
using CabsPs.Engine.TaskVectors;

namespace CabsPs.Engine.Diagnostics;

/// <summary>One setting of a study.</summary>
/// <param name="Shape">n:m.</param>
/// <param name="Assignment">The assignment.</param>
/// <param name="Order">The vectors, as places among the definition's inputs, in the order in which they claim.</param>
/// <param name="Parameters">The sparsifier's parameters.</param>
internal sealed record StudySetting(BlockShape Shape, string Assignment, IReadOnlyList<int> Order, ParameterSet Parameters);

/// <summary>Makes the masks of all settings on every tile and sums what they keep.</summary>
internal sealed class StudyMethod(IReadOnlyList<StudySetting> settings) : ReadingMethod
{
    private readonly ConcurrentDictionary<string, (int[] Vectors, long Count, double[] Sums)> _found = new(StringComparer.Ordinal);

    /// <summary>The settings.</summary>
    public IReadOnlyList<StudySetting> Settings => settings;

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels) => new Kernel<T>(this, context, kernels);

    /// <summary>The sums over tensors, in this order.</summary>
    public StudySums AddUp(IEnumerable<string> tensors, int inputs)
    {
        var total = new StudySums(inputs, settings.Count);
        foreach (string tensor in tensors)
        {
            if (_found.TryGetValue(tensor, out (int[] Vectors, long Count, double[] Sums) found))
                total.Add(found.Vectors, found.Count, found.Sums);
        }

        return total;
    }

    private sealed class Kernel<T> : ReadingKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        private readonly StudyMethod _method;
        private readonly TensorContext _context;
        private readonly IKernels<T> _kernels;
        private readonly int[] _inputs;
        private readonly SparsifierKernel<T>[] _masks;
        private readonly int _pairs;

        public Kernel(StudyMethod method, TensorContext context, IKernels<T> kernels)
        {
            (_method, _context, _kernels) = (method, context, kernels);
            _inputs = [.. Enumerable.Range(0, context.Inputs.Count).Where(i => context.Inputs[i].Contributes)];
            _pairs = _inputs.Length * (_inputs.Length - 1) / 2;
            _masks = [.. method.Settings.Select(s =>
            {
                var group = new SparsifierGroup(CabsSparsifier.Instance, [.. s.Order.Select(context.InputOf).Where(i => i >= 0)], s.Parameters);
                return CabsSparsifier.Instance.Bind(context, group, kernels);
            })];
            BlockLength = CommonBlock.Of(_masks.Select(m => m.BlockLength), context.Count, context.Tensor);
        }

        public override int BlockLength { get; }

        public override int MeasuringPasses => Before + 1;

        // a tensor of a billion weights and a hundred settings would have 30 MB of sums
        public override int MostSegments => 256;

        private int Before => _masks.Max(m => m.MeasuringPasses);

        private int PerSetting => (2 * _inputs.Length) + _pairs;

        public override int SumCount(int pass) => pass < Before ? _masks.Sum(m => m.SumCount(pass)) : _inputs.Length + (_masks.Length * PerSetting);

        public override void Measure(int pass, Tile<T> tile, Span<double> sums)
        {
            if (pass < Before)
            {
                foreach (SparsifierKernel<T> mask in _masks.Where(m => pass < m.MeasuringPasses))
                {
                    mask.Measure(pass, tile, sums[..mask.SumCount(pass)]);
                    sums = sums[mask.SumCount(pass)..];
                }

                return;
            }

            for (int v = 0; v < _inputs.Length; v++)
                sums[v] += _kernels.SumOfSquares(tile.Input(_inputs[v]));
            sums = sums[_inputs.Length..];
            foreach (SparsifierKernel<T> mask in _masks)
            {
                mask.MakeMasks(tile);
                Tally(tile, sums);
                sums = sums[PerSetting..];
            }
        }

        public override void Complete(int pass, ReadOnlySpan<double> totals)
        {
            if (pass == Before)
            {
                _method._found[_context.Tensor] = ([.. _inputs.Select(_context.VectorOf)], _context.Count, totals.ToArray());
                return;
            }

            foreach (SparsifierKernel<T> mask in _masks.Where(m => pass < m.MeasuringPasses))
            {
                mask.Complete(pass, totals[..mask.SumCount(pass)]);
                totals = totals[mask.SumCount(pass)..];
            }
        }

        private void Tally(Tile<T> tile, Span<double> sums)
        {
            int pair = 2 * _inputs.Length;
            for (int v = 0; v < _inputs.Length; v++)
            {
                ReadOnlySpan<ulong> own = tile.Mask(_inputs[v]);
                sums[2 * v] += BitMask.Count(own);
                sums[(2 * v) + 1] += _kernels.SumOfSquares(tile.Input(_inputs[v]), own);
                for (int u = v + 1; u < _inputs.Length; u++)
                    sums[pair++] += BitMask.CountShared(own, tile.Mask(_inputs[u]));
            }
        }
    }
}

/// <summary>Sums over all tensors of a study.</summary>
internal sealed class StudySums(int inputs, int settings)
{
    private readonly double[] _energy = new double[inputs];
    private readonly long[,] _kept = new long[settings, inputs];
    private readonly double[,] _energyKept = new double[settings, inputs];
    private readonly long[,,] _shared = new long[settings, inputs, inputs];
    // weights kept on tensors that both vectors of a pair have
    private readonly long[,,] _keptBeside = new long[settings, inputs, inputs];

    /// <summary>Weights of each input.</summary>
    public long[] Count { get; } = new long[inputs];

    /// <summary>Adds a tensor.</summary>
    public void Add(int[] vectors, long count, ReadOnlySpan<double> sums)
    {
        for (int v = 0; v < vectors.Length; v++)
        {
            Count[vectors[v]] += count;
            _energy[vectors[v]] += sums[v];
        }

        sums = sums[vectors.Length..];
        for (int s = 0; s < settings; s++)
        {
            int pair = 2 * vectors.Length;
            for (int v = 0; v < vectors.Length; v++)
            {
                _kept[s, vectors[v]] += (long)sums[2 * v];
                _energyKept[s, vectors[v]] += sums[(2 * v) + 1];
                for (int u = v + 1; u < vectors.Length; u++, pair++)
                {
                    (int a, int b) = (vectors[v], vectors[u]);
                    _shared[s, Math.Min(a, b), Math.Max(a, b)] += (long)sums[pair];
                    _keptBeside[s, a, b] += (long)sums[2 * v];
                    _keptBeside[s, b, a] += (long)sums[2 * u];
                }
            }

            sums = sums[pair..];
        }
    }

    /// <summary>The row of a setting.</summary>
    public StudyRow Row(StudySetting setting, int s, int[] vectors, string[] names)
    {
        var pairs = new List<StudyPair>();
        for (int a = 0; a < vectors.Length; a++)
        {
            for (int b = a + 1; b < vectors.Length; b++)
            {
                (int u, int v) = (vectors[a], vectors[b]);
                long shared = _shared[s, u, v], first = _keptBeside[s, u, v], second = _keptBeside[s, v, u];
                pairs.Add(new StudyPair(names[u], names[v], shared, Ratio(shared, first + second - shared), Ratio(shared, Math.Min(first, second))));
            }
        }

        return new StudyRow(
            setting.Assignment,
            setting.Shape.N,
            setting.Shape.M,
            [.. setting.Order.Where(vectors.Contains).Select(v => names[v])],
            [.. vectors.Select(v => _energy[v] == 0 ? 0 : Math.Sqrt(_energyKept[s, v] / _energy[v]))],
            [.. vectors.Select(v => Ratio(_kept[s, v], Count[v]))],
            pairs);
    }

    private static double Ratio(long part, long whole) => whole == 0 ? 0 : part / (double)whole;
}
