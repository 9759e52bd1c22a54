using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>TALL-masks: the model of one task, cut out of the sum of all. With s = Σ δᵢ, the mask of task t is
/// |δₜ| &gt; λₜ · |s − δₜ|, and the result base + maskₜ ⊙ s.</summary>
public sealed class TallMask : MergeMethod
{
    private readonly MethodParameter _task = TaskParameter.Required;

    /// <summary>How much of the others a weight must outweigh.</summary>
    internal static MethodParameter Lambda { get; } = new("tall_mask_lambda", ParameterKind.Number, ParameterScope.Model, "A weight belongs to a task where its delta is larger than so many times what the other tasks add up to; 0.2 to 0.6 in the paper.") { Minimum = 0 };

    /// <inheritdoc/>
    public override string Name => "tall_mask";

    /// <inheritdoc/>
    public override string Summary => "base + mask ⊙ Σ δ, with the weights that matter to one task";

    /// <inheritdoc/>
    public override string Formula => "base + mask ⊙ s, s = Σ δ, mask of task t where |δₜ| > λₜ · |s − δₜ|";

    /// <inheritdoc/>
    public override string Source => "Wang et al., Localizing Task Information for Improved Model Merging and Compression, ICML 2024";

    /// <inheritdoc/>
    public override InputCount InputCount => new(1);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters => [Lambda, _task];

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels)
    {
        int task = context.InputOf(TaskParameter.Find(context.Model.Definition, context.Value(_task))!.Value);
        return new Kernel<T>(context.Inputs.Count, task, task < 0 ? T.Zero : T.CreateTruncating(context.Number(Lambda, task)), kernels);
    }

    /// <summary>Whether a weight matters to a task.</summary>
    /// <param name="delta">Its delta there.</param>
    /// <param name="sum">The sum over all tasks.</param>
    /// <param name="lambda">λ of the task.</param>
    internal static bool Matters<T>(T delta, T sum, T lambda)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => T.Abs(delta) > lambda * T.Abs(sum - delta);

    // a task whose model lacks the tensor has no weight there
    internal sealed class Kernel<T>(int inputs, int task, T lambda, IKernels<T> kernels) : DeltaKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public int Inputs => inputs;

        public int Task => task;

        public T Factor => lambda;

        public override void MergeDelta(Tile<T> tile, Span<T> delta, Span<double> sums)
        {
            delta.Clear();
            if (task < 0)
                return;
            for (int i = 0; i < inputs; i++)
                kernels.Add(delta, tile.Input(i));
            ReadOnlySpan<T> own = tile.Input(task);
            for (int j = 0; j < delta.Length; j++)
                delta[j] = Matters(own[j], delta[j], lambda) ? delta[j] : T.Zero;
        }
    }
}
