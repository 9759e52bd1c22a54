namespace CabsPs.Engine.LinearAlgebra;

/// <summary>Which factors of a product are meant transposed.</summary>
[Flags]
public enum Transposed
{
    /// <summary>A · B.</summary>
    Neither = 0,

    /// <summary>Aᵀ · B.</summary>
    First = 1,

    /// <summary>A · Bᵀ.</summary>
    Second = 2,
}

/// <summary>A thin singular value decomposition A = U · diag(S) · V of an m x n matrix, r = min(m, n).</summary>
/// <param name="U">Left singular vectors as columns: m x r.</param>
/// <param name="S">Singular values, the largest first: r of them, none negative.</param>
/// <param name="V">Right singular vectors as rows: r x n.</param>
public sealed record ThinSvd(Matrix U, double[] S, Matrix V);

/// <summary>The eigenvalues and eigenvectors of a symmetric n x n matrix: A = V · diag(Values) · Vᵀ.</summary>
/// <param name="Values">Eigenvalues, the largest first.</param>
/// <param name="Vectors">Eigenvectors as columns, in the same order: n x n.</param>
public sealed record SymmetricEigen(double[] Values, Matrix Vectors);

/// <summary>The linear algebra that merge methods need. An implementation may compute in float32 where a result stays within 1e-4 of the exact one,
/// relative to its norm, and sums in float64 where a float32 sum would not. The same arguments give the same bits on every call, from any
/// thread. Arguments are not changed; members may be called from several threads at a time.</summary>
/// <remarks>Signs of singular vectors are fixed by <see cref="VectorSigns"/>: in every right singular vector (row of V) and every eigenvector (column) the
/// component of largest magnitude, the first among equals, is positive.</remarks>
public interface ILinearAlgebra
{
    /// <summary>What computes, as reports call it.</summary>
    string Name { get; }

    /// <summary>A product. Where both factors are one object and one of them is transposed, the result is symmetric to the bit.</summary>
    /// <param name="a">The first factor.</param>
    /// <param name="b">The second.</param>
    /// <param name="transposed">Which of them are meant transposed.</param>
    Matrix Multiply(Matrix a, Matrix b, Transposed transposed = Transposed.Neither);

    /// <summary>All singular values and vectors. Of a singular value that is zero within rounding (below max(m, n) · 2⁻⁵² of the largest) the value
    /// given is 0 and its vectors are zeros.</summary>
    /// <param name="a">The matrix, all values finite.</param>
    ThinSvd Svd(Matrix a);

    /// <summary>All eigenvalues and eigenvectors.</summary>
    /// <param name="symmetric">The matrix; its upper and lower half are the same.</param>
    SymmetricEigen Eigen(Matrix symmetric);

    /// <summary>The orthogonal polar factor U · V of A = U · diag(S) · V; directions in which A is zero within rounding stay zero.</summary>
    /// <param name="a">The matrix, all values finite.</param>
    Matrix PolarFactor(Matrix a);
}
