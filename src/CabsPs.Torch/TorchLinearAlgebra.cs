using System.Runtime.InteropServices;
using CabsPs.Engine;
using CabsPs.Engine.LinearAlgebra;
using TorchSharp;
using static TorchSharp.torch;

namespace CabsPs.Torch;

/// <summary>Linear algebra by torch on one device, in float64: what is squared or summed up over thousands of terms does not stand float32.</summary>
/// <param name="device">The device.</param>
/// <param name="name">Its name.</param>
internal sealed class TorchLinearAlgebra(torch.Device device, string name) : ILinearAlgebra
{
    // singular values below this share of the largest, times the larger dimension, are zero
    private const double Rounding = 1.0 / (1L << 52);

    /// <inheritdoc/>
    public string Name => $"torch on {name}";

    /// <inheritdoc/>
    public Matrix Multiply(Matrix a, Matrix b, Transposed transposed = Transposed.Neither)
    {
        bool first = transposed.HasFlag(Transposed.First), second = transposed.HasFlag(Transposed.Second);
        int rows = first ? a.Columns : a.Rows, depth = first ? a.Rows : a.Columns, columns = second ? b.Rows : b.Columns;
        if (depth != (second ? b.Columns : b.Rows))
            throw new ArgumentException($"a product of {rows} x {depth} with {(second ? b.Columns : b.Rows)} x {columns}", nameof(b));
        if (rows == 0 || columns == 0 || depth == 0)
            return new Matrix(rows, columns);
        return Compute(a, () =>
        {
            Tensor x = Load(a), y = ReferenceEquals(a, b) ? x : Load(b);
            Tensor product = matmul(first ? x.t() : x, second ? y.t() : y);
            // the two halves of a Gram matrix may come from different sums
            return Store(ReferenceEquals(a, b) && first != second ? product.triu().Plus(product.triu(1).t()) : product);
        });
    }

    /// <inheritdoc/>
    public ThinSvd Svd(Matrix a)
    {
        int rank = Math.Min(a.Rows, a.Columns);
        if (rank == 0)
            return new ThinSvd(new Matrix(a.Rows, 0), [], new Matrix(0, a.Columns));
        ThinSvd svd = Compute(a, () =>
        {
            (Tensor u, Tensor s, Tensor v) = linalg.svd(Load(a), fullMatrices: false);
            double[] values = TensorMath.Host<double>(s);
            double zero = Math.Max(a.Rows, a.Columns) * Rounding * values[0];
            int kept = values.Count(value => value > zero);
            if (kept < rank)
            {
                Array.Clear(values, kept, rank - kept);
                Tensor keep = (arange(Number.Of(0), Number.Of(rank), Number.Of(1), device: device) < Number.Of(kept)).to(ScalarType.Float64);
                (u, v) = (u * keep, v * keep.unsqueeze(1));
            }

            return new ThinSvd(Store(u), values, Store(v));
        });
        VectorSigns.Fix(svd.U, svd.V);
        return svd;
    }

    /// <inheritdoc/>
    public SymmetricEigen Eigen(Matrix symmetric)
    {
        if (symmetric.Rows == 0)
            return new SymmetricEigen([], symmetric);
        SymmetricEigen eigen = Compute(symmetric, () =>
        {
            (Tensor values, Tensor vectors) = linalg.eigh(Load(symmetric));
            // smallest first
            return new SymmetricEigen(TensorMath.Host<double>(values.flip(0)), Store(vectors.flip(1)));
        });
        VectorSigns.Fix(eigen.Vectors);
        return eigen;
    }

    /// <inheritdoc/>
    public Matrix PolarFactor(Matrix a)
    {
        ThinSvd svd = Svd(a);
        return Multiply(svd.U, svd.V);
    }

    private Tensor Load(Matrix matrix) => from_array(matrix.Values).to(device).view(matrix.Rows, matrix.Columns);

    private static Matrix Store(Tensor values) => new((int)values.shape[0], (int)values.shape[1], TensorMath.Host<double>(values));

    private TResult Compute<TResult>(Matrix of, Func<TResult> compute)
    {
        using IDisposable plain = no_grad();
        using DisposeScope scope = NewDisposeScope();
        try
        {
            return compute();
        }
        catch (ExternalException e) when (TorchFailure.IsOutOfMemory(e))
        {
            throw new CabsException(CabsError.MemoryLimit, $"{name} has no room for the linear algebra of a {of.Rows} x {of.Columns} matrix; free some, exclude the tensor, or use the managed engine", name, e);
        }
        catch (ExternalException e) when (e.Message.Contains("converge", StringComparison.OrdinalIgnoreCase))
        {
            throw new CabsException(CabsError.NonFiniteInput, $"singular vectors of a {of.Rows} x {of.Columns} matrix were not found: {Text.OneLine(e.Message.Split('\n', 2)[0])}", name, e);
        }
    }
}

/// <summary>What an error of torch means.</summary>
internal static class TorchFailure
{
    /// <summary>Whether memory ran out, on the device or in this process.</summary>
    public static bool IsOutOfMemory(ExternalException error) =>
        error.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase) || error.Message.Contains("allocate memory", StringComparison.OrdinalIgnoreCase);

    /// <summary>Something that only the managed engine computes.</summary>
    public static CabsException NoTwin(string what) =>
        new(CabsError.EngineUnavailable, $"{what} has no computation on the {TorchEngine.EngineName} engine; use the managed one", TorchEngine.EngineName);
}
