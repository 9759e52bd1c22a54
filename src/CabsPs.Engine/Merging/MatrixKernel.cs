using System.Numerics;
using CabsPs.Engine.LinearAlgebra;

namespace CabsPs.Engine.Merging;

/// <summary>The computation of a matrix that a method needs as a whole: one pass collects the inputs, then the result is solved for at once, then it is written
/// piece by piece.</summary>
/// <typeparam name="T">float or double.</typeparam>
/// <param name="context">The tensor, of two dimensions.</param>
/// <param name="workspace">Bytes that solving takes besides the inputs.</param>
/// <param name="solve">Gives the merged delta, or the merged weights. It may change the inputs.</param>
/// <param name="deltas">Whether inputs and result are differences from the base.</param>
internal sealed class MatrixKernel<T>(TensorContext context, long workspace, Func<MatrixTask, Matrix> solve, bool deltas = true) : TensorKernel<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly MatrixCollector _inputs = Collector(context);
    private readonly List<string> _notes = [];
    private Matrix? _result;

    /// <inheritdoc/>
    public override int MeasuringPasses => 1;

    /// <inheritdoc/>
    public override long WholeBytes => _inputs.ByteLength + workspace;

    /// <inheritdoc/>
    public override int SumCount(int pass) => pass == MeasuringPasses ? 1 : 0;

    /// <inheritdoc/>
    public override void Measure(int pass, Tile<T> tile, Span<double> sums)
    {
        for (int i = 0; i < context.Inputs.Count; i++)
        {
            // as they are stored: a difference rounded to float32 can change which of two nearly equal numbers is larger
            if (deltas)
                _inputs.AddDifference<T>(i, tile.Start, tile.Input(i), tile.Base);
            else
                _inputs.Add<T>(i, tile.Start, tile.Input(i));
        }
    }

    /// <inheritdoc/>
    public override bool SolvesAfter(int pass) => pass == 0;

    /// <inheritdoc/>
    public override void Solve(int pass, SolveScope scope)
    {
        Matrix[] inputs = _inputs.Take();
        LargeArrays.Free();
        CheckFinite(context, inputs);
        _result = solve(new MatrixTask(context, inputs, context.Model.Algebra, scope, what => _notes.Add(what)));
        LargeArrays.Free();
    }

    /// <inheritdoc/>
    public override void Merge(Tile<T> tile, Span<T> output, Span<double> sums)
    {
        ReadOnlySpan<double> result = Part(tile);
        ReadOnlySpan<T> origin = tile.Base;
        for (int i = 0; i < output.Length; i++)
            output[i] = deltas ? T.CreateTruncating(double.CreateTruncating(origin[i]) + result[i]) : T.CreateTruncating(result[i]);
    }

    /// <inheritdoc/>
    public override void MergeDelta(Tile<T> tile, Span<T> delta, Span<double> sums)
    {
        ReadOnlySpan<double> result = Part(tile);
        ReadOnlySpan<T> origin = tile.Base;
        for (int i = 0; i < delta.Length; i++)
            delta[i] = T.CreateTruncating(deltas ? result[i] : result[i] - double.CreateTruncating(origin[i]));
    }

    /// <inheritdoc/>
    public override void Report(ReadOnlySpan<double> totals, Tally tally)
    {
        foreach (string note in _notes.Distinct())
            tally.Note(note);
    }

    /// <inheritdoc/>
    public override void Release() => _result = null;

    /// <summary>Refuses values of which no decomposition exists.</summary>
    /// <exception cref="CabsException">One is not finite.</exception>
    public static void CheckFinite(TensorContext context, IEnumerable<Matrix> matrices)
    {
        if (context.Model.Definition.AllowNonFinite && matrices.Any(m => m.Values.Any(v => !double.IsFinite(v))))
            throw new CabsException(CabsError.NonFiniteInput, $"tensor {Text.Quote(context.Tensor)} holds NaN or infinity, of which there are no singular vectors; repair the model, or exclude the tensor", context.Tensor);
    }

    private static MatrixCollector Collector(TensorContext context)
    {
        MatrixCollector.Check(context);
        return new MatrixCollector(context, context.Inputs.Count);
    }

    /// <summary>Whether inputs and result are differences from the base.</summary>
    internal bool AreDeltas => deltas;

    /// <summary>How many inputs are collected.</summary>
    internal int InputCount => context.Inputs.Count;

    /// <summary>Takes a piece of an input over.</summary>
    internal void Collect(int input, long start, ReadOnlySpan<double> values) => _inputs.Add(input, start, values);

    /// <summary>A piece of what was solved for.</summary>
    internal ReadOnlySpan<double> Result(long start, int length) => _result!.Values.AsSpan((int)start, length);

    private ReadOnlySpan<double> Part(Tile<T> tile) => Result(tile.Start, tile.Length);
}
