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
