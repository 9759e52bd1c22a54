using System.Globalization;
using System.Numerics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.TaskVectors;

/// <summary>CABS: balanced n:m sparsification with conflict-aware assignment (Yang et al., "CABS: Conflict-Aware and Balanced
/// Sparsification", ICML 2025, algorithm 1; the rules for ties, tails and more than two vectors are SPEC §3 and §4).</summary>
public sealed class CabsSparsifier : Sparsifier
{
    /// <summary>The longest block: longer ones would hold whole tensors in memory.</summary>
    public const int MaxBlockLength = 1 << 24;

    private static readonly MethodParameter s_n = new("n", ParameterKind.Integer, ParameterScope.Model, "How many weights of a block of m are kept.") { Default = 64.0, Minimum = 1, Maximum = MaxBlockLength };
    private static readonly MethodParameter s_m = new("m", ParameterKind.Integer, ParameterScope.Model, "Consecutive weights in a block.") { Default = 256.0, Minimum = 1, Maximum = MaxBlockLength };
    private static readonly MethodParameter s_assignment = new("assignment", ParameterKind.Choice, ParameterScope.Global, "Who gets a position that several vectors want: the earlier one, the relatively larger one, or all.") { Default = "sequential", Words = ["sequential", "joint", "none"] };
    private static readonly MethodParameter s_tail = new("tail", ParameterKind.Choice, ParameterScope.Global, "What an incomplete last block keeps: its share, nothing, or everything.") { Default = "proportional", Words = ["proportional", "drop", "keep"] };

    /// <summary>The only instance needed. Below the parameters, which its creation reads.</summary>
    public static readonly CabsSparsifier Instance = new();

    private CabsSparsifier()
    {
    }

