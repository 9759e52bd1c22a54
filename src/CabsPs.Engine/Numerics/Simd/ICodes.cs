namespace CabsPs.Engine.Numerics.Simd;

/// <summary>Selection works on 8-bit codes of magnitudes: how far the upper 16 bits (exponent and eight bits of mantissa) lie above a window's
/// base, saturated to 0 … 255. Sixty-four of them fit one wide vector. Lengths are multiples of 64.</summary>
internal interface ICodes
{
    /// <summary>codes[i] = clamp((|values[i]| as integer >> 15) − window, 0, 255).</summary>
    static abstract void Make(ref readonly float values, int length, int window, ref byte codes);

    /// <summary>Sets the codes to 0 whose bit is set.</summary>
    static abstract void Exclude(ref byte codes, int length, ref readonly ulong bits);

    /// <summary>How many codes are at least a value.</summary>
    static abstract int CountAtLeast(ref readonly byte codes, int length, byte value);

    /// <summary>The same for four blocks that lie one after the other, each against a value of its own.</summary>
    static abstract (int, int, int, int) CountAtLeast(ref readonly byte codes, int length, byte first, byte second, byte third, byte fourth);

    /// <summary>Which of 64 codes are above a value, and which at it.</summary>
    static abstract (ulong Above, ulong Equal) Compare(ref readonly byte codes, byte value);
}
