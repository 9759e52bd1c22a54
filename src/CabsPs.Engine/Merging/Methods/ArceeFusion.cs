using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>Takes over the model's most important changes: a change is important by its size and by how much its row's distribution changed,
/// |δ| · KL(softmax of the model's row ‖ softmax of the base's row), and is taken where its importance reaches
/// median + 1.5 · (third − first quartile) of the tensor.</summary>
/// <remarks>Quartiles are the sorted importances at ⌊q(n − 1)⌋, found exactly whatever the size (mergekit estimates those of more than a million
/// weights from a random sample of a million). The divergence is computed in float64 per row, 1e-8 added to both distributions, and is never
/// below 0; it is kept for up to a million rows, beyond that computed anew in each pass. Two passes find the quartiles (four in float64).</remarks>
public sealed class ArceeFusion : MergeMethod
{
    /// <inheritdoc/>
    public override string Name => "arcee_fusion";

    /// <inheritdoc/>
    public override string Summary => "the model's most important changes: the large ones, in rows whose distribution changed";

    /// <inheritdoc/>
    public override string Formula => "the model where |δ| · KL(softmax model row ‖ softmax base row) ≥ median + 1.5 · (q₃ − q₁), else the base";

    /// <inheritdoc/>
    public override string Source => "Arcee Fusion, arcee.ai, 2025; as in mergekit, with exact quartiles";

    /// <inheritdoc/>
    public override InputCount InputCount => InputCount.Exactly(1);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [];

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels) => new Kernel<T>(context, kernels);

    internal sealed class Kernel<T>(TensorContext context, IKernels<T> kernels) : TensorKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public long Count => context.Count;

        private const long MaxRowsKept = 1 << 20;
        private readonly QuantileSearch<T> _search = new((context.Count - 1) / 4, (context.Count - 1) / 2, (context.Count - 1) * 3 / 4);
        private readonly Lazy<double[]?> _divergences = new(() => context.Count / Math.Max(1, context.RowLength) is var rows and <= MaxRowsKept ? new double[rows] : null);
        private T _threshold;

        public override int BlockLength { get; } = WholeRows.LengthOf(context, "arcee_fusion");

        public override int MeasuringPasses => QuantileSearch<T>.Passes;

        public override void Measure(int pass, Tile<T> tile, Span<double> sums)
        {
            Weigh(pass, tile);
            _search.Measure(pass, tile.Total);
        }

        public override void Complete(int pass, ReadOnlySpan<double> totals)
        {
            _search.Complete(pass);
            if (pass == MeasuringPasses - 1)
                _threshold = _search.Value(1) + (T.CreateTruncating(1.5) * (_search.Value(2) - _search.Value(0)));
        }

        public override void Merge(Tile<T> tile, Span<T> output, Span<double> sums)
        {
            Weigh(MeasuringPasses, tile);
            ReadOnlySpan<T> importance = tile.Total, model = tile.Input(0), origin = tile.Base;
            for (int i = 0; i < output.Length; i++)
                output[i] = importance[i] >= _threshold ? model[i] : origin[i];
        }

        // importances into the tile's sums
        private void Weigh(int pass, Tile<T> tile)
        {
            Span<T> importance = tile.Total;
            tile.Input(0).CopyTo(importance);
            kernels.Subtract(importance, tile.Base);
            for (int row = 0; row < tile.Length; row += BlockLength)
            {
                double divergence = DivergenceOf(pass, tile, row);
                T factor = T.CreateTruncating(divergence);
                foreach (ref T value in importance.Slice(row, BlockLength))
                    value = T.Abs(value) * factor;
            }
        }

        private double DivergenceOf(int pass, Tile<T> tile, int row)
        {
            long index = (tile.Start + row) / BlockLength;
            double[]? kept = _divergences.Value;
            if (pass > 0 && kept is not null)
                return kept[index];
            double divergence = Divergence.OfSoftmax<T>(tile.Input(0).Slice(row, BlockLength), tile.Base.Slice(row, BlockLength));
            if (kept is not null)
                kept[index] = divergence;
            return divergence;
        }
    }
}
