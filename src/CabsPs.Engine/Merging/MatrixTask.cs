using CabsPs.Engine.LinearAlgebra;

namespace CabsPs.Engine.Merging;

/// <summary>The merge of one matrix: what a method is given to compute with.</summary>
/// <param name="Context">The tensor and its parameter values.</param>
/// <param name="Inputs">The models' matrices, or their deltas.</param>
/// <param name="Algebra">The linear algebra.</param>
/// <param name="Scope">What the run gives.</param>
/// <param name="Note">Receives what the user may want to change, in words that fit any tensor.</param>
public sealed record MatrixTask(TensorContext Context, IReadOnlyList<Matrix> Inputs, ILinearAlgebra Algebra, SolveScope Scope, Action<string> Note)
{
    /// <summary>Singular values below this share of the largest are rounding noise of float32 weights: a merged adapter's, mostly.</summary>
    public const double NoiseShare = 1e-5;

    /// <summary>Number of rows.</summary>
    public int Rows => Inputs[0].Rows;

    /// <summary>Number of columns.</summary>
    public int Columns => Inputs[0].Columns;

    /// <summary>Whether some of the first singular values are no more than noise and yet not zero.</summary>
    public static bool HasNoise(ReadOnlySpan<double> values, double largest)
    {
        foreach (double value in values)
        {
            if (value > 0 && value < NoiseShare * largest)
                return true;
        }

        return false;
    }

    /// <summary>Between two steps: ends the work where that is wished, and frees what the last step left.</summary>
    public void Pause()
    {
        Scope.Cancel.ThrowIfCancellationRequested();
        LargeArrays.Free();
    }

    /// <summary>The sum of the inputs.</summary>
    public Matrix Sum()
    {
        var sum = new Matrix(Rows, Columns);
        foreach (Matrix input in Inputs)
            sum.Add(input, 1);
        return sum;
    }
}
