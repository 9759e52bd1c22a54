using System.Numerics;
using MathNet.Numerics;
using MathNet.Numerics.Providers.LinearAlgebra;

namespace CabsPs.Engine.LinearAlgebra;

/// <summary>Linear algebra in managed code, on the calling thread, in float64. Eigenvectors are MathNet.Numerics' (a tridiagonal form, then implicit QL);
/// singular vectors come from those of AᵀA or AAᵀ, whichever is smaller.</summary>
/// <remarks>Squaring a matrix loses what lies below 1e-8 of its largest singular value, and orthogonality long before. Therefore only vectors within 1e-3 of the
/// largest are taken; the rest of the matrix, which is orthogonal to them, is squared anew. That costs one more, smaller decomposition per three digits
/// of the condition number and gives every vector to about 1e-10 of the others.</remarks>
public sealed class MathNetLinearAlgebra : ILinearAlgebra
{
    // what of a level's singular values, as a share of its largest, is accurate enough
    private const double LevelShare = 1e-3;

    // MathNet counts bytes of a matrix in 31 bits
    private const int MostOrder = 16383;

    private MathNetLinearAlgebra()
    {
    }

    /// <summary>The implementation; it has no state.</summary>
    public static MathNetLinearAlgebra Instance { get; } = new();

    /// <inheritdoc/>
    public string Name => "MathNet.Numerics";

    /// <inheritdoc/>
    public Matrix Multiply(Matrix a, Matrix b, Transposed transposed = Transposed.Neither) => MatrixProduct.Of(a, b, transposed);

    /// <inheritdoc/>
    public SymmetricEigen Eigen(Matrix symmetric)
    {
        SymmetricEigen found = Decompose(symmetric);
        VectorSigns.Fix(found.Vectors);
        return found;
    }

    /// <inheritdoc/>
    public Matrix PolarFactor(Matrix a)
    {
        ThinSvd svd = Svd(a);
        return Multiply(svd.U, svd.V);
    }

    /// <inheritdoc/>
    public ThinSvd Svd(Matrix a)
    {
        bool wide = a.Columns > a.Rows;
        (Matrix left, double[] values, Matrix right) = SvdOfTall(wide ? a.Transpose() : a);
        ThinSvd svd = wide ? new ThinSvd(right, values, left.Transpose()) : new ThinSvd(left, values, right.Transpose());
        VectorSigns.Fix(svd.U, svd.V);
        return svd;
    }

    // left and right singular vectors as columns
    private (Matrix Left, double[] Values, Matrix Right) SvdOfTall(Matrix a)
    {
        int order = a.Columns;
        Matrix left = new(a.Rows, order), right = new(order, order), rest = a;
        double[] values = new double[order];
        Matrix? basis = null;
        double zero = 0;
        for (int done = 0; done < order && NormOf(rest) > zero;)
        {
            SymmetricEigen level = Decompose(Multiply(rest, rest, Transposed.First));
            LargeArrays.Free();
            rest = Multiply(rest, level.Vectors);
            basis = basis is null ? level.Vectors : Multiply(basis, level.Vectors);
            double[] lengths = ColumnLengths(rest);
            if (lengths[0] <= zero)
                break;
            if (done == 0)
                zero = Math.Max(a.Rows, order) * (Math.BitIncrement(1) - 1) * lengths.Max();
            int taken = 1;
            while (taken < lengths.Length && lengths[taken] > LevelShare * lengths[0])
                taken++;
            for (int i = 0; i < taken && lengths[i] > zero; i++)
            {
                // values that are equal within rounding may come out of order
                values[done + i] = done + i == 0 ? lengths[i] : Math.Min(lengths[i], values[done + i - 1]);
                CopyColumn(rest, i, left, done + i, 1 / lengths[i]);
                CopyColumn(basis, i, right, done + i, 1);
            }

            done += taken;
            if (done == order)
                break;
            rest = LastColumns(rest, taken);
            basis = LastColumns(basis, taken);
            RemoveSpan(rest, left);
            LargeArrays.Free();
        }

        return (left, values, right);
    }

    // what is left of the columns found so far in those still to be decomposed
    private void RemoveSpan(Matrix rest, Matrix found)
    {
        Matrix part = Multiply(found, Multiply(found, rest, Transposed.First));
        for (long i = 0; i < rest.Values.LongLength; i++)
            rest.Values[i] -= part.Values[i];
    }

    private static SymmetricEigen Decompose(Matrix symmetric)
    {
        int order = symmetric.Rows;
        if (order > MostOrder)
            throw new CabsException(CabsError.MemoryLimit, $"eigenvectors of a matrix of {order} rows and columns are more than MathNet.Numerics computes (at most {MostOrder}); leave the tensor out, or use the torch engine", order);
        var vectors = new Matrix(order, order);
        double[] values = new double[order];
        if (order == 0)
            return new SymmetricEigen(values, vectors);
        double[] columns = new double[symmetric.Values.LongLength];
        var found = new Complex[order];
        try
        {
            // the provider itself: which one MathNet prefers is a setting of the whole process
            ManagedLinearAlgebraProvider.Instance.EigenDecomp(true, order, symmetric.Values, columns, found, new double[symmetric.Values.LongLength]);
        }
        catch (NonConvergenceException e)
        {
            throw new CabsException(CabsError.NonFiniteInput, $"eigenvectors of a matrix of {order} rows and columns were not found: {e.Message}", order, e);
        }

        // smallest first, column by column
        for (int i = 0; i < order; i++)
            values[i] = found[order - 1 - i].Real;
        for (int row = 0; row < order; row++)
        {
            Span<double> own = vectors.Row(row);
            for (int i = 0; i < order; i++)
                own[i] = columns[((long)(order - 1 - i) * order) + row];
        }

        return new SymmetricEigen(values, vectors);
    }

    private static double NormOf(Matrix matrix)
    {
        double sum = 0;
        foreach (double value in matrix.Values)
            sum += value * value;
        return Math.Sqrt(sum);
    }

    private static double[] ColumnLengths(Matrix matrix)
    {
        double[] sums = new double[matrix.Columns];
        for (int row = 0; row < matrix.Rows; row++)
        {
            ReadOnlySpan<double> values = matrix.Row(row);
            for (int i = 0; i < sums.Length; i++)
                sums[i] += values[i] * values[i];
        }

        return [.. sums.Select(Math.Sqrt)];
    }

    private static void CopyColumn(Matrix from, int column, Matrix to, int target, double factor)
    {
        for (int row = 0; row < from.Rows; row++)
            to[row, target] = from[row, column] * factor;
    }

    private static Matrix LastColumns(Matrix matrix, int start)
    {
        var part = new Matrix(matrix.Rows, matrix.Columns - start);
        for (int row = 0; row < matrix.Rows; row++)
            matrix.Row(row)[start..].CopyTo(part.Row(row));
        return part;
    }
}
