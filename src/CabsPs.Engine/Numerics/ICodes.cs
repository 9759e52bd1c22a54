namespace CabsPs.Engine.Numerics;

/// <summary>The vector operations of <see cref="BlockSelection{TCodes}"/>: a block's magnitudes as one byte each, compared 64 at a
/// time or more.</summary>
internal interface ICodes
{
    /// <summary>Writes min(255, max(0, |delta| − floor) >> shift) for 64 floats, all as integers.</summary>
    static abstract void Encode64(ref readonly float delta, uint floor, int shift, ref byte codes);

    /// <summary>The same for 256 floats, where the codes leave out 15 or 16 bits, which the floor does not have either.</summary>
    static abstract void Encode256(ref readonly float delta, uint floor, int shift, ref byte codes);

    /// <summary>The greatest code, per block, that enough codes reach; zero where fewer than that are above it.</summary>
    /// <param name="codes">Eight blocks of 256 codes.</param>
    /// <param name="wanted">How many are enough.</param>
    /// <returns>The eight codes, the first in the lowest byte.</returns>
    static abstract ulong FindEight(ref readonly byte codes, int wanted);

    /// <summary>How many of the codes are at least this one, of 1 … 255.</summary>
    /// <param name="codes">The codes.</param>
    /// <param name="length">Their number, a multiple of 64.</param>
    /// <param name="code">The code.</param>
    static abstract int CountAtLeast(ref readonly byte codes, int length, int code);

    /// <summary>Which of 64 codes are at least this one.</summary>
    static abstract ulong AtLeast(ref readonly byte codes, int code);

    /// <summary>Sets those of 64 codes to zero whose bit is zero.</summary>
    static abstract void Erase(ref byte codes, ulong keep);

    /// <summary>Which of 64 floats have this magnitude.</summary>
    static abstract ulong SameMagnitude(ref readonly float delta, uint magnitude);
}
