namespace CabsPs.Engine.Numerics;

/// <summary>Room for selecting: codes of the blocks side by side, and of one block what can still be chosen and what is.</summary>
/// <param name="codes">A byte for every weight, blocks filled up to whole words.</param>
/// <param name="candidates">A bit for every weight of a block.</param>
/// <param name="kept">A bit for every weight of a block.</param>
/// <param name="rest">64 weights.</param>
internal readonly ref struct SelectionRoom(Span<byte> codes, Span<ulong> candidates, Span<ulong> kept, Span<float> rest)
{
    /// <summary>The codes.</summary>
    public Span<byte> Codes { get; } = codes;

    /// <summary>What can still be chosen.</summary>
    public Span<ulong> Candidates { get; } = candidates;

    /// <summary>What is chosen.</summary>
    public Span<ulong> Kept { get; } = kept;

    /// <summary>Where a block's incomplete last word is filled up with zeros.</summary>
    public Span<float> Rest { get; } = rest;

    /// <summary>The same with the codes of one block.</summary>
    public SelectionRoom Part(int start, int length) => new(Codes.Slice(start, length), Candidates, Kept, Rest);
}
