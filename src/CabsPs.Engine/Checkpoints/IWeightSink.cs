namespace CabsPs.Engine.Checkpoints;

/// <summary>Where computed weights go. May be called from several threads at a time, in any order.</summary>
internal interface IWeightSink
{
    /// <summary>Takes bytes of a tensor.</summary>
    /// <param name="tensor">The tensor's name.</param>
    /// <param name="start">The first byte's position inside the tensor.</param>
    /// <param name="bytes">The bytes.</param>
    void Write(string tensor, long start, ReadOnlySpan<byte> bytes);
}
