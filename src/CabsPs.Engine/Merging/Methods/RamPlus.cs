using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary><see cref="Ram"/> with rescaled lone changes: where a model shares many of its changes with others, which averaging weakens, those that
/// only it made are strengthened, by 1 + r · clip(shared / max(lone, ε), 0, α), its counts per tensor.</summary>
public sealed class RamPlus : Ram
{
    private static readonly MethodParameter s_r = new("r", ParameterKind.Number, ParameterScope.Global, "How much the lone changes are strengthened.") { Default = 0.1 };
    private static readonly MethodParameter s_alpha = new("alpha", ParameterKind.Number, ParameterScope.Global, "The largest ratio of shared to lone changes that counts.") { Default = 0.2 };

    /// <inheritdoc/>
    public override string Name => "ramplus_tl";

    /// <inheritdoc/>
    public override string Summary => "ram, with the changes of one model strengthened as much as it shares others";

    /// <inheritdoc/>
    public override string Formula => "as ram, a δ that only one model has times 1 + r · clip(shared/lone, 0, α), from the model's counts in the tensor";

    /// <inheritdoc/>
    public override string Source => "Behavior Knowledge Merge in Reinforced Agentic Models (RAM+), 2026; counts per tensor as in mergekit";

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [Epsilon, s_r, s_alpha];

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels) =>
        new Kernel<T>(context.Inputs.Count, EpsilonOf(context), context.Number(s_r), context.Number(s_alpha), kernels);

    private sealed class Kernel<T>(int count, double epsilon, double r, double alpha, IKernels<T> kernels) : RamKernel<T>(count, epsilon, kernels)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        private readonly T[] _factors = new T[count];
        private readonly double _epsilon = epsilon;

        public override int MeasuringPasses => 1;

        // lone and shared changes of each input
        public override int SumCount(int pass) => pass == 0 ? 2 * Count : 0;

        public override void Measure(int pass, Tile<T> tile, Span<double> sums)
        {
            CountChanges(tile);
            Span<T> changes = tile.Scratch;
            for (int i = 0; i < Count; i++)
            {
                ReadOnlySpan<T> delta = tile.Input(i);
                int lone = 0, shared = 0;
                for (int j = 0; j < delta.Length; j++)
                {
                    if (!IsChange(delta[j]))
                        continue;
                    if (changes[j] == T.One)
                        lone++;
                    else
                        shared++;
                }

                sums[2 * i] += lone;
                sums[(2 * i) + 1] += shared;
            }
        }

        public override void Complete(int pass, ReadOnlySpan<double> totals)
        {
            for (int i = 0; i < Count; i++)
                _factors[i] = T.CreateTruncating(1 + (r * Math.Min(Math.Max(totals[(2 * i) + 1] / Math.Max(totals[2 * i], _epsilon), 0), alpha)));
        }

        internal override T OfLoneChanges(int input) => _factors[input];
    }
}
