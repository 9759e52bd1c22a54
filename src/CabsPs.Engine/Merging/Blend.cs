using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging;

/// <summary>Σ cᵢ·xᵢ over a tensor's inputs: products and sums rounded one by one, in the order of the inputs. A factor of 0 adds
/// nothing and a lone factor of 1 changes nothing, signs of zeros included; where the factors add up to 1, a value that all inputs with a factor
/// have in common stays as it is, so that weights nobody changed do not move by rounding.</summary>
internal static class Blend
{
    /// <summary>Blends a part of a piece.</summary>
    public static void Into<T>(Tile<T> tile, int start, ReadOnlySpan<double> factors, Span<T> output, IKernels<T> kernels)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        bool empty = true;
        double sum = 0;
        for (int i = 0; i < factors.Length; i++)
        {
            sum += factors[i];
            if (factors[i] == 0)
                continue;
            ReadOnlySpan<T> input = tile.Input(i).Slice(start, output.Length);
            if (!empty)
            {
                kernels.AddScaled(output, input, T.CreateTruncating(factors[i]));
                continue;
            }

            empty = false;
            input.CopyTo(output);
            kernels.Scale(output, T.CreateTruncating(factors[i]));
        }

        if (empty)
            output.Clear();
        else if (T.CreateTruncating(sum) == T.One)
            KeepCommon(tile, start, factors, output);
    }

    /// <summary>Takes over the values that all inputs whose factor is not 0 have in common; there must be one.</summary>
    public static void KeepCommon<T>(Tile<T> tile, int start, ReadOnlySpan<double> factors, Span<T> output)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int kept = factors.IndexOfAnyExcept(0);
        Span<T> first = tile.Input(kept).Slice(start, output.Length), differs = tile.Scratch.Slice(start, output.Length);
        differs.Clear();
        for (int i = kept + 1; i < factors.Length; i++)
        {
            if (factors[i] == 0)
                continue;
            ReadOnlySpan<T> other = tile.Input(i).Slice(start, output.Length);
            for (int j = 0; j < differs.Length; j++)
                differs[j] = other[j] == first[j] ? differs[j] : T.One;
        }

        for (int j = 0; j < differs.Length; j++)
            output[j] = differs[j] == T.Zero ? first[j] : output[j];
    }
}
