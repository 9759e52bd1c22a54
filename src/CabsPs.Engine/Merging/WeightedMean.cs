using System.Numerics;

namespace CabsPs.Engine.Merging;

/// <summary>Σ wᵢ·xᵢ / Σ wᵢ with weights of their own for every element, in float64. A value that all inputs have in common stays as it is, and without any
/// weight the plain mean stands.</summary>
internal static class WeightedMean
{
    /// <summary>Averages a piece.</summary>
    /// <param name="tile">The piece.</param>
    /// <param name="inputs">How many inputs there are.</param>
    /// <param name="weight">The weight of an input at a place of the piece.</param>
    /// <param name="output">Receives the averages.</param>
    public static void Into<T>(Tile<T> tile, int inputs, Func<int, int, double> weight, Span<T> output)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int j = 0; j < output.Length; j++)
        {
            double sum = 0, weights = 0;
            T first = tile.Input(0)[j];
            bool common = true;
            for (int i = 0; i < inputs; i++)
            {
                T own = tile.Input(i)[j];
                double share = weight(i, j);
                common &= own == first;
                sum += share * double.CreateTruncating(own);
                weights += share;
            }

            output[j] = common ? first : weights > 0 ? T.CreateTruncating(sum / weights) : Mean(tile, inputs, j);
        }
    }

    /// <summary>The plain mean at a place.</summary>
    public static T Mean<T>(Tile<T> tile, int inputs, int place)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        double sum = 0;
        for (int i = 0; i < inputs; i++)
            sum += double.CreateTruncating(tile.Input(i)[place]);
        return T.CreateTruncating(sum / inputs);
    }
}
