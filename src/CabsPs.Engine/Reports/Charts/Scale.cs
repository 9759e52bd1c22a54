namespace CabsPs.Engine.Reports.Charts;

/// <summary>Maps values to places between 0 and 1, with ticks at round numbers.</summary>
internal sealed class Scale
{
    private Scale(double low, double high, double step) => (Low, High, Step) = (low, high, step);

    /// <summary>The value at 0.</summary>
    public double Low { get; }

    /// <summary>The value at 1.</summary>
    public double High { get; }

    /// <summary>The distance of two ticks.</summary>
    public double Step { get; }

    /// <summary>The round numbers, both ends among them where they are round.</summary>
    public IEnumerable<double> Ticks
    {
        get
        {
            for (double n = Math.Ceiling((Low / Step) - 1e-9); n * Step <= High + (Step * 1e-9); n++)
                yield return (n * Step) + 0.0;
        }
    }

    /// <summary>A scale from one round number to another that holds all values.</summary>
    /// <param name="values">The values; those that are not finite do not count.</param>
    /// <param name="fromZero">Whether it begins at zero where no value is less, as the lengths of bars need it.</param>
    /// <param name="ticks">About how many ticks.</param>
    public static Scale Around(IEnumerable<double> values, bool fromZero, int ticks = 5)
    {
        (double low, double high) = Range(values);
        if (fromZero)
            (low, high) = (Math.Min(low, 0), Math.Max(high, 0));
        double step = RoundStep(low, high, ticks);
        low = Math.Floor((low / step) + 1e-9) * step;
        high = Math.Ceiling((high / step) - 1e-9) * step;
        return new Scale(low, high > low ? high : low + step, step);
    }

    /// <summary>A scale whose ends are the values' own, with some room beside them.</summary>
    public static Scale Over(IEnumerable<double> values, double room = 0.03, int ticks = 6)
    {
        (double low, double high) = Range(values);
        double margin = high > low ? (high - low) * room : Math.Max(Math.Abs(high), 1) * 0.1;
        return new Scale(low - margin, high + margin, RoundStep(low, high, ticks));
    }

    /// <summary>A value's place, 0 to 1 for values on the scale.</summary>
    public double At(double value) => (value - Low) / (High - Low);

    private static (double Low, double High) Range(IEnumerable<double> values)
    {
        double low = double.PositiveInfinity, high = double.NegativeInfinity;
        foreach (double value in values.Where(double.IsFinite))
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        return low <= high ? (low, high) : (0, 1);
    }

    // 1, 2 or 5 times a power of ten
    private static double RoundStep(double low, double high, int ticks)
    {
        double raw = (high - low) / ticks;
        if (!(raw > 0))
            return Math.Max(Math.Abs(high), 1) / 10;
        double power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        return (raw / power) switch
        {
            <= 1.0001 => 1,
            <= 2.0001 => 2,
            <= 5.0001 => 5,
            _ => 10,
        } * power;
    }
}
