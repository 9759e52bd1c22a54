namespace CabsPs.Bench;

/// <summary>How synthetic fine-tunes differ from their base.</summary>
public enum SyntheticDeltas
{
    /// <summary>Normal differences as large as the weights: magnitudes well spread in bfloat16.</summary>
    Spread,

    /// <summary>−3 … 3 steps of the last stored bit, as short fine-tunes in bfloat16 have: most of a block ties.</summary>
    Ulps,
}
