using System.Numerics;
using CabsPs.Engine.LinearAlgebra;

namespace CabsPs.Engine.Merging;

/// <summary>A step that changes the merged delta of a matrix as a whole: one more pass collects it, and the models' deltas where the step needs them.</summary>
/// <typeparam name="T">float or double.</typeparam>
/// <param name="context">The tensor, of two dimensions.</param>
/// <param name="merged">The computation of all that comes before.</param>
/// <param name="inputs">Which inputs' deltas the step needs.</param>
/// <param name="workspace">Bytes that solving takes besides the matrices.</param>
/// <param name="solve">Gives the new delta from the task and the merged one.</param>
internal sealed class MatrixStepKernel<T>(TensorContext context, TensorKernel<T> merged, int[] inputs, long workspace, Func<MatrixTask, Matrix, Matrix> solve) : StepKernel<T>(merged)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly MatrixCollector _collected = Collector(context, inputs.Length + 1);
    private readonly List<string> _notes = [];
    private double[] _totals = [];
    private Matrix? _result;

    /// <summary>Which inputs' deltas the step needs.</summary>
    internal int[] Inputs => inputs;

    /// <summary>Takes a piece over: of the deltas of <see cref="Inputs"/>, and after them of the merged one.</summary>
    internal void Collect(int index, long start, ReadOnlySpan<double> values) => _collected.Add(index, start, values);

    /// <summary>A piece of what was solved for.</summary>
    internal ReadOnlySpan<double> Result(long start, int length) => _result!.Values.AsSpan((int)start, length);

    private int OwnPass => Merged.MeasuringPasses;

    /// <inheritdoc/>
    public override int MeasuringPasses => OwnPass + 1;

    /// <inheritdoc/>
    public override long WholeBytes => Merged.WholeBytes + _collected.ByteLength + workspace;

    // the figures of what comes before are those of the pass in which it is computed
    public override int SumCount(int pass) => pass <= OwnPass ? Merged.SumCount(pass) : 1;

    /// <inheritdoc/>
    public override int StrideOf(int pass) => pass < OwnPass ? Merged.StrideOf(pass) : 1;

    /// <inheritdoc/>
    public override void Measure(int pass, Tile<T> tile, Span<double> sums)
    {
        if (pass < OwnPass)
        {
            Merged.Measure(pass, tile, sums);
            return;
        }

        // before the tile is overwritten
        for (int i = 0; i < inputs.Length; i++)
        {
            if (Merged.WantsDeltas)
                _collected.Add<T>(i, tile.Start, tile.Input(inputs[i]));
            else
                _collected.AddDifference<T>(i, tile.Start, tile.Input(inputs[i]), tile.Base);
        }

        Merged.MergeDelta(tile, tile.Output, sums);
        _collected.Add<T>(inputs.Length, tile.Start, tile.Output);
    }

    /// <inheritdoc/>
    public override void Complete(int pass, ReadOnlySpan<double> totals)
    {
        if (pass < OwnPass)
            Merged.Complete(pass, totals);
        else
            _totals = totals.ToArray();
    }

    /// <inheritdoc/>
    public override bool SolvesAfter(int pass) => pass == OwnPass || Merged.SolvesAfter(pass);

    /// <inheritdoc/>
    public override void Solve(int pass, SolveScope scope)
    {
        if (pass < OwnPass)
        {
            Merged.Solve(pass, scope);
            return;
        }

        Matrix[] collected = _collected.Take();
        LargeArrays.Free();
        MatrixKernel<T>.CheckFinite(context, collected);
        _result = solve(new MatrixTask(context, collected[..^1], context.Model.Algebra, scope, _notes.Add), collected[^1]);
        LargeArrays.Free();
    }

    /// <inheritdoc/>
    public override void MergeDelta(Tile<T> tile, Span<T> delta, Span<double> sums)
    {
        ReadOnlySpan<double> result = _result!.Values.AsSpan((int)tile.Start, tile.Length);
        for (int i = 0; i < delta.Length; i++)
            delta[i] = T.CreateTruncating(result[i]);
    }

    /// <inheritdoc/>
    public override void Report(ReadOnlySpan<double> totals, Tally tally)
    {
        if (_totals.Length > 0)
            Merged.Report(_totals, tally);
        foreach (string note in _notes.Distinct())
            tally.Note(note);
    }

    /// <inheritdoc/>
    public override void Release()
    {
        Merged.Release();
        _result = null;
    }

    private static MatrixCollector Collector(TensorContext context, int count)
    {
        MatrixCollector.Check(context);
        return new MatrixCollector(context, count);
    }
}