    /// <inheritdoc/>
    public override string Name => "cabs";

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_n, s_m, s_assignment, s_tail];

    /// <summary>How many an incomplete last block of r weights keeps.</summary>
    public static int TailQuota(string tail, int n, int m, int r) => tail switch
    {
        "drop" => 0,
        "keep" => r,
        _ => (int)((((long)n * r) + (m / 2)) / m),
    };

    /// <inheritdoc/>
    public override ParameterSet ParametersOf(params IEnumerable<(string Name, object Value)> values)
    {
        ParameterSet parameters = base.ParametersOf(values);
        (int n, int m) = (ValueOf<int>(parameters, s_n), ValueOf<int>(parameters, s_m));
        return n > m ? throw TooMany(n, m, string.Empty) : parameters;
    }

    /// <inheritdoc/>
    public override string Describe(ParameterSet parameters)
    {
        string tail = ValueOf<string>(parameters, s_tail);
        return $"cabs {ValueOf<int>(parameters, s_n)}:{ValueOf<int>(parameters, s_m)} {ValueOf<string>(parameters, s_assignment)}{(tail.Equals(s_tail.Default) ? string.Empty : $", tail {tail}")}";
    }

    /// <inheritdoc/>
    public override int BalanceBlock(TensorContext context, SparsifierGroup group, int member) => (int)(double)context.Value(s_m, member, group.Parameters);

    /// <inheritdoc/>
    public override SparsifierKernel<T> Bind<T>(TensorContext context, SparsifierGroup group, IKernels<T> kernels)
    {
        int[] members = [.. group.Members];
        string assignment = (string)context.Value(s_assignment, group.Parameters);
        string tail = (string)context.Value(s_tail, group.Parameters);
        var blocks = new BlockRule[members.Length];
        for (int i = 0; i < members.Length; i++)
        {
            int n = (int)(double)context.Value(s_n, members[i], group.Parameters);
            int m = (int)(double)context.Value(s_m, members[i], group.Parameters);
            if (n > m)
                throw TooMany(n, m, $" for model {context.Inputs[members[i]].Name} at tensor {Text.Quote(context.Tensor)}");
            blocks[i] = new BlockRule(n, m, TailQuota(tail, n, m, (int)(context.Count % m)));
        }

        if (assignment == "joint" && blocks.Select(b => b.Length).Distinct().Count() > 1)
            throw new CabsException(CabsError.ParameterInvalid, $"m differs between models at tensor {Text.Quote(context.Tensor)}; with 'assignment: joint' all need the same m", "m");
        return assignment switch
        {
            "joint" => new JointKernel<T>(members, blocks, context.Count, kernels),
            _ => new SequentialKernel<T>(members, blocks, assignment == "sequential", kernels, context.Tensor, context.Count),
        };
    }

    private static TValue ValueOf<TValue>(ParameterSet parameters, MethodParameter parameter) =>
        (TValue)Convert.ChangeType(parameters.Find(parameter.Name, string.Empty, 0) ?? parameter.Default!, typeof(TValue), CultureInfo.InvariantCulture);

    private static CabsException TooMany(int n, int m, string where) =>
        new(CabsError.ParameterInvalid, $"n is {n} and m is {m}{where}; n of m weights are kept, so n must not exceed m", "n");

    internal readonly record struct BlockRule(int Quota, int Length, int TailQuota);

    internal sealed class SequentialKernel<T> : SparsifierKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public BlockRule[] Blocks => _blocks;

        public bool AvoidsConflicts => _avoidConflicts;

        private readonly int[] _members;
        private readonly BlockRule[] _blocks;
        private readonly bool _avoidConflicts;
        private readonly IKernels<T> _kernels;

        public SequentialKernel(int[] members, BlockRule[] blocks, bool avoidConflicts, IKernels<T> kernels, string tensor, long count)
        {
            _members = members;
            _blocks = blocks;
            _avoidConflicts = avoidConflicts;
            _kernels = kernels;
            BlockLength = CommonBlock.Of(blocks.Select(b => b.Length), count, tensor);
        }

        public override IReadOnlyList<int> Members => _members;

        public override int BlockLength { get; }

        public override void MakeMasks(Tile<T> tile)
        {
            Span<ulong> claimed = tile.Claimed;
            claimed.Clear();
            for (int v = 0; v < _members.Length; v++)
            {
                BlockRule block = _blocks[v];
                Span<ulong> mask = tile.Mask(_members[v]);
                bool first = v == 0 || !_avoidConflicts;
                _kernels.KeepLargest(tile.Input(_members[v]), block.Length, block.Quota, block.TailQuota, first ? [] : claimed, mask, ref tile.Hint(_members[v]));
                if (_avoidConflicts)
                    BitMask.Union(claimed, mask);
            }
        }
    }

    internal sealed class JointKernel<T>(int[] members, BlockRule[] blocks, long count, IKernels<T> kernels) : SparsifierKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public int[] Quotas => _quotas;

        public int[] TailQuotas => _tailQuotas;

        public double[] Rms => _rms;

        private readonly int[] _quotas = [.. blocks.Select(b => b.Quota)];
        private readonly int[] _tailQuotas = [.. blocks.Select(b => b.TailQuota)];
        private readonly double[] _rms = new double[members.Length];

        public override IReadOnlyList<int> Members => members;

        public override int BlockLength => blocks.Length == 0 ? 1 : blocks[0].Length;

        public override int MeasuringPasses => 1;

        public override int SumCount(int pass) => members.Length;

        public override void Measure(int pass, Tile<T> tile, Span<double> sums)
        {
            for (int v = 0; v < members.Length; v++)
                sums[v] += kernels.SumOfSquares(tile.Input(members[v]));
        }

        public override void Complete(int pass, ReadOnlySpan<double> totals)
        {
            for (int v = 0; v < _rms.Length; v++)
                _rms[v] = totals[v] == 0 ? 1 : Math.Sqrt(totals[v] / count);
        }

        public override void MakeMasks(Tile<T> tile) => kernels.AssignJointly(tile, members, BlockLength, _quotas, _tailQuotas, _rms);
    }
}
