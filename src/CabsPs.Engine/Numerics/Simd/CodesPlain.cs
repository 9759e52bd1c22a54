using System.Runtime.CompilerServices;

namespace CabsPs.Engine.Numerics.Simd;

/// <summary>Codes one by one: the twin to read, and what processors with narrower vectors use.</summary>
internal readonly struct CodesPlain : ICodes
{
    /// <inheritdoc/>
    public static void Make(ref readonly float values, int length, int window, ref byte codes)
    {
        for (int i = 0; i < length; i++)
        {
            int key = (BitConverter.SingleToInt32Bits(Unsafe.Add(ref Unsafe.AsRef(in values), i)) & int.MaxValue) >> 15;
            Unsafe.Add(ref codes, i) = (byte)Math.Clamp(key - window, 0, 255);
        }
    }

    /// <inheritdoc/>
    public static void Exclude(ref byte codes, int length, ref readonly ulong bits)
    {
        for (int i = 0; i < length; i++)
        {
            if (((Unsafe.Add(ref Unsafe.AsRef(in bits), i >> 6) >> i) & 1) != 0)
                Unsafe.Add(ref codes, i) = 0;
        }
    }

    /// <inheritdoc/>
    public static int CountAtLeast(ref readonly byte codes, int length, byte value)
    {
        int count = 0;
        for (int i = 0; i < length; i++)
            count += Unsafe.Add(ref Unsafe.AsRef(in codes), i) >= value ? 1 : 0;
        return count;
    }

    /// <inheritdoc/>
    public static (int, int, int, int) CountAtLeast(ref readonly byte codes, int length, byte first, byte second, byte third, byte fourth)
    {
        ref byte start = ref Unsafe.AsRef(in codes);
        return (CountAtLeast(in start, length, first), CountAtLeast(in Unsafe.Add(ref start, length), length, second), CountAtLeast(in Unsafe.Add(ref start, 2 * length), length, third), CountAtLeast(in Unsafe.Add(ref start, 3 * length), length, fourth));
    }

    /// <inheritdoc/>
    public static (ulong Above, ulong Equal) Compare(ref readonly byte codes, byte value)
    {
        ulong above = 0, equal = 0;
        for (int i = 0; i < 64; i++)
        {
            byte code = Unsafe.Add(ref Unsafe.AsRef(in codes), i);
            above |= (code > value ? 1UL : 0) << i;
            equal |= (code == value ? 1UL : 0) << i;
        }

        return (above, equal);
    }
}
