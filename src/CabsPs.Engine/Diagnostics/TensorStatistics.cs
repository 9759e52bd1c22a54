using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Diagnostics;

/// <summary>Figures of one tensor's values, computed in float64 over blocks of a fixed size in a fixed order.</summary>
/// <param name="Min">The smallest value; NaN for a tensor without elements.</param>
/// <param name="Max">The largest value; NaN for a tensor without elements.</param>
/// <param name="Mean">The mean; NaN for a tensor without elements.</param>
/// <param name="Norm">The Euclidean norm.</param>
/// <param name="ZeroFraction">The share of values that are exactly zero; NaN for a tensor without elements.</param>
public sealed record TensorStatistics(double Min, double Max, double Mean, double Norm, double ZeroFraction)
{
    private const int BlockLength = 1 << 15;

    /// <summary>Reads a tensor once, in constant memory.</summary>
    /// <param name="reader">Reads its file.</param>
    /// <param name="tensor">A floating-point tensor.</param>
    /// <param name="cancel">Stops within a block.</param>
    /// <exception cref="CabsException">The file cannot be read.</exception>
    public static TensorStatistics Of(CheckpointReader reader, TensorInfo tensor, CancellationToken cancel = default)
    {
        int size = tensor.Type.Size();
        byte[] bytes = new byte[BlockLength * size];
        double[] values = new double[BlockLength];
        double min = double.NaN, max = double.NaN, sum = 0, squares = 0;
        long zeros = 0;
        for (long start = 0; start < tensor.Count; start += BlockLength)
        {
            cancel.ThrowIfCancellationRequested();
            int count = (int)Math.Min(BlockLength, tensor.Count - start);
            reader.Read(tensor, start * size, bytes.AsSpan(0, count * size));
            Span<double> block = values.AsSpan(0, count);
            Kernels.For<double>().Widen(bytes.AsSpan(0, count * size), tensor.Type, block);
            double blockSum = 0;
            foreach (double value in block)
            {
                blockSum += value;
                zeros += value == 0 ? 1 : 0;
            }

            (double low, double high) = (System.Numerics.Tensors.TensorPrimitives.Min<double>(block), System.Numerics.Tensors.TensorPrimitives.Max<double>(block));
            (min, max) = start == 0 ? (low, high) : (Math.Min(min, low), Math.Max(max, high));
            sum += blockSum;
            squares += Kernels.For<double>().SumOfSquares(block);
        }

        return new TensorStatistics(min, max, sum / tensor.Count, Math.Sqrt(squares), zeros / (double)tensor.Count);
    }
}
