using CabsPs.Engine.TaskVectors.Files;

namespace CabsPs;

/// <summary>How a task vector is stored.</summary>
public enum TaskVectorFormat
{
    /// <summary>Packed where the vector is sparsified, dense where it is not.</summary>
    Auto,

    /// <summary>Every delta, under its tensor's name.</summary>
    Dense,

    /// <summary>A bit per weight, and the deltas that are not zero.</summary>
    Packed,
}

/// <summary>A task vector in a safetensors file.</summary>
public sealed class TaskVectorFile
{
    internal TaskVectorFile(VectorFile file)
    {
        Name = file.Name;
        Path = file.Path;
        Format = file.IsPacked ? TaskVectorFormat.Packed : TaskVectorFormat.Dense;
        Sparsification = file.Sparsification;
        TensorCount = file.Tensors.Count;
        ParameterCount = file.Tensors.Values.Sum(t => t.Count);
        KeptCount = file.Tensors.Values.Sum(t => t.Kept);
        SizeBytes = new FileInfo(file.Path).Length;
    }

    /// <summary>The vector's name.</summary>
    public string Name { get; }

    /// <summary>The file's full path.</summary>
    public string Path { get; }

    /// <summary>How it is stored.</summary>
    public TaskVectorFormat Format { get; }

    /// <summary>How it was sparsified, such as <c>cabs 64:256 sequential</c>; null for a dense vector.</summary>
    public string? Sparsification { get; }

    /// <summary>Tensors stored.</summary>
    public int TensorCount { get; }

    /// <summary>Weights of these tensors.</summary>
    public long ParameterCount { get; }

    /// <summary>Weights whose delta is kept.</summary>
    public long KeptCount { get; }

    /// <summary>Kept weights / all weights.</summary>
    public double Density => ParameterCount == 0 ? 0 : KeptCount / (double)ParameterCount;

    /// <summary>The file's size.</summary>
    public long SizeBytes { get; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
