using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>Takes each tensor from one model, times <c>scale</c>. With slices it stacks layers of several models.</summary>
public sealed class Passthrough : MergeMethod
{
    private static readonly MethodParameter s_scale = new("scale", ParameterKind.Number, ParameterScope.Model, "What the weights are multiplied by.") { Default = 1.0 };

    /// <inheritdoc/>
    public override string Name => "passthrough";

    /// <inheritdoc/>
    public override string Summary => "scale · model; with slices, layers of models one behind the other";

    /// <inheritdoc/>
    public override string Formula => "scale · model";

    /// <inheritdoc/>
    public override string Source => "mergekit; Kim et al., SOLAR 10.7B: Depth Up-Scaling, NAACL 2024";

    /// <inheritdoc/>
    public override BaseRule BaseRule => BaseRule.Ignored;

    /// <inheritdoc/>
    public override InputCount InputCount => InputCount.Exactly(1);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_scale];

    /// <inheritdoc/>
    public override bool IsCopy(TensorContext context) => context.Number(s_scale, 0) == 1;

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels) =>
        new ScaleKernel<T>(T.CreateTruncating(context.Number(s_scale, 0)), kernels);

    internal sealed class ScaleKernel<T>(T scale, IKernels<T> kernels) : TensorKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public T Scale => scale;

        public override void Merge(Tile<T> tile, Span<T> output, Span<double> sums)
        {
            tile.Input(0).CopyTo(output);
            kernels.Scale(output, scale);
        }
    }
}
