namespace CabsPs.Engine.Numerics;

/// <summary>How wide the vectors of the float32 kernels are. All give the same bits.</summary>
internal enum VectorWidth
{
    /// <summary>No vectors: the readable twin.</summary>
    Scalar = 1,

    /// <summary>Four lanes: SSE, Arm64.</summary>
    Bits128 = 128,

    /// <summary>Eight lanes: AVX2.</summary>
    Bits256 = 256,

    /// <summary>Sixteen lanes: AVX-512.</summary>
    Bits512 = 512,
}
