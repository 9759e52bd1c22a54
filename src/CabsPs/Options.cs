namespace CabsPs;

/// <summary>Who gets a position that several task vectors want.</summary>
public enum Assignment
{
    /// <summary>The earlier vector (the paper's rule).</summary>
    Sequential,

    /// <summary>The vector to which the weight matters more, by |δ| / rms(δ).</summary>
    Joint,

    /// <summary>All of them: each vector is sparsified by itself.</summary>
    None,
}

/// <summary>What an incomplete last block of a tensor keeps.</summary>
public enum BlockTail
{
    /// <summary>Its share, rounded.</summary>
    Proportional,

    /// <summary>Nothing, as the CABS authors' code.</summary>
    Drop,

    /// <summary>Every weight that is not zero.</summary>
    Keep,
}

/// <summary>What happens where several masks keep the same position.</summary>
public enum OverlapRule
{
    /// <summary>The terms are added.</summary>
    Sum,

    /// <summary>Those that agree with the sign of the sum are averaged (TIES).</summary>
    Ties,
}

/// <summary>What tells that a merge that goes on has the inputs of the one that was interrupted.</summary>
public enum ResumeCheck
{
    /// <summary>Size, time and header of every file.</summary>
    Files,

    /// <summary>All bytes of the tensors that are finished; times may differ.</summary>
    Deep,
}

/// <summary>Element types a result can be stored as, under PyTorch's names; parameters take safetensors' names (<c>BF16</c>), too.</summary>
public enum TensorType
{
    /// <summary>IEEE 754 binary32.</summary>
    Float32,

    /// <summary>The upper half of a binary32.</summary>
    BFloat16,

    /// <summary>IEEE 754 binary16.</summary>
    Float16,

    /// <summary>IEEE 754 binary64.</summary>
    Float64,
}

/// <summary>What a search for weights varies.</summary>
public enum WeightScope
{
    /// <summary>One number for the whole merge.</summary>
    Shared,

    /// <summary>A weight per task vector.</summary>
    Vector,

    /// <summary>A number per layer.</summary>
    Layer,
}
