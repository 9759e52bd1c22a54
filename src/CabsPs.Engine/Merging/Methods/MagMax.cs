using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>MagMax: of each weight the delta with the largest magnitude, the later model's among equals, times a factor.</summary>
public sealed class MagMax : MergeMethod
{
    private static readonly MethodParameter s_factor = new("scaling_factor", ParameterKind.Number, ParameterScope.Global, "Scales what was selected.") { Default = 0.5 };

    /// <inheritdoc/>
    public override string Name => "magmax";

    /// <inheritdoc/>
    public override string Summary => "base + λ · the delta with the largest magnitude, weight by weight";

    /// <inheritdoc/>
    public override string Formula => "base + λ · δᵢ, i the model with the largest |δ|";

    /// <inheritdoc/>
    public override string Source => "Marczak et al., MagMax: Leveraging Model Merging for Seamless Continual Learning, ECCV 2024";

    /// <inheritdoc/>
    public override InputCount InputCount => new(1);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_factor];

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels) =>
        new Kernel<T>(context.Inputs.Count, T.CreateTruncating(context.Number(s_factor)), kernels);

    internal sealed class Kernel<T>(int inputs, T factor, IKernels<T> kernels) : DeltaKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public int Inputs => inputs;

        public T Factor => factor;

        public override void MergeDelta(Tile<T> tile, Span<T> delta, Span<double> sums)
        {
            tile.Input(0).CopyTo(delta);
            for (int i = 1; i < inputs; i++)
            {
                ReadOnlySpan<T> own = tile.Input(i);
                for (int j = 0; j < delta.Length; j++)
                    delta[j] = T.Abs(own[j]) >= T.Abs(delta[j]) ? own[j] : delta[j];
            }

            kernels.Scale(delta, factor);
        }
    }
}
