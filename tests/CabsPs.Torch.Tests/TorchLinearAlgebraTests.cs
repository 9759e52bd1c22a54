using CabsPs.Engine.LinearAlgebra;
using TorchSharp;

namespace CabsPs.Torch.Tests;

/// <summary>torch's linear algebra against its definitions, and against the managed one.</summary>
public sealed class TorchLinearAlgebraTests
{
    private static readonly ILinearAlgebra s_torch = new TorchLinearAlgebra(torch.CPU, "cpu");
    private static readonly ILinearAlgebra s_managed = MathNetLinearAlgebra.Instance;

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(7, 30, 4)]
    [InlineData(131, 259, 25)]
    [InlineData(5, 0, 4)]
    public void Products_are_those_of_the_managed_engine(int rows, int depth, int columns)
    {
        Matrix a = Random(rows, depth, 1), b = Random(depth, columns, 2), expected = s_managed.Multiply(a, b);
        AssertNear(expected, s_torch.Multiply(a, b));
        AssertNear(expected, s_torch.Multiply(a.Transpose(), b, Transposed.First));
        AssertNear(expected, s_torch.Multiply(a, b.Transpose(), Transposed.Second));
        AssertNear(expected, s_torch.Multiply(a.Transpose(), b.Transpose(), Transposed.First | Transposed.Second));
    }

    [Fact]
    public void A_product_with_its_own_transpose_is_symmetric_to_the_bit()
    {
        Matrix a = Random(40, 70, 3), gram = s_torch.Multiply(a, a, Transposed.First);
        Assert.Equal(gram.Values, gram.Transpose().Values);
        AssertNear(s_managed.Multiply(a, a, Transposed.First), gram);
    }

    [Theory]
    [InlineData(30, 12)]
    [InlineData(12, 30)]
    [InlineData(25, 25)]
    [InlineData(1, 9)]
    public void Singular_vectors_are_those_of_the_managed_engine_signs_included(int rows, int columns)
    {
        Matrix a = Random(rows, columns, 5);
        ThinSvd expected = s_managed.Svd(a), actual = s_torch.Svd(a);
        for (int i = 0; i < expected.S.Length; i++)
            Assert.Equal(expected.S[i], actual.S[i], 1e-10);
        AssertNear(expected.U, actual.U, 1e-7);
        AssertNear(expected.V, actual.V, 1e-7);
        AssertNear(s_managed.PolarFactor(a), s_torch.PolarFactor(a), 1e-7);
    }

    [Fact]
    public void Directions_in_which_a_matrix_is_zero_stay_zero()
    {
        Matrix a = s_managed.Multiply(Random(20, 3, 6), Random(3, 14, 7));
        ThinSvd svd = s_torch.Svd(a);
        Assert.All(svd.S[..3], s => Assert.True(s > 0));
        Assert.All(svd.S[3..], s => Assert.Equal(0, s));
        Assert.All(svd.V.RowRange(3, 11).Values, v => Assert.Equal(0, v));
        AssertNear(s_managed.PolarFactor(a), s_torch.PolarFactor(a), 1e-7);
        Assert.All(s_torch.Svd(new Matrix(5, 3)).S, s => Assert.Equal(0, s));
    }

    [Fact]
    public void Eigenvectors_belong_to_eigenvalues_the_largest_first()
    {
        Matrix half = Random(23, 23, 8), symmetric = s_managed.Multiply(half, half, Transposed.Second);
        SymmetricEigen expected = s_managed.Eigen(symmetric), actual = s_torch.Eigen(symmetric);
        Assert.Equal(actual.Values.OrderDescending(), actual.Values);
        AssertNear(expected.Vectors, actual.Vectors, 1e-6);
    }

    private static Matrix Random(int rows, int columns, int seed)
    {
        var random = new Random(seed);
        return new Matrix(rows, columns, [.. Enumerable.Range(0, rows * columns).Select(_ => random.NextDouble() - 0.5)]);
    }

    private static void AssertNear(Matrix expected, Matrix actual, double tolerance = 1e-12)
    {
        Assert.Equal((expected.Rows, expected.Columns), (actual.Rows, actual.Columns));
        for (int i = 0; i < expected.Values.Length; i++)
            Assert.Equal(expected.Values[i], actual.Values[i], tolerance);
    }
}
