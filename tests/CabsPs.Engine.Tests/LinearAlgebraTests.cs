using CabsPs.Engine.LinearAlgebra;

namespace CabsPs.Engine.Tests;

/// <summary>Linear algebra against its definitions: products by the schoolbook sum, decompositions by what they must put together again.</summary>
public sealed class LinearAlgebraTests
{
    private static readonly ILinearAlgebra s_algebra = MathNetLinearAlgebra.Instance;

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 5, 7)]
    [InlineData(4, 256, 12)]
    [InlineData(131, 259, 25)]
    [InlineData(2, 3, 1561)]
    [InlineData(5, 0, 4)]
    public void A_product_is_the_sum_of_products(int rows, int depth, int columns)
    {
        Matrix a = Random(rows, depth, 1), b = Random(depth, columns, 2), expected = Schoolbook(a, b);
        AssertNear(expected, s_algebra.Multiply(a, b), 1e-12);
        AssertNear(expected, s_algebra.Multiply(a.Transpose(), b, Transposed.First), 1e-12);
        AssertNear(expected, s_algebra.Multiply(a, b.Transpose(), Transposed.Second), 1e-12);
        AssertNear(expected, s_algebra.Multiply(a.Transpose(), b.Transpose(), Transposed.First | Transposed.Second), 1e-12);
    }

    [Theory]
    [InlineData(300, 41)]
    [InlineData(17, 1700)]
    public void A_product_with_its_own_transpose_is_symmetric_to_the_bit(int rows, int columns)
    {
        Matrix a = Random(rows, columns, 3), gram = s_algebra.Multiply(a, a, Transposed.First);
        AssertNear(Schoolbook(a.Transpose(), a), gram, 1e-11);
        Assert.Equal(gram.Values, gram.Transpose().Values);
        AssertNear(Schoolbook(a, a.Transpose()), s_algebra.Multiply(a, a, Transposed.Second), 1e-11);
    }

    [Theory]
    [InlineData(30, 12, 0)]
    [InlineData(12, 30, 3)]
    [InlineData(40, 40, 7)]
    [InlineData(50, 20, 13)]
    [InlineData(1, 9, 0)]
    [InlineData(9, 1, 0)]
    public void Singular_vectors_are_orthonormal_and_put_the_matrix_together(int rows, int columns, int digits)
    {
        // singular values from 1 down to 10^-digits
        int rank = Math.Min(rows, columns);
        double[] values = [.. Enumerable.Range(0, rank).Select(i => Math.Pow(10, rank == 1 ? 0 : -digits * i / (double)(rank - 1)))];
        Matrix a = WithSingularValues(values, rows, columns);
        ThinSvd svd = s_algebra.Svd(a);
        for (int i = 0; i < rank; i++)
            Assert.Equal(values[i], svd.S[i], 1e-14 + (1e-9 * values[i]));
        AssertNear(Identity(rank), s_algebra.Multiply(svd.U, svd.U, Transposed.First), digits > 12 ? 1e-2 : 1e-8);
        AssertNear(Identity(rank), s_algebra.Multiply(svd.V, svd.V, Transposed.Second), digits > 12 ? 1e-2 : 1e-8);
        AssertNear(a, s_algebra.Multiply(Scaled(svd.U, svd.S), svd.V), 1e-12);
        AssertNear(s_algebra.Multiply(svd.U, svd.V), s_algebra.PolarFactor(a), 0);
    }

    [Fact]
    public void Directions_in_which_a_matrix_is_zero_stay_zero()
    {
        Matrix a = WithSingularValues([3, 2, 1e-9], 20, 14);
        ThinSvd svd = s_algebra.Svd(a);
        Assert.Equal([3, 2, 1e-9], svd.S[..3].Select(v => Math.Round(v, 12)));
        Assert.All(svd.S[3..], v => Assert.Equal(0, v));
        Assert.All(svd.V.RowRange(3, 11).Values, v => Assert.Equal(0, v));
        Assert.All(s_algebra.Svd(new Matrix(5, 3)).S, v => Assert.Equal(0, v));
        Assert.All(s_algebra.PolarFactor(new Matrix(3, 5)).Values, v => Assert.Equal(0, v));
    }

    [Fact]
    public void Eigenvectors_belong_to_eigenvalues_the_largest_first()
    {
        Matrix half = Random(23, 23, 5), symmetric = Schoolbook(half, half.Transpose());
        SymmetricEigen eigen = s_algebra.Eigen(symmetric);
        Assert.Equal(eigen.Values.OrderDescending(), eigen.Values);
        AssertNear(Scaled(eigen.Vectors, eigen.Values), Schoolbook(symmetric, eigen.Vectors), 1e-12);
    }

    [Fact]
    public void The_polar_factor_is_the_matrix_times_the_inverse_root_of_its_gram()
    {
        Matrix a = Random(40, 17, 9);
        SymmetricEigen gram = s_algebra.Eigen(Schoolbook(a.Transpose(), a));
        Matrix root = Schoolbook(Scaled(gram.Vectors, [.. gram.Values.Select(v => 1 / Math.Sqrt(v))]), gram.Vectors.Transpose());
        AssertNear(Schoolbook(a, root), s_algebra.PolarFactor(a), 1e-11);
        AssertNear(Identity(17), Schoolbook(s_algebra.PolarFactor(a).Transpose(), s_algebra.PolarFactor(a)), 1e-11);
    }

    [Fact]
    public void The_component_of_largest_magnitude_is_positive()
    {
        Matrix a = Random(15, 11, 6);
        foreach (ThinSvd svd in (ThinSvd[])[s_algebra.Svd(a), s_algebra.Svd(a.Transpose())])
        {
            for (int i = 0; i < svd.S.Length; i++)
                Assert.True(svd.V.Row(i).ToArray().MaxBy(Math.Abs) > 0);
        }

        Matrix vectors = s_algebra.Eigen(Schoolbook(a, a.Transpose())).Vectors.Transpose();
        for (int i = 0; i < 15; i++)
            Assert.True(vectors.Row(i).ToArray().MaxBy(Math.Abs) > 0);
    }

    internal static Matrix Random(int rows, int columns, int seed)
    {
        var random = new Random(seed);
        return new Matrix(rows, columns, [.. Enumerable.Range(0, rows * columns).Select(_ => random.NextDouble() - 0.5)]);
    }

    internal static Matrix Schoolbook(Matrix a, Matrix b)
    {
        var result = new Matrix(a.Rows, b.Columns);
        for (int i = 0; i < a.Rows; i++)
        {
            for (int j = 0; j < b.Columns; j++)
            {
                for (int k = 0; k < a.Columns; k++)
                    result[i, j] += a[i, k] * b[k, j];
            }
        }

        return result;
    }

    internal static void AssertNear(Matrix expected, Matrix actual, double error)
    {
        Assert.Equal((expected.Rows, expected.Columns), (actual.Rows, actual.Columns));
        for (int i = 0; i < expected.Values.Length; i++)
            Assert.True(Math.Abs(expected.Values[i] - actual.Values[i]) <= error, $"[{i / expected.Columns}, {i % expected.Columns}] is {actual.Values[i]:R}, expected {expected.Values[i]:R}");
    }

    internal static Matrix Identity(int order)
    {
        var result = new Matrix(order, order);
        for (int i = 0; i < order; i++)
            result[i, i] = 1;
        return result;
    }

    // columns times factors
    internal static Matrix Scaled(Matrix matrix, double[] factors)
    {
        var result = new Matrix(matrix.Rows, matrix.Columns);
        for (int i = 0; i < matrix.Rows; i++)
        {
            for (int j = 0; j < matrix.Columns; j++)
                result[i, j] = matrix[i, j] * factors[j];
        }

        return result;
    }

    private static Matrix WithSingularValues(double[] values, int rows, int columns) =>
        Schoolbook(Scaled(Orthonormal(rows, values.Length, 7), values), Orthonormal(columns, values.Length, 8).Transpose());

    // Gram-Schmidt, twice
    private static Matrix Orthonormal(int rows, int columns, int seed)
    {
        Matrix basis = Random(columns, rows, seed);
        for (int i = 0; i < columns; i++)
        {
            for (int pass = 0; pass < 2; pass++)
            {
                for (int j = 0; j < i; j++)
                {
                    double along = 0;
                    for (int k = 0; k < rows; k++)
                        along += basis[i, k] * basis[j, k];
                    for (int k = 0; k < rows; k++)
                        basis[i, k] -= along * basis[j, k];
                }
            }

            double length = Math.Sqrt(basis.Row(i).ToArray().Sum(v => v * v));
            for (int k = 0; k < rows; k++)
                basis[i, k] /= length;
        }

        return basis.Transpose();
    }
}
