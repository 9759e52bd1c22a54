using System.Runtime.CompilerServices;

namespace CabsPs.Engine.Numerics;

/// <summary>bfloat16 as the upper 16 bits of a binary32.</summary>
public static class BFloat16
{
    /// <summary>The value, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>Rounds to nearest, ties to even; a NaN stays a (quiet) NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort FromSingle(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value))
            return (ushort)((bits >> 16) | 0x40);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>Rounds a float64 once. Going through float32 would round twice; rounding to odd there keeps what the second
    /// rounding must know (Boldo and Melquiond, "When double rounding is odd", 2005).</summary>
    public static ushort FromDouble(double value)
    {
        float single = (float)value;
        if (single == value || double.IsNaN(value) || float.IsInfinity(single) && double.IsInfinity(value))
            return FromSingle(single);
        uint bits = BitConverter.SingleToUInt32Bits(single);
        if (float.IsInfinity(single) || Math.Abs((double)single) > Math.Abs(value))
            bits--;
        return FromSingle(BitConverter.UInt32BitsToSingle(bits | 1));
    }
}
