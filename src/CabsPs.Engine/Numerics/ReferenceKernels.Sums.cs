namespace CabsPs.Engine.Numerics;

/// <content>Sums, each in the order of its lanes.</content>
public sealed partial class ReferenceKernels<T>
{
    /// <inheritdoc/>
    public double SumOfSquares(ReadOnlySpan<T> values)
    {
        Span<double> sums = stackalloc double[Lanes];
        sums.Clear();
        for (int i = 0; i < values.Length; i++)
        {
            double value = double.CreateTruncating(values[i]);
            sums[i % Lanes] += value * value;
        }

        return AddUp(sums);
    }

    /// <inheritdoc/>
    public double SumOfSquares(ReadOnlySpan<T> values, ReadOnlySpan<ulong> mask)
    {
        Span<double> sums = stackalloc double[Lanes];
        sums.Clear();
        for (int i = 0; i < values.Length; i++)
        {
            double value = BitMask.Has(mask, i) ? double.CreateTruncating(values[i]) : 0;
            sums[i % Lanes] += value * value;
        }

        return AddUp(sums);
    }

    /// <inheritdoc/>
    public (double All, double Kept) SumsOfSquares(ReadOnlySpan<T> values, ReadOnlySpan<ulong> mask) =>
        (SumOfSquares(values), SumOfSquares(values, mask));

    /// <inheritdoc/>
    public (double All, double Kept) Energies(ReadOnlySpan<T> values, ReadOnlySpan<ulong> mask)
    {
        if (typeof(T) != typeof(float))
            return SumsOfSquares(values, mask);
        Span<double> all = stackalloc double[Lanes], kept = stackalloc double[Lanes];
        all.Clear();
        kept.Clear();
        for (int start = 0; start < values.Length; start += EnergySums.Chunk)
            AddEnergies(values[start..Math.Min(start + EnergySums.Chunk, values.Length)], mask[(start >> 6)..], all, kept);
        return (AddUp(all), AddUp(kept));
    }

    /// <inheritdoc/>
    public (double All, double Kept) SumsOfMagnitudes(ReadOnlySpan<T> values, ReadOnlySpan<ulong> mask)
    {
        Span<double> all = stackalloc double[Lanes], kept = stackalloc double[Lanes];
        all.Clear();
        kept.Clear();
        for (int start = 0; start < values.Length; start += EnergySums.Chunk)
            AddMagnitudes(values[start..Math.Min(start + EnergySums.Chunk, values.Length)], mask[(start >> 6)..], all, kept);
        return (AddUp(all), AddUp(kept));
    }

    /// <summary>Adds the squares of up to <see cref="EnergySums.Chunk"/> values, summed in float32, to lanes of float64.</summary>
    internal static void AddEnergies(ReadOnlySpan<T> values, ReadOnlySpan<ulong> mask, Span<double> all, Span<double> kept)
    {
        Span<float> every = stackalloc float[2 * Lanes], some = stackalloc float[2 * Lanes];
        every.Clear();
        some.Clear();
        float largest = 0;
        for (int i = 0; i < values.Length; i++)
        {
            float square = float.CreateTruncating(values[i] * values[i]);
            every[i % (2 * Lanes)] += square;
            if (BitMask.Has(mask, i))
                some[i % (2 * Lanes)] += square;
        }

        for (int i = 0; i < Lanes; i++)
        {
            every[i] += every[Lanes + i];
            some[i] += some[Lanes + i];
            largest = MathF.Max(largest, every[i]);
        }

        if (!(largest > BitConverter.UInt32BitsToSingle(EnergySums.LeastBits) && largest <= BitConverter.UInt32BitsToSingle(EnergySums.MostBits)))
        {
            AddSquares(values, mask, all, kept);
            return;
        }

        for (int i = 0; i < Lanes; i++)
        {
            all[i] += every[i];
            kept[i] += some[i];
        }
    }

    /// <summary>Adds the squares of values to lanes, everything in float64.</summary>
    internal static void AddSquares(ReadOnlySpan<T> values, ReadOnlySpan<ulong> mask, Span<double> all, Span<double> kept)
    {
        for (int i = 0; i < values.Length; i++)
        {
            double value = double.CreateTruncating(values[i]);
            all[i % Lanes] += value * value;
            kept[i % Lanes] += BitMask.Has(mask, i) ? value * value : 0;
        }
    }

    /// <summary>Adds up to <see cref="EnergySums.Chunk"/> magnitudes, of float32 ones the sums in float32, to lanes of float64.</summary>
    internal static void AddMagnitudes(ReadOnlySpan<T> values, ReadOnlySpan<ulong> mask, Span<double> all, Span<double> kept)
    {
        Span<float> every = stackalloc float[2 * Lanes], some = stackalloc float[2 * Lanes];
        every.Clear();
        some.Clear();
        for (int i = 0; i < values.Length; i++)
        {
            float magnitude = float.CreateTruncating(T.Abs(values[i]));
            every[i % (2 * Lanes)] += magnitude;
            if (BitMask.Has(mask, i))
                some[i % (2 * Lanes)] += magnitude;
        }

        bool isHeld = typeof(T) == typeof(float);
        for (int i = 0; i < Lanes; i++)
        {
            every[i] += every[Lanes + i];
            some[i] += some[Lanes + i];
            isHeld &= float.IsFinite(every[i]);
        }

        for (int i = 0; isHeld && i < Lanes; i++)
        {
            all[i] += every[i];
            kept[i] += some[i];
        }

        for (int i = 0; !isHeld && i < values.Length; i++)
        {
            double magnitude = Math.Abs(double.CreateTruncating(values[i]));
            all[i % Lanes] += magnitude;
            kept[i % Lanes] += BitMask.Has(mask, i) ? magnitude : 0;
        }
    }

    /// <summary>Adds partial sums pairwise, halving their number each time.</summary>
    internal static double AddUp(Span<double> sums)
    {
        for (int half = sums.Length / 2; half > 0; half /= 2)
        {
            for (int i = 0; i < half; i++)
                sums[i] += sums[i + half];
        }

        return sums[0];
    }
}
