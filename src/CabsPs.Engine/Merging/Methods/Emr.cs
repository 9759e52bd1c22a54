using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>EMR: elect, mask, rescale. The unified delta has the sign of Σ δᵢ (zero counts as minus) and the largest magnitude among the
/// deltas of that sign. With <c>task</c>, the model of that task: the unified delta where it has the task's sign, times
/// Σ mean|δₜ| / Σ mean|masked|, the sums running over all tensors of the model.</summary>
public sealed class Emr : MergeMethod
{
    private readonly MethodParameter _task = TaskParameter.Optional;

    /// <inheritdoc/>
    public override string Name => "emr";

    /// <inheritdoc/>
    public override string Summary => "elects per weight a sign and the largest delta of that sign; for one task, masked and rescaled";

    /// <inheritdoc/>
    public override string Formula => "base + the largest |δ| of the sign of Σ δ; of one task: where it has the sign of δₜ, times Σ mean|δₜ| / Σ mean|masked| over the tensors";

    /// <inheritdoc/>
    public override string Source => "Huang et al., EMR-Merging: Tuning-Free High-Performance Model Merging, NeurIPS 2024";

    /// <inheritdoc/>
    public override InputCount InputCount => new(1);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters => [_task];

    /// <inheritdoc/>
    public override ModelMeasure? MeasureModel(ModelContext model) =>
        TaskParameter.Find(model.Definition, model.Value(_task)) is { } task ? new Rescaler(task) : null;

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels) =>
        new Kernel<T>(context.Inputs.Count, context.Measure as Rescaler is { } rescaler ? context.InputOf(rescaler.Task) : null, context.Measure as Rescaler, kernels);

    private static void Unify<T>(Tile<T> tile, int inputs, Span<T> unified, IKernels<T> kernels)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Span<T> sum = tile.Total;
        sum.Clear();
        unified.Clear();
        for (int i = 0; i < inputs; i++)
            kernels.Add(sum, tile.Input(i));
        for (int i = 0; i < inputs; i++)
        {
            ReadOnlySpan<T> own = tile.Input(i);
            for (int j = 0; j < unified.Length; j++)
                unified[j] = sum[j] > T.Zero ? T.Max(unified[j], own[j]) : T.Min(unified[j], own[j]);
        }
    }

    private static void Mask<T>(Span<T> unified, ReadOnlySpan<T> own)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int j = 0; j < unified.Length; j++)
            unified[j] = (own[j] > T.Zero && unified[j] > T.Zero) || (own[j] < T.Zero && unified[j] < T.Zero) ? unified[j] : T.Zero;
    }

    // the task is null for the unified model, -1 where its model lacks the tensor
    internal sealed class Kernel<T>(int inputs, int? task, Rescaler? rescaler, IKernels<T> kernels) : DeltaKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public int Inputs => inputs;

        public int? Task => task;

        public double Factor => rescaler?.Factor ?? 1;

        public override void MergeDelta(Tile<T> tile, Span<T> delta, Span<double> sums)
        {
            Unify(tile, inputs, delta, kernels);
            if (task is not { } own)
                return;
            if (own < 0)
                delta.Clear();
            else
                Mask<T>(delta, tile.Input(own));
            kernels.Scale(delta, T.CreateTruncating(rescaler!.Factor));
        }
    }

    internal sealed class Rescaler(int task) : ModelMeasure
    {
        public int Task { get; } = task;

        public double Factor { get; private set; } = 1;

        public override int Sweeps => 1;

        public override bool Covers(int sweep, TensorContext tensor) => tensor.InputOf(Task) >= 0;

        public override TensorProbe<T> Bind<T>(int sweep, TensorContext tensor, TensorKernel<T>? merged, IKernels<T> kernels) =>
            new Probe<T>(tensor.Inputs.Count, tensor.InputOf(Task), kernels);

        public override void Complete(int sweep, IReadOnlyList<TensorSums> tensors)
        {
            double own = 0, masked = 0;
            foreach ((TensorContext tensor, IReadOnlyList<double> sums) in tensors.Where(t => t.Values.Count > 0))
                (own, masked) = (own + (sums[0] / tensor.Count), masked + (sums[1] / tensor.Count));
            Factor = masked == 0 ? 1 : own / masked;
        }

        internal sealed class Probe<T>(int inputs, int task, IKernels<T> kernels) : TensorProbe<T>
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            public int Inputs => inputs;

            public int Task => task;

            public override bool WantsDeltas => true;

            public override int MeasuringPasses => 1;

            public override int SumCount(int pass) => 2;

            public override void Measure(int pass, Tile<T> tile, Span<double> sums)
            {
                Span<T> unified = tile.Output;
                Unify(tile, inputs, unified, kernels);
                Mask<T>(unified, tile.Input(task));
                sums[0] += Reductions.SumOfMagnitudes<T>(tile.Input(task));
                sums[1] += Reductions.SumOfMagnitudes<T>(unified);
            }
        }
    }
}
