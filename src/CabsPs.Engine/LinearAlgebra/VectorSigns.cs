namespace CabsPs.Engine.LinearAlgebra;

/// <summary>The rule that fixes the signs of singular vectors and eigenvectors, the same for all implementations: the component of largest magnitude,
/// the first among equals, is positive.</summary>
public static class VectorSigns
{
    /// <summary>Gives the right singular vectors the sign of the rule, and the left ones the same change.</summary>
    /// <param name="left">Left singular vectors as columns.</param>
    /// <param name="right">Right singular vectors as rows.</param>
    public static void Fix(Matrix left, Matrix right)
    {
        var flips = new bool[right.Rows];
        for (int i = 0; i < right.Rows; i++)
        {
            Span<double> row = right.Row(i);
            if (flips[i] = LargestIsNegative(row, 1))
                Negate(row);
        }

        Flip(left, flips);
    }

    /// <summary>Gives eigenvectors the sign of the rule.</summary>
    /// <param name="columns">The vectors as columns.</param>
    public static void Fix(Matrix columns)
    {
        var flips = new bool[columns.Columns];
        for (int i = 0; i < flips.Length; i++)
            flips[i] = columns.Rows > 0 && LargestIsNegative(columns.Values.AsSpan(i), columns.Columns);
        Flip(columns, flips);
    }

    private static bool LargestIsNegative(ReadOnlySpan<double> values, int stride)
    {
        double largest = 0;
        for (int i = 0; i < values.Length; i += stride)
            largest = Math.Abs(values[i]) > Math.Abs(largest) ? values[i] : largest;
        return largest < 0;
    }

    private static void Negate(Span<double> values)
    {
        foreach (ref double value in values)
            value = -value;
    }

    private static void Flip(Matrix matrix, bool[] columns)
    {
        for (int row = 0; row < matrix.Rows; row++)
        {
            Span<double> values = matrix.Row(row);
            for (int i = 0; i < values.Length; i++)
                values[i] = columns[i] ? -values[i] : values[i];
        }
    }
}
