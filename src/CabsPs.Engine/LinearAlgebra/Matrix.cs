namespace CabsPs.Engine.LinearAlgebra;

/// <summary>A dense matrix in float64, row by row.</summary>
public sealed class Matrix
{
    /// <summary>Takes values over as a matrix.</summary>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of columns.</param>
    /// <param name="values">rows · columns values, row by row; not copied.</param>
    public Matrix(int rows, int columns, double[] values)
    {
        if (values.LongLength != (long)rows * columns)
            throw new ArgumentException($"{values.LongLength} values are no {rows} x {columns} matrix", nameof(values));
        (Rows, Columns, Values) = (rows, columns, values);
    }

    /// <summary>A matrix of zeros.</summary>
    public Matrix(int rows, int columns)
        : this(rows, columns, new double[(long)rows * columns])
    {
    }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>All values, row by row.</summary>
    public double[] Values { get; }

    /// <summary>One value.</summary>
    public double this[int row, int column]
    {
        get => Values[((long)row * Columns) + column];
        set => Values[((long)row * Columns) + column] = value;
    }

    /// <summary>One row.</summary>
    public Span<double> Row(int row) => Values.AsSpan(row * Columns, Columns);

    /// <summary>A copy of some of the rows.</summary>
    public Matrix RowRange(int start, int count) => new(count, Columns, Values.AsSpan(start * Columns, count * Columns).ToArray());

    /// <summary>A copy of the first columns.</summary>
    public Matrix FirstColumns(int count)
    {
        var part = new Matrix(Rows, count);
        for (int row = 0; row < Rows; row++)
            Row(row)[..count].CopyTo(part.Row(row));
        return part;
    }

    /// <summary>Adds another matrix times a factor.</summary>
    public void Add(Matrix other, double factor)
    {
        double[] own = Values, values = other.Values;
        for (int i = 0; i < own.Length; i++)
            own[i] += factor * values[i];
    }

    /// <summary>Multiplies every value.</summary>
    public void Scale(double factor)
    {
        foreach (ref double value in Values.AsSpan())
            value *= factor;
    }

    /// <summary>Multiplies every column by a factor of its own.</summary>
    public void ScaleColumns(ReadOnlySpan<double> factors)
    {
        for (int row = 0; row < Rows; row++)
        {
            Span<double> values = Row(row);
            for (int i = 0; i < values.Length; i++)
                values[i] *= factors[i];
        }
    }

    /// <summary>The sum of all squares.</summary>
    public double SumOfSquares()
    {
        double sum = 0;
        foreach (double value in Values)
            sum += value * value;
        return sum;
    }

    /// <summary>Matrices of the same height side by side.</summary>
    public static Matrix SideBySide(IReadOnlyList<Matrix> parts)
    {
        var result = new Matrix(parts[0].Rows, parts.Sum(p => p.Columns));
        for (int row = 0; row < result.Rows; row++)
        {
            Span<double> rest = result.Row(row);
            foreach (Matrix part in parts)
            {
                part.Row(row).CopyTo(rest);
                rest = rest[part.Columns..];
            }
        }

        return result;
    }

    /// <summary>Matrices of the same width one below the other.</summary>
    public static Matrix Stacked(IReadOnlyList<Matrix> parts)
    {
        var result = new Matrix(parts.Sum(p => p.Rows), parts[0].Columns);
        Span<double> rest = result.Values;
        foreach (Matrix part in parts)
        {
            part.Values.CopyTo(rest);
            rest = rest[part.Values.Length..];
        }

        return result;
    }

    /// <summary>The transpose, as a copy.</summary>
    public Matrix Transpose()
    {
        const int block = 32;
        var turned = new Matrix(Columns, Rows);
        double[] from = Values, to = turned.Values;
        for (int top = 0; top < Rows; top += block)
        {
            for (int left = 0; left < Columns; left += block)
            {
                for (int row = top; row < Math.Min(top + block, Rows); row++)
                {
                    for (int column = left; column < Math.Min(left + block, Columns); column++)
                        to[((long)column * Rows) + row] = from[((long)row * Columns) + column];
                }
            }
        }

        return turned;
    }
}
