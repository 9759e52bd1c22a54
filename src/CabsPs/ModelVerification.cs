using CabsPs.Engine.Integrity;

namespace CabsPs;

/// <summary>One thing that is wrong with a model on disk.</summary>
public sealed class ModelProblem
{
    internal ModelProblem(CheckpointProblem problem) => (Kind, File, Tensor, Message) = (problem.Kind.ToString(), problem.File, problem.Tensor, problem.Message);

    /// <summary>What it is: Structure, FileMissing, FileSize, FileChanged, TensorChanged, TensorUnknown, NonFinite or Unreadable.</summary>
    public string Kind { get; }

    /// <summary>The full path of the file.</summary>
    public string File { get; }

    /// <summary>The tensor, where it is one's; else null.</summary>
    public string? Tensor { get; }

    /// <summary>One line that names both.</summary>
    public string Message { get; }

    /// <inheritdoc/>
    public override string ToString() => Message;
}

/// <summary>A weight file that was looked at.</summary>
public sealed class VerifiedModelFile
{
    internal VerifiedModelFile(VerifiedFile file) => (Path, SizeBytes, Sha256) = (file.Path, file.ByteLength, file.Sha256);

    /// <summary>Its full path.</summary>
    public string Path { get; }

    /// <summary>Its size.</summary>
    public long SizeBytes { get; }

    /// <summary>Its SHA-256, with -Sha256; else null.</summary>
    public string? Sha256 { get; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}

/// <summary>What a verification of a model found.</summary>
public sealed class ModelVerification
{
    internal ModelVerification(VerificationResult result)
    {
        Path = result.Path;
        IsGood = result.IsGood;
        HashesCompared = result.HasManifest;
        TensorCount = result.TensorCount;
        SizeBytes = result.ByteLength;
        Files = [.. result.Files.Select(f => new VerifiedModelFile(f))];
        Problems = [.. result.Problems.Select(p => new ModelProblem(p))];
        Duration = result.Duration;
    }

    /// <summary>The model's full path.</summary>
    public string Path { get; }

    /// <summary>Whether nothing is wrong.</summary>
    public bool IsGood { get; }

    /// <summary>Whether there was an undamaged cabs.json to compare with.</summary>
    public bool HashesCompared { get; }

    /// <summary>Tensors read.</summary>
    public int TensorCount { get; }

    /// <summary>Bytes of them.</summary>
    public long SizeBytes { get; }

    /// <summary>The weight files.</summary>
    public VerifiedModelFile[] Files { get; }

    /// <summary>What is wrong; empty when nothing is.</summary>
    public ModelProblem[] Problems { get; }

    /// <summary>Wall time.</summary>
    public TimeSpan Duration { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Path}: {(IsGood ? "good" : $"{Problems.Length} problem(s)")}";
}
