using CabsPs.Engine.Diagnostics;

namespace CabsPs;

/// <summary>What a mask leaves of one task vector in one part of a model: a tensor, a layer, or everything.</summary>
public sealed class MeasuredTaskVector
{
    internal MeasuredTaskVector(MeasuredPart part, MeasuredVector vector, string? sparsification)
    {
        Part = part.Name;
        Layer = part.Layer;
        Name = vector.Name;
        Sparsification = sparsification;
        Count = vector.Count;
        KeptCount = vector.Kept;
        Density = vector.Density;
        Norm = vector.Norm;
        NormKept = vector.NormKept;
        (BlockVariation, RowVariation, LayerVariation) = (vector.Balance.Blocks, vector.Balance.Rows, vector.Balance.Layers);
    }

    /// <summary>The tensor, the layer, <c>(outside the layers)</c> or <c>(total)</c>.</summary>
    public string Part { get; }

    /// <summary>The layer's number; null outside the layers.</summary>
    public int? Layer { get; }

    /// <summary>The vector's name.</summary>
    public string Name { get; }

    /// <summary>How it is sparsified; null for a dense one.</summary>
    public string? Sparsification { get; }

    /// <summary>Weights of the part.</summary>
    public long Count { get; }

    /// <summary>Weights kept.</summary>
    public long KeptCount { get; }

    /// <summary>Weights kept, as a share of all.</summary>
    public double Density { get; }

    /// <summary>‖δ‖.</summary>
    public double Norm { get; }

    /// <summary>‖kept δ‖ / ‖δ‖.</summary>
    public double NormKept { get; }

    /// <summary>Coefficient of variation of the share kept over blocks: 0 is perfectly even; null where there are no two.</summary>
    public double? BlockVariation { get; }

    /// <summary>The same over rows.</summary>
    public double? RowVariation { get; }

    /// <summary>The same over layers; of the total only.</summary>
    public double? LayerVariation { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} in {Part}";
}

/// <summary>How two task vectors meet in one part of a model.</summary>
public sealed class MeasuredOverlap
{
    internal MeasuredOverlap(MeasuredPart part, MeasuredPair pair)
    {
        (Part, Layer, First, Second, SharedCount) = (part.Name, part.Layer, pair.First, pair.Second, pair.Shared);
        (Jaccard, ShareOfSmaller, SignConflictCount, SignConflictShare) = (pair.Jaccard, pair.ShareOfSmaller, pair.SignConflicts, pair.ConflictShare);
        (Cosine, CosineKept) = (pair.Cosine, pair.CosineKept);
    }

    /// <summary>The tensor, the layer, <c>(outside the layers)</c> or <c>(total)</c>.</summary>
    public string Part { get; }

    /// <summary>The layer's number; null outside the layers.</summary>
    public int? Layer { get; }

    /// <summary>The first vector's name.</summary>
    public string First { get; }

    /// <summary>The second vector's name.</summary>
    public string Second { get; }

    /// <summary>Positions both keep.</summary>
    public long SharedCount { get; }

    /// <summary>Shared positions / positions either keeps.</summary>
    public double Jaccard { get; }

    /// <summary>Shared positions / positions of the smaller mask.</summary>
    public double ShareOfSmaller { get; }

    /// <summary>Shared positions whose deltas have opposite signs.</summary>
    public long SignConflictCount { get; }

    /// <summary>These, as a share of the shared ones.</summary>
    public double SignConflictShare { get; }

    /// <summary>Cosine of the whole task vectors.</summary>
    public double Cosine { get; }

    /// <summary>Cosine of what is kept of them.</summary>
    public double CosineKept { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{First} and {Second} in {Part}";
}

/// <summary>What task vectors would leave in a merge and how they meet. Every list is flat, an object per row, to sort, group and export.</summary>
public sealed class TaskVectorMeasurement
{
    internal TaskVectorMeasurement(MeasureResult result)
    {
        Result = result;
        TaskVectors = Vectors([result.Total]);
        Overlaps = Pairs([result.Total]);
        Layers = Vectors(result.Layers);
        LayerOverlaps = Pairs(result.Layers);
        Tensors = Vectors(result.Tensors);
        TensorOverlaps = Pairs(result.Tensors);
        LeftOut = [.. result.LeftOut.Select(t => new LeftOutTensor(t))];
        Warnings = [.. result.Warnings];
        Duration = result.Duration;
        BytesRead = result.BytesRead;
        PeakMemoryBytes = result.PeakMemory;
        ThreadCount = result.Threads;
    }

    /// <summary>The base model's full path.</summary>
    public string BasePath => Result.BasePath;

    /// <summary>The recipe's method; null for task vectors.</summary>
    public string? Method => Result.Method;

    /// <summary>Each task vector over all tensors.</summary>
    public MeasuredTaskVector[] TaskVectors { get; }

    /// <summary>Each pair over all tensors.</summary>
    public MeasuredOverlap[] Overlaps { get; }

    /// <summary>Each task vector in each layer, and in the tensors outside.</summary>
    public MeasuredTaskVector[] Layers { get; }

    /// <summary>Each pair in each layer.</summary>
    public MeasuredOverlap[] LayerOverlaps { get; }

    /// <summary>Each task vector in each tensor.</summary>
    public MeasuredTaskVector[] Tensors { get; }

    /// <summary>Each pair in each tensor.</summary>
    public MeasuredOverlap[] TensorOverlaps { get; }

    /// <summary>Tensors of experts that a merge would leave out.</summary>
    public LeftOutTensor[] LeftOut { get; }

    /// <summary>What may not have been meant.</summary>
    public string[] Warnings { get; }

    /// <summary>Wall time.</summary>
    public TimeSpan Duration { get; }

    /// <summary>Bytes read.</summary>
    public long BytesRead { get; }

    /// <summary>The process's largest resident size so far, PowerShell's own share included, in bytes.</summary>
    public long PeakMemoryBytes { get; }

    /// <summary>Threads used.</summary>
    public int ThreadCount { get; }

    /// <summary>The engine's figures.</summary>
    internal MeasureResult Result { get; }

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", Result.Vectors);

    private MeasuredTaskVector[] Vectors(IEnumerable<MeasuredPart> parts) => [.. parts.SelectMany(p => p.Vectors.Select(v => new MeasuredTaskVector(p, v, SparsificationOf(v.Name))))];

    private static MeasuredOverlap[] Pairs(IEnumerable<MeasuredPart> parts) => [.. parts.SelectMany(p => p.Pairs.Select(o => new MeasuredOverlap(p, o)))];

    private string? SparsificationOf(string name) => Result.Sparsifications[Result.Vectors.ToList().IndexOf(name)];
}
