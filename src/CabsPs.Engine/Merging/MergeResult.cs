namespace CabsPs.Engine.Merging;

/// <summary>A file of the result.</summary>
/// <param name="Path">Its full path.</param>
/// <param name="ByteLength">Its size.</param>
/// <param name="Hash">Two files with the same hash hold the same bytes: XXH128 of a small file's bytes; of a weight file's header and the hashes
/// of its tensors, in the order in which they lie.</param>
/// <param name="Sha256">SHA-256 of a weight file, where it was asked for.</param>
public sealed record ResultFile(string Path, long ByteLength, string Hash, string? Sha256 = null);

/// <summary>What a merge did.</summary>
public sealed record MergeResult
{
    /// <summary>The full path of the result's folder.</summary>
    public required string Path { get; init; }

    /// <summary>The method's name.</summary>
    public required string Method { get; init; }

    /// <summary>The plan that was carried out.</summary>
    public required MergePlan Plan { get; init; }

    /// <summary>All files written.</summary>
    public required IReadOnlyList<ResultFile> Files { get; init; }

    /// <summary>Per task vector its weight, what was kept of it and its norm.</summary>
    public required IReadOnlyList<VectorSummary> Vectors { get; init; }

    /// <summary>The overlap of every pair of sparsified vectors.</summary>
    public required IReadOnlyList<PairSummary> Overlaps { get; init; }

    /// <summary>The tensors and what was done to each.</summary>
    public required IReadOnlyList<TensorPlan> Tensors { get; init; }

    /// <summary>Tensors of experts that did not reach the result.</summary>
    public required IReadOnlyList<LeftOutTensor> LeftOut { get; init; }

    /// <summary>What the user may not have meant.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>Tensors that an interrupted merge had finished and that were kept.</summary>
    public int ResumedTensors { get; init; }

    /// <summary>Those of the warnings that only the weights themselves could tell, after the plan was shown.</summary>
    public IReadOnlyList<string> LateWarnings { get; init; } = [];

    /// <summary>Wall time from the first read to the final name.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Bytes read from the models.</summary>
    public required long BytesRead { get; init; }

    /// <summary>Bytes of tensors written.</summary>
    public required long BytesWritten { get; init; }

    /// <summary>The process's largest resident size so far, in bytes.</summary>
    public required long PeakMemory { get; init; }

    /// <summary>Threads used.</summary>
    public required int Threads { get; init; }

    /// <summary>Bytes read and written per second.</summary>
    public double BytesPerSecond => (BytesRead + BytesWritten) / Math.Max(Duration.TotalSeconds, 1e-9);
}

/// <summary>How far a merge is.</summary>
/// <param name="BytesDone">Bytes read and written so far.</param>
/// <param name="BytesTotal">Bytes to read and write.</param>
/// <param name="Tensor">A tensor being worked on.</param>
/// <param name="Elapsed">Time since the start.</param>
public readonly record struct MergeProgress(long BytesDone, long BytesTotal, string Tensor, TimeSpan Elapsed)
{
    /// <summary>Share done, 0 to 1.</summary>
    public double Share => BytesTotal == 0 ? 1 : Math.Min(1, BytesDone / (double)BytesTotal);

    /// <summary>Bytes per second so far.</summary>
    public double BytesPerSecond => BytesDone / Math.Max(Elapsed.TotalSeconds, 1e-9);

    /// <summary>Time left at this rate, or null before there is one.</summary>
    public TimeSpan? Remaining => BytesDone == 0 ? null : TimeSpan.FromSeconds((BytesTotal - BytesDone) / BytesPerSecond);
}
