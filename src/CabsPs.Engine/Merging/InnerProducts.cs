using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging;

/// <summary>All inner products xᵢ · xⱼ of a tensor's inputs, measured in one pass. Whatever stays in the span of the inputs (means of
/// directions, geodesics, angles between task vectors) follows from them without another look at the weights.</summary>
/// <typeparam name="T">float or double.</typeparam>
/// <param name="inputs">How many inputs there are.</param>
internal sealed class InnerProducts<T>(int inputs)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>How many sums are measured: one per pair, each input with itself included.</summary>
    public int SumCount => inputs * (inputs + 1) / 2;

    /// <summary>Measures a part of a piece.</summary>
    public void Measure(Tile<T> tile, int start, int length, Span<double> sums)
    {
        int next = 0;
        for (int i = 0; i < inputs; i++)
        {
            for (int j = i; j < inputs; j++)
                sums[next++] += Reductions.Dot<T>(tile.Input(i).Slice(start, length), tile.Input(j).Slice(start, length));
        }
    }

    /// <summary>The sums as a symmetric matrix.</summary>
    public double[,] Matrix(ReadOnlySpan<double> sums)
    {
        var matrix = new double[inputs, inputs];
        int next = 0;
        for (int i = 0; i < inputs; i++)
        {
            for (int j = i; j < inputs; j++)
                matrix[i, j] = matrix[j, i] = sums[next++];
        }

        return matrix;
    }
}
