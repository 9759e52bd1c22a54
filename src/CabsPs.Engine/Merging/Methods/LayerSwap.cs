using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>Layer swapping: the bottom and top layers of the first model (the language expert), the layers between of the second (the task
/// expert). In a transition zone of so many layers on either side of the middle, both are averaged; what lies outside the layers comes
/// from the first.</summary>
public sealed class LayerSwap : MergeMethod
{
    private static readonly MethodParameter s_bottom = new("bottom", ParameterKind.Integer, ParameterScope.Global, "How many of the first layers come from the first model.") { Minimum = 0 };
    private static readonly MethodParameter s_top = new("top", ParameterKind.Integer, ParameterScope.Global, "How many of the last layers come from the first model.") { Minimum = 0 };
    private static readonly MethodParameter s_transition = new("transition", ParameterKind.Integer, ParameterScope.Global, "How many layers of the middle, next to either end, are the average of both models.") { Default = 0.0, Minimum = 0 };

    /// <inheritdoc/>
    public override string Name => "layer_swap";

    /// <inheritdoc/>
    public override string Summary => "bottom and top layers of one model, those between of another";

    /// <inheritdoc/>
    public override string Formula => "bottom and top layers: first model; middle layers: second; transition layers: their mean";

    /// <inheritdoc/>
    public override string Source => "Bandarkar et al., Layer Swapping for Zero-Shot Cross-Lingual Transfer in Large Language Models, ICLR 2025";

    /// <inheritdoc/>
    public override BaseRule BaseRule => BaseRule.Optional;

    /// <inheritdoc/>
    public override InputCount InputCount => InputCount.Exactly(2);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_bottom, s_top, s_transition];

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels) => new Kernel<T>(SourceOf(context), kernels);

    // 0 and 1: a model; null: the average of both
    private static int? SourceOf(TensorContext context)
    {
        if (context.Model.Layers.LayerOf(context.Tensor) is not (int layer, int count))
            return 0;
        int bottom = (int)context.Number(s_bottom), top = (int)context.Number(s_top), transition = (int)context.Number(s_transition);
        if (bottom + top > count)
            throw new CabsException(CabsError.ParameterInvalid, $"bottom is {bottom} and top is {top}, but {Text.Quote(context.Tensor)} is one of {count} layers; together they must not exceed that", "bottom");
        if (layer < bottom || layer >= count - top)
            return 0;
        // an end without layers of the first model has no transition either
        bool mixed = (bottom > 0 && layer < bottom + transition) || (top > 0 && layer >= count - top - transition);
        return mixed ? null : 1;
    }

    internal sealed class Kernel<T>(int? source, IKernels<T> kernels) : TensorKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public int? Source => source;

        public override void Merge(Tile<T> tile, Span<T> output, Span<double> sums)
        {
            tile.Input(source ?? 0).CopyTo(output);
            if (source is not null)
                return;
            kernels.Add(output, tile.Input(1));
            kernels.Scale(output, T.CreateTruncating(0.5));
        }
    }
}
