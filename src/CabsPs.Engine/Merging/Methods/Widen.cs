using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>WIDEN: weight disentanglement. Each column of a matrix (each row of the token embedding) is taken apart into its norm and its
/// direction; how far a model moved either, |‖f‖ − ‖b‖| and 1 − cos(f, b), is ranked over the columns, lowest first, and the ranks k/n of the models go
/// through a softmax; where 2k &gt; ratio·(n − 1) the score is a fixed one. A column's delta is weighted by the mean of its two
/// scores. Tensors of other shapes are scored weight by weight: the softmax over the models of |δ|, the fixed score where
/// |δ| &gt; ratio · mean|δ|, the mean running over the first axis. The result is base + Σ score · δ.</summary>
public sealed class Widen : MergeMethod
{
    private static readonly MethodParameter s_ratio = new("above_average_value_ratio", ParameterKind.Number, ParameterScope.Global, "How far above the average a change must be to get the fixed score.") { Default = 1.0 };
    private static readonly MethodParameter s_calibration = new("score_calibration_value", ParameterKind.Number, ParameterScope.Global, "The fixed score.") { Default = 1.0 };

    /// <inheritdoc/>
    public override string Name => "widen";

    /// <inheritdoc/>
    public override string Summary => "base + Σ score · δ, by how far each model turned and stretched each column";

    /// <inheritdoc/>
    public override string Formula => "base + Σ score · δ by column, score = mean of the softmaxes over the models of the ranks of |‖f‖ − ‖b‖| and of 1 − cos(f, b)";

    /// <inheritdoc/>
    public override string Source => "Yu et al., Extend Model Merging from Fine-Tuned to Pre-Trained Large Language Models via Weight Disentanglement, 2024";

    /// <inheritdoc/>
    public override InputCount InputCount => new(1);

    /// <inheritdoc/>
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [s_ratio, s_calibration];

