using System.Globalization;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Tests;

/// <summary>Merges of random models with random rules, bit for bit against the brute force.</summary>
public sealed class CabsBruteForceTests
{
    private static readonly string[] s_assignments = ["sequential", "joint", "none"];
    private static readonly string[] s_tails = ["proportional", "drop", "keep"];

    public static TheoryData<int> Seeds { get; } = new(Enumerable.Range(0, 72));

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_merge_equals_the_brute_force(int seed)
    {
        using var bench = new Workbench();
        var trial = new Trial(seed);
        trial.Write(bench);
        Checkpoint merged = bench.Merge(trial.Recipe, new MergeOptions { Threads = 1 + (seed % 3), PieceBytes = 4096 });
        for (int t = 0; t < trial.Shapes.Length; t++)
            Workbench.AssertSameBits(trial.Expected(t), Workbench.Floats(merged, $"t{t}"));
    }

    /// <summary>One random set of models, rules and weights.</summary>
    private sealed class Trial
    {
        private readonly Random _random;
        private readonly int[] _n;
        private readonly int[] _m;
        private readonly float[] _weights;
        private readonly float _lambda;
        private readonly string _assignment;
        private readonly string _tail;
        private readonly bool _normalize;
        private readonly bool _ties;
        private readonly float[][] _base;
        private readonly float[][][] _experts;

        public Trial(int seed)
        {
            _random = new Random(seed);
            int vectors = 1 + (seed % 5);
            _assignment = s_assignments[seed % 3];
            _tail = s_tails[seed / 3 % 3];
            _normalize = seed % 7 == 0;
            _ties = seed % 4 == 0;
            _lambda = seed % 2 == 0 ? 1 : 0.7f;
            int sharedM = _random.Next(1, 40);
            bool own = _assignment != "joint" && seed % 6 >= 3;
            _m = [.. Enumerable.Range(0, vectors).Select(_ => own ? _random.Next(1, 60) : sharedM)];
            _n = [.. _m.Select(m => seed % 8 == 0 ? m : _random.Next(1, m + 1))];
            _weights = [.. _m.Select(_ => 0.25f * _random.Next(1, 9) * (_random.Next(4) == 0 ? -1 : 1))];
            if (_normalize)
                _weights = [.. _weights.Select(Math.Abs)];
            Shapes = [[_random.Next(1, 12), _random.Next(1, 50)], [_random.Next(1, 30)], [], [3, 0], [2, 3, _random.Next(1, 20)]];
            // half of the trials have few distinct magnitudes, so that ties are everywhere
            Func<float> weight = seed / 2 % 2 == 0 ? () => _random.Next(-4, 5) / 8f : () => _random.NextSingle() - 0.5f;
            _base = [.. Shapes.Select(s => Values(s, weight))];
            _experts = [.. _m.Select(_ => _base.Select(b => b.Select(x => _random.Next(5) == 0 ? x : x + weight()).ToArray()).ToArray())];
        }

        public long[][] Shapes { get; }

        public string Recipe
        {
            get
            {
                string lambda = _lambda.ToString(CultureInfo.InvariantCulture);
                return Workbench.Cabs(
                    $"assignment: {_assignment}, tail: {_tail}, overlap: {(_ties ? "ties" : "sum")}, normalize: {(_normalize ? "yes" : "no")}, lambda: {lambda}",
                    [.. _m.Select((_, v) => string.Create(CultureInfo.InvariantCulture, $"e{v} {{n: {_n[v]}, m: {_m[v]}, weight: {_weights[v]}}}"))]);
            }
        }

        public void Write(Workbench bench)
        {
            bench.Model("base", DType.F32, Tensors(_base));
            for (int v = 0; v < _experts.Length; v++)
                bench.Model($"e{v}", DType.F32, Tensors(_experts[v]));
        }

        public float[] Expected(int tensor)
        {
            float[] inBase = _base[tensor];
            float[][] deltas = [.. _experts.Select(e => e[tensor].Select((x, i) => x - inBase[i]).ToArray())];
            bool[][] masks = BruteForce.Masks([.. deltas.Select(d => d.Select(x => (double)x).ToArray())], _n, _m, _assignment, _tail);
            return BruteForce.Merge(inBase, deltas, masks, _weights, _lambda, _normalize, _ties);
        }

        private static float[] Values(long[] shape, Func<float> one) =>
            [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => one())];

        private (string, long[], float[])[] Tensors(float[][] values) => [.. values.Select((v, t) => ($"t{t}", Shapes[t], v))];
    }
}
