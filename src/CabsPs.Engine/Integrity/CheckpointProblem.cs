namespace CabsPs.Engine.Integrity;

/// <summary>What is wrong with a model on disk.</summary>
public enum CheckpointProblemKind
{
    /// <summary>A header, an index or the manifest contradicts itself or its file; or the folder holds no model.</summary>
    Structure,

    /// <summary>A file that the manifest lists is not there.</summary>
    FileMissing,

    /// <summary>A file has another size than was written.</summary>
    FileSize,

    /// <summary>A small file or a weight file's header has other bytes than were written.</summary>
    FileChanged,

    /// <summary>A tensor has other bytes than were written.</summary>
    TensorChanged,

    /// <summary>A tensor that the manifest lists is not there, or one is there that it does not list.</summary>
    TensorUnknown,

    /// <summary>A tensor holds NaN or infinity.</summary>
    NonFinite,

    /// <summary>A file could not be read.</summary>
    Unreadable,
}

/// <summary>One thing that is wrong.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="File">The full path of the file.</param>
/// <param name="Tensor">The tensor, where it is one's.</param>
/// <param name="Message">One line for a person.</param>
public sealed record CheckpointProblem(CheckpointProblemKind Kind, string File, string? Tensor, string Message);

/// <summary>A file that was looked at.</summary>
/// <param name="Path">Its full path.</param>
/// <param name="ByteLength">Its size.</param>
/// <param name="Sha256">Its SHA-256, where it was asked for.</param>
public sealed record VerifiedFile(string Path, long ByteLength, string? Sha256);

/// <summary>What a verification found.</summary>
/// <param name="Path">The model.</param>
/// <param name="HasManifest">Whether there are hashes to compare with: a cabs.json that is not damaged.</param>
/// <param name="TensorCount">Tensors read.</param>
/// <param name="ByteLength">Bytes of them.</param>
/// <param name="Files">The weight files.</param>
/// <param name="Problems">What is wrong: files first, then tensors in the order of their names.</param>
/// <param name="Duration">Wall time.</param>
public sealed record VerificationResult(string Path, bool HasManifest, int TensorCount, long ByteLength, IReadOnlyList<VerifiedFile> Files, IReadOnlyList<CheckpointProblem> Problems, TimeSpan Duration)
{
    /// <summary>Whether nothing is wrong.</summary>
    public bool IsGood => Problems.Count == 0;
}
