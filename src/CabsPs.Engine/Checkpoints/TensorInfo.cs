using CabsPs.Engine.TaskVectors.Files;

namespace CabsPs.Engine.Checkpoints;

/// <summary>One tensor of a checkpoint: what a header says of it, without its data.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Shape">Its dimensions, outermost first; empty for a scalar.</param>
/// <param name="Count">How many elements it has.</param>
/// <param name="File">The full path of the file it lies in.</param>
/// <param name="Offset">Where its data begins, in bytes from the start of the file.</param>
public sealed record TensorInfo(string Name, DType Type, IReadOnlyList<long> Shape, long Count, string File, long Offset)
{
    /// <summary>What the file was like when its header was read; null where it does not exist yet.</summary>
    internal FileStamp? Stamp { get; init; }

    /// <summary>Bytes of data.</summary>
    public long ByteLength => Delta?.ByteLength ?? Count * Type.Size();

    /// <summary>Where the difference from the base is stored, for a tensor known by that alone; null for one whose weights are.</summary>
    public StoredDelta? Delta { get; init; }

    /// <summary>The type of what is read: the weights' own, or that of the difference.</summary>
    internal DType StoredType => Delta?.Values.Type ?? Type;

    /// <summary>The shape as people write it: <c>[4096, 1024]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";
}