    /// <inheritdoc/>
    public override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels)
    {
        var scoring = new WidenScoring(context.Number(s_ratio), context.Number(s_calibration));
        return context.Shape.Count != 2 ? new WeightKernel<T>(scoring, context, kernels)
            : Checkpoints.TiedWeights.IsEmbedding(context.Tensor) ? new RowKernel<T>(scoring, context)
            : new ColumnKernel<T>(scoring, context);
    }

    private const int MostLines = 1 << 20;

    // every line has sums, and an empty tensor may claim any number of them
    private static int Lines(TensorContext context, long count, string what) =>
        context.Count == 0 ? 1
        : count <= MostLines ? (int)Math.Max(1, count)
        : throw new CabsException(CabsError.ParameterInvalid, $"tensor {Text.Quote(context.Tensor)} has {count} {what}; widen scores at most {MostLines}", context.Tensor);

    // parts with sums of their own for every column: few, so that they stay small
    private static int SegmentsFor(int sums) => Math.Clamp((1 << 21) / Math.Max(1, sums), 1, 16);

    // weight by weight, with the mean magnitude of each delta; a vector is one column
    internal sealed class WeightKernel<T>(WidenScoring scoring, TensorContext context, IKernels<T> kernels) : DeltaKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public WidenScoring Scoring => scoring;

        public int Inputs => _inputs;

        public int Columns => _columns;

        public double[] Limits => _limits;

        private readonly long _rows = context.Shape.Count == 0 ? 1 : Math.Max(1, context.Shape[0]);
        private readonly int _columns = Lines(context, context.Count / (context.Shape.Count == 0 ? 1 : Math.Max(1, context.Shape[0])), "columns");
        private readonly int _inputs = context.Inputs.Count;
        private double[] _limits = [];

        public override int MeasuringPasses => 1;

        public override int MostSegments => SegmentsFor(_inputs * _columns);

        public override int SumCount(int pass) => pass == 0 ? _inputs * _columns : 0;

        public override void Measure(int pass, Tile<T> tile, Span<double> sums)
        {
            for (int i = 0; i < _inputs; i++)
            {
                ReadOnlySpan<T> own = tile.Input(i);
                for (int j = 0; j < own.Length; j++)
                    sums[(i * _columns) + (int)((tile.Start + j) % _columns)] += Math.Abs(double.CreateTruncating(own[j]));
            }
        }

        public override void Complete(int pass, ReadOnlySpan<double> totals)
        {
            _limits = new double[totals.Length];
            for (int i = 0; i < totals.Length; i++)
                _limits[i] = totals[i] / _rows * scoring.Ratio;
        }

        public override void MergeDelta(Tile<T> tile, Span<T> delta, Span<double> sums)
        {
            Span<double> own = new double[_inputs];
            delta.Clear();
            Span<T> score = tile.Scratch;
            for (int i = 0; i < _inputs; i++)
            {
                for (int j = 0; j < score.Length; j++)
                {
                    for (int k = 0; k < _inputs; k++)
                        own[k] = Math.Abs(double.CreateTruncating(tile.Input(k)[j]));
                    double limit = _limits[(i * _columns) + (int)((tile.Start + j) % _columns)];
                    score[j] = T.CreateTruncating(own[i] > limit ? scoring.Calibration : WidenScoring.Softmax(own, i));
                }

                for (int j = 0; j < score.Length; j++)
                    score[j] *= tile.Input(i)[j];
                kernels.Add(delta, score);
            }
        }
    }

    /// <summary>What the kernels of matrices share: lines (columns or rows) with energies and products, then a weight per line.</summary>
    internal abstract class LineKernel<T>(WidenScoring scoring, int inputs, int lines) : TensorKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public T[][] Weights => _weights;

        private T[][] _weights = [];

        /// <summary>How many models there are.</summary>
        public int Inputs { get; } = inputs;

        /// <summary>How many lines there are.</summary>
        public int Lines { get; } = lines;

        public sealed override int MeasuringPasses => 1;

        public sealed override void Merge(Tile<T> tile, Span<T> output, Span<double> sums)
        {
            MergeDelta(tile, output, sums);
            for (int j = 0; j < output.Length; j++)
                output[j] += tile.Base[j];
        }

        public sealed override void MergeDelta(Tile<T> tile, Span<T> delta, Span<double> sums)
        {
            ReadOnlySpan<T> origin = tile.Base;
            delta.Clear();
            for (int i = 0; i < Inputs; i++)
            {
                ReadOnlySpan<T> own = tile.Input(i);
                T[] weights = _weights[i];
                (int line, int step) = (LineOf(tile.Start), 0);
                for (int j = 0; j < delta.Length; j++)
                {
                    delta[j] += (own[j] - origin[j]) * weights[line];
                    Advance(ref line, ref step);
                }
            }
        }

        /// <summary>The line of an element.</summary>
        protected abstract int LineOf(long index);

        /// <summary>Goes on to the next element.</summary>
        protected abstract void Advance(ref int line, ref int step);

        /// <summary>Turns energies and products into weights.</summary>
        /// <param name="origin">‖b‖² of each line.</param>
        /// <param name="energies">‖f‖², model after model.</param>
        /// <param name="products">f · b, model after model.</param>
        public void Score(ReadOnlySpan<double> origin, ReadOnlySpan<double> energies, ReadOnlySpan<double> products) =>
            _weights = [.. scoring.Weights(Inputs, origin, energies, products).Select(w => w.Select(T.CreateTruncating).ToArray())];
    }

    internal sealed class ColumnKernel<T>(WidenScoring scoring, TensorContext context) : LineKernel<T>(scoring, context.Inputs.Count, Widen.Lines(context, context.RowLength, "columns"))
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public override int MostSegments => SegmentsFor(SumCount(0));

        public override int SumCount(int pass) => pass == 0 ? Lines * (1 + (2 * Inputs)) : 0;

        public override void Measure(int pass, Tile<T> tile, Span<double> sums)
        {
            ReadOnlySpan<T> origin = tile.Base;
            for (int i = -1; i < Inputs; i++)
            {
                ReadOnlySpan<T> own = i < 0 ? origin : tile.Input(i);
                Span<double> energies = sums.Slice((1 + i) * Lines, Lines), products = i < 0 ? [] : sums.Slice((1 + Inputs + i) * Lines, Lines);
                int column = LineOf(tile.Start);
                for (int j = 0; j < own.Length; j++)
                {
                    double value = double.CreateTruncating(own[j]);
                    energies[column] += value * value;
                    if (i >= 0)
                        products[column] += value * double.CreateTruncating(origin[j]);
                    column = column + 1 == Lines ? 0 : column + 1;
                }
            }
        }

        public override void Complete(int pass, ReadOnlySpan<double> totals) =>
            Score(totals[..Lines], totals.Slice(Lines, Inputs * Lines), totals[((1 + Inputs) * Lines)..]);

        protected override int LineOf(long index) => (int)(index % Lines);

        protected override void Advance(ref int line, ref int step) => line = line + 1 == Lines ? 0 : line + 1;
    }

    // a row lies in one piece: its sums are whole and need not be added up
    internal sealed class RowKernel<T> : LineKernel<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        private readonly double[] _origin;
        private readonly double[] _energies;
        private readonly double[] _products;

        public RowKernel(WidenScoring scoring, TensorContext context)
            : base(scoring, context.Inputs.Count, Widen.Lines(context, context.Shape[0], "rows"))
        {
            if (context.RowLength > TaskVectors.CabsSparsifier.MaxBlockLength)
                throw new CabsException(CabsError.ParameterInvalid, $"tensor {Text.Quote(context.Tensor)} has rows of {context.RowLength} weights; widen scores rows of at most {TaskVectors.CabsSparsifier.MaxBlockLength}", context.Tensor);
            BlockLength = (int)Math.Max(1, context.RowLength);
            _origin = new double[Lines];
            _energies = new double[Lines * Inputs];
            _products = new double[Lines * Inputs];
        }

        public override int BlockLength { get; }

        public override void Measure(int pass, Tile<T> tile, Span<double> sums)
        {
            for (int at = 0; at < tile.Length; at += BlockLength)
            {
                int row = LineOf(tile.Start + at);
                ReadOnlySpan<T> origin = tile.Base.Slice(at, BlockLength);
                _origin[row] = Reductions.Dot(origin, origin);
                for (int i = 0; i < Inputs; i++)
                {
                    ReadOnlySpan<T> own = tile.Input(i).Slice(at, BlockLength);
                    _energies[(i * Lines) + row] = Reductions.Dot(own, own);
                    _products[(i * Lines) + row] = Reductions.Dot(own, origin);
                }
            }
        }

        public override void Complete(int pass, ReadOnlySpan<double> totals) => Score(_origin, _energies, _products);

        protected override int LineOf(long index) => (int)(index / BlockLength);

        protected override void Advance(ref int line, ref int step)
        {
            if (++step == BlockLength)
                (line, step) = (line + 1, 0);
        }
    }
}
