using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Numerics;

/// <summary>A vector's part in a sum, by the addresses of its deltas and mask in a tile: its arrays do not move.</summary>
/// <param name="Delta">The deltas.</param>
/// <param name="Mask">The mask; null where all count.</param>
/// <param name="Weight">The factor.</param>
/// <param name="Share">What it adds to the divisor where signs are elected.</param>
internal readonly unsafe record struct TileTerm(nint Delta, nint Mask, float Weight, float Share)
{
    /// <summary>Looks the addresses up.</summary>
    public static TileTerm Of(Tile<float> tile, Term<float> term, float share = 0) => new(
        (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tile.Input(term.Input))),
        term.Masked ? (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tile.Mask(term.Input))) : 0,
        term.Weight,
        share);

    /// <summary>The deltas from one on.</summary>
    public float* DeltaAt(nint i) => (float*)Delta + i;

    /// <summary>The mask in words of 32 bits, from the one on that holds an element.</summary>
    public uint* Words(nint i) => (uint*)Mask + (i >> 5);
}
