using CabsPs.Engine.Diagnostics;

namespace CabsPs;

/// <summary>One tensor of a checkpoint, without its data. The statistics are null unless they were asked for, and for tensors that
/// are not floating point.</summary>
public sealed class TensorInfo
{
    internal TensorInfo(Engine.Checkpoints.TensorInfo tensor, TensorStatistics? statistics)
    {
        Name = tensor.Name;
        DType = tensor.Type.ToString();
        Shape = [.. tensor.Shape];
        Count = tensor.Count;
        SizeBytes = tensor.ByteLength;
        File = tensor.File;
        (Min, Max, Mean, Norm, ZeroFraction) = (statistics?.Min, statistics?.Max, statistics?.Mean, statistics?.Norm, statistics?.ZeroFraction);
    }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    /// <summary>Its element type, as safetensors names it.</summary>
    public string DType { get; }

    /// <summary>Its dimensions, outermost first.</summary>
    public long[] Shape { get; }

    /// <summary>Its number of elements.</summary>
    public long Count { get; }

    /// <summary>Bytes of data.</summary>
    public long SizeBytes { get; }

    /// <summary>The full path of the file it lies in.</summary>
    public string File { get; }

    /// <summary>The smallest value.</summary>
    public double? Min { get; }

    /// <summary>The largest value.</summary>
    public double? Max { get; }

    /// <summary>The mean.</summary>
    public double? Mean { get; }

    /// <summary>The Euclidean norm.</summary>
    public double? Norm { get; }

    /// <summary>The share of values that are exactly zero.</summary>
    public double? ZeroFraction { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
