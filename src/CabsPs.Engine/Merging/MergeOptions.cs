using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Compute;
using CabsPs.Engine.LinearAlgebra;

namespace CabsPs.Engine.Merging;

/// <summary>How a merge is carried out. Nothing here changes a byte of the result's weights, except how they are cut into files.</summary>
public sealed record MergeOptions
{
    /// <summary>Memory limit when none is given.</summary>
    public const long DefaultMaxMemory = 1L << 30;

    /// <summary>Bytes read or written at once when nothing else is asked for: large enough to amortise a system call, small enough
    /// to stay in a core's cache.</summary>
    public const int DefaultPieceBytes = 512 << 10;

    /// <summary>Threads that compute; 0 means one per core.</summary>
    public int Threads { get; init; }

    /// <summary>The most bytes that buffers may take together.</summary>
    public long MaxMemory { get; init; } = DefaultMaxMemory;

    /// <summary>The most tensor bytes in one file of the result.</summary>
    public long ShardBytes { get; init; } = OutputLayout.DefaultShardBytes;

    /// <summary>Bytes read or written at once, per model and thread.</summary>
    public int PieceBytes { get; init; } = DefaultPieceBytes;

    /// <summary>Allows a destination that holds files.</summary>
    public bool Force { get; init; }

    /// <summary>Leaves the donor's tokenizer files out of the result.</summary>
    public bool LeavesOutTokenizer { get; init; }

    /// <summary>What computes. The managed engine gives the same bits everywhere; another one the same within a rounding or two.</summary>
    public ComputeEngine Engine { get; init; } = ManagedEngine.Instance;

    /// <summary>Goes on with what an interrupted merge of the same plan over the same inputs has finished, and keeps what is finished when this one
    /// is interrupted.</summary>
    public bool Resume { get; init; }

    /// <summary>When going on, compares the inputs' bytes with those that were read, instead of the times of their files.</summary>
    public bool ResumeDeep { get; init; }

    /// <summary>Takes the SHA-256 of every weight file.</summary>
    public bool Sha256 { get; init; }

    /// <summary>Begins without asking how much room the disk has, for file systems that tell it wrong.</summary>
    public bool IgnoresFreeSpace { get; init; }

    /// <summary>Writes a model card, and the recipe beside it.</summary>
    public bool WritesModelCard { get; init; } = true;

    /// <summary>The recipe's text, where the merge comes from one.</summary>
    public string? RecipeText { get; init; }

    /// <summary>What the copy of the recipe in the result is called.</summary>
    public string RecipeName { get; init; } = "cabs_recipe.yml";

    /// <summary>What computes singular vectors and products of matrices for methods that need them; null means the engine's own, or MathNet.Numerics. Results agree within
    /// rounding, not to the bit.</summary>
    public ILinearAlgebra? LinearAlgebra { get; init; }

    /// <summary>The number of threads meant.</summary>
    public int EffectiveThreads => Threads > 0 ? Threads : Environment.ProcessorCount;
}
