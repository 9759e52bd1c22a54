namespace CabsPs;

/// <summary>A file of a merged model.</summary>
public sealed class MergedFile
{
    internal MergedFile(Engine.Merging.ResultFile file)
    {
        Name = System.IO.Path.GetFileName(file.Path);
        Path = file.Path;
        SizeBytes = file.ByteLength;
        Hash = file.Hash;
        Sha256 = file.Sha256;
    }

    /// <summary>The file's name.</summary>
    public string Name { get; }

    /// <summary>Its full path.</summary>
    public string Path { get; }

    /// <summary>Its size.</summary>
    public long SizeBytes { get; }

    /// <summary>Two files with the same hash hold the same bytes: XXH128 of a small file's bytes; of a weight file's header and the hashes of
    /// its tensors.</summary>
    public string Hash { get; }

    /// <summary>SHA-256 of a weight file, with -Sha256; else null.</summary>
    public string? Sha256 { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>What a merge took of one task vector.</summary>
public sealed class MergedTaskVector
{
    internal MergedTaskVector(Engine.Merging.VectorSummary vector) =>
        (Name, Weight, KeptCount, Density, NormKept) = (vector.Name, vector.Weight, vector.Kept, vector.KeptShare, vector.NormKept);

    /// <summary>The vector's name.</summary>
    public string Name { get; }

    /// <summary>λ; the mean over the merged weights where it differs between tensors.</summary>
    public double Weight { get; }

    /// <summary>Positions kept.</summary>
    public long KeptCount { get; }

    /// <summary>Positions kept, as a share of all merged ones.</summary>
    public double Density { get; }

    /// <summary>‖kept δ‖ / ‖δ‖.</summary>
    public double NormKept { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>How much the masks of two task vectors overlap.</summary>
public sealed class MaskOverlap
{
    internal MaskOverlap(Engine.Merging.PairSummary pair) =>
        (First, Second, SharedCount, Jaccard, ShareOfSmaller) = (pair.First, pair.Second, pair.Shared, pair.Jaccard, pair.ShareOfSmaller);

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

    /// <inheritdoc/>
    public override string ToString() => $"{First} and {Second}";
}

/// <summary>A tensor of an expert that did not reach the result.</summary>
public sealed class LeftOutTensor
{
    internal LeftOutTensor(Engine.Merging.LeftOutTensor tensor) => (Model, Name, Reason) = (tensor.Model, tensor.Tensor, tensor.Reason);

    /// <summary>The expert's name.</summary>
    public string Model { get; }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    /// <summary>Why.</summary>
    public string Reason { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Model}: {Name}";
}

/// <summary>What a merge did.</summary>
public sealed class MergeResult
{
    internal MergeResult(Engine.Merging.MergeResult result)
    {
        Source = result;
        Path = result.Path;
        Method = result.Method;
        Files = [.. result.Files.Select(f => new MergedFile(f))];
        SizeBytes = result.Files.Sum(f => f.ByteLength);
        TaskVectors = [.. result.Vectors.Select(v => new MergedTaskVector(v))];
        Overlaps = [.. result.Overlaps.Select(p => new MaskOverlap(p))];
        MergedTensors = [.. result.Tensors.Where(t => t.Action == Engine.Merging.TensorAction.Merge).Select(t => t.Output.Name)];
        CopiedTensors = [.. result.Tensors.Where(t => t.Action != Engine.Merging.TensorAction.Merge).Select(t => t.Output.Name)];
        LeftOut = [.. result.LeftOut.Select(t => new LeftOutTensor(t))];
        Warnings = [.. result.Warnings];
        ResumedTensorCount = result.ResumedTensors;
        Duration = result.Duration;
        BytesRead = result.BytesRead;
        BytesWritten = result.BytesWritten;
        BytesPerSecond = result.BytesPerSecond;
        PeakMemoryBytes = result.PeakMemory;
        ThreadCount = result.Threads;
    }

    /// <summary>The engine's own result, for what takes this object up again.</summary>
    internal Engine.Merging.MergeResult Source { get; }

    /// <summary>The merged model's full path.</summary>
    public string Path { get; }

    /// <summary>The method.</summary>
    public string Method { get; }

    /// <summary>The files written.</summary>
    public MergedFile[] Files { get; }

    /// <summary>Bytes of all files.</summary>
    public long SizeBytes { get; }

    /// <summary>Per task vector its weight, density and norm kept.</summary>
    public MergedTaskVector[] TaskVectors { get; }

    /// <summary>The overlap of every pair of masks.</summary>
    public MaskOverlap[] Overlaps { get; }

    /// <summary>Names of the tensors that were merged.</summary>
    public string[] MergedTensors { get; }

    /// <summary>Names of the tensors that were copied from the base.</summary>
    public string[] CopiedTensors { get; }

    /// <summary>Tensors of experts that did not reach the result.</summary>
    public LeftOutTensor[] LeftOut { get; }

    /// <summary>What may not have been meant.</summary>
    public string[] Warnings { get; }

    /// <summary>Tensors that an interrupted merge had finished and that were kept.</summary>
    public int ResumedTensorCount { get; }

    /// <summary>Wall time.</summary>
    public TimeSpan Duration { get; }

    /// <summary>Bytes of tensors read.</summary>
    public long BytesRead { get; }

    /// <summary>Bytes of tensors written.</summary>
    public long BytesWritten { get; }

    /// <summary>Bytes read and written per second.</summary>
    public double BytesPerSecond { get; }

    /// <summary>The process's largest resident size so far, PowerShell's own share included, in bytes.</summary>
    public long PeakMemoryBytes { get; }

    /// <summary>Threads used.</summary>
    public int ThreadCount { get; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
