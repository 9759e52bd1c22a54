using CabsPs.Engine.Checkpoints;

namespace CabsPs;

/// <summary>A model on disk: what its headers and config.json say, without its weights. Holds no open file.</summary>
public sealed class ModelCheckpoint
{
    internal ModelCheckpoint(Checkpoint checkpoint)
    {
        Name = checkpoint.Name;
        Path = checkpoint.Path;
        Architecture = checkpoint.Config?.Architecture ?? checkpoint.Config?.ModelType;
        DType = checkpoint.MainType?.ToString();
        TensorCount = checkpoint.Tensors.Count;
        ParameterCount = checkpoint.ParameterCount;
        SizeBytes = checkpoint.ByteLength;
        ShardCount = checkpoint.Files.Count;
    }

    /// <summary>The folder's or file's name.</summary>
    public string Name { get; }

    /// <summary>The full path.</summary>
    public string Path { get; }

    /// <summary>The class config.json names, or its model type, or null.</summary>
    public string? Architecture { get; }

    /// <summary>The floating-point type most weights have, as safetensors names it (<c>BF16</c>); null without such weights.</summary>
    public string? DType { get; }

    /// <summary>Number of tensors.</summary>
    public int TensorCount { get; }

    /// <summary>Number of weights.</summary>
    public long ParameterCount { get; }

    /// <summary>Bytes of all tensors.</summary>
    public long SizeBytes { get; }

    /// <summary>Number of weight files.</summary>
    public int ShardCount { get; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
