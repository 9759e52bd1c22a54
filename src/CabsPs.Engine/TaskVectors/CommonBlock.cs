namespace CabsPs.Engine.TaskVectors;

/// <summary>The length of pieces that hold whole blocks of several lengths.</summary>
internal static class CommonBlock
{
    /// <summary>The least common multiple of the lengths, or the whole tensor where that is longer than the tensor may be held at once.</summary>
    /// <param name="lengths">Lengths of blocks, from 1 up.</param>
    /// <param name="count">Elements of the tensor.</param>
    /// <param name="tensor">The tensor's name, for messages.</param>
    /// <exception cref="CabsException">The multiple is too long, and so is the tensor.</exception>
    public static int Of(IEnumerable<int> lengths, long count, string tensor)
    {
        long common = 1;
        foreach (int length in lengths)
        {
            common = common / Divisor(common, length) * length;
            if (common <= CabsSparsifier.MaxBlockLength)
                continue;
            // a tensor that fits into one piece needs no common multiple
            return count <= CabsSparsifier.MaxBlockLength
                ? (int)Math.Max(count, 1)
                : throw new CabsException(CabsError.ParameterInvalid, $"the blocks that the models are cut into have no common multiple up to {CabsSparsifier.MaxBlockLength} at tensor {Text.Quote(tensor)}; choose values of m that divide each other", "m");
        }

        return (int)common;
    }

    private static long Divisor(long a, long b) => b == 0 ? a : Divisor(b, a % b);
}
