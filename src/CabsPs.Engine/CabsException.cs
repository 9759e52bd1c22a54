namespace CabsPs.Engine;

/// <summary>What went wrong, one id per condition. The names are stable: scripts match on them.</summary>
public enum CabsError
{
    /// <summary>A model path names neither a folder with safetensors weights nor a .safetensors file.</summary>
    CheckpointNotFound,

    /// <summary>A safetensors header or a shard index contradicts itself or the file it describes, or a cabs.json is damaged or none.</summary>
    CheckpointInvalid,

    /// <summary>A file ends before the bytes its header promises.</summary>
    FileTruncated,

    /// <summary>A file was changed after its header was read.</summary>
    FileChanged,

    /// <summary>A config.json cannot be read as JSON.</summary>
    ConfigInvalid,

    /// <summary>A tensor of the base is absent from an expert.</summary>
    TensorMissing,

    /// <summary>A tensor has different shapes in two models.</summary>
    TensorShapeMismatch,

    /// <summary>A tensor has element types that cannot be merged.</summary>
    TensorTypeMismatch,

    /// <summary>A tensor that is not floating point differs between the models.</summary>
    IntegerTensorDiffers,

    /// <summary>An input holds NaN or infinity.</summary>
    NonFiniteInput,

    /// <summary>A recipe cannot be read: YAML syntax, an unknown key or method, a value of the wrong kind.</summary>
    RecipeInvalid,

    /// <summary>A parameter is outside its range.</summary>
    ParameterInvalid,

    /// <summary>An expert is the base itself.</summary>
    ExpertIsBase,

    /// <summary>The same model stands twice in one merge.</summary>
    DuplicateModel,

    /// <summary>There is no task vector to merge.</summary>
    NothingToMerge,

    /// <summary>The destination exists and holds files.</summary>
    OutputNotEmpty,

    /// <summary>The destination is, or lies in, one of the inputs.</summary>
    OutputIsInput,

    /// <summary>Another merge is writing the destination.</summary>
    OutputBusy,

    /// <summary>What a merge is to go on with is another merge's or lacks files, or its inputs have changed.</summary>
    ResumeMismatch,

    /// <summary>The result does not fit on its disk.</summary>
    DiskFull,

    /// <summary>Writing the result failed.</summary>
    WriteFailed,

    /// <summary>Reading an input failed.</summary>
    ReadFailed,

    /// <summary>The merge needs more memory than the limit allows.</summary>
    MemoryLimit,

    /// <summary>A statistics file (Fisher, Gram, second moments) lacks a tensor, or has another shape or a value that cannot be.</summary>
    StatisticInvalid,

    /// <summary>A model's tokenizer files cannot be read or contradict its weights.</summary>
    TokenizerInvalid,

    /// <summary>A compute engine, a library it needs or a device is not there, or the engine cannot compute what is asked for.</summary>
    EngineUnavailable,

    /// <summary>A recipe asks for a vocabulary that the models cannot give: a token, a tokenizer or a row is missing.</summary>
    VocabularyInvalid,

    /// <summary>A file is not a task vector's, or contradicts itself.</summary>
    VectorInvalid,

    /// <summary>A task vector's file was taken from another base.</summary>
    BaseMismatch,

    /// <summary>Task vectors that belong to different bases meet in one call.</summary>
    BasesDiffer,

    /// <summary>A task vector is sparsified already where a dense one is needed.</summary>
    AlreadySparsified,

    /// <summary>A method that needs whole models is given task vectors.</summary>
    MethodNeedsModels,

    /// <summary>There is no merge method of this name.</summary>
    MethodUnknown,

    /// <summary>There is no sparsifier of this name.</summary>
    SparsifierUnknown,

    /// <summary>A method or sparsifier has no parameter of this name.</summary>
    ParameterUnknown,

    /// <summary>A number is NaN or infinite.</summary>
    NumberNotFinite,

    /// <summary>There is not one weight per task vector.</summary>
    WeightCountMismatch,

    /// <summary>A name belongs to none of the task vectors, or to several.</summary>
    VectorUnknown,

    /// <summary>No place for a result is given.</summary>
    OutputMissing,

    /// <summary>There is no recipe at the path.</summary>
    RecipeNotFound,

    /// <summary>The destination is a file where a folder is needed, or a folder where a file is.</summary>
    OutputIsFile,

    /// <summary>The judge of a search failed, or said something that is no score.</summary>
    JudgeFailed,

    /// <summary>A search's log cannot be read or was written by another search.</summary>
    SearchLogInvalid,
}

/// <summary>An expected failure: one line that names the file, tensor or key and says what to do.</summary>
public sealed class CabsException : Exception
{
    // paths and names in a message come from strangers
    private const int LongestMessage = 4000;

    /// <summary>Creates the failure.</summary>
    /// <param name="error">The stable id of the condition.</param>
    /// <param name="message">One line for a person.</param>
    /// <param name="target">The file, tensor or key at fault.</param>
    /// <param name="inner">The cause, shown only on request.</param>
    public CabsException(CabsError error, string message, object? target = null, Exception? inner = null)
        : base(Text.OneLine(message.Length <= LongestMessage ? message : $"{message.AsSpan(0, LongestMessage)}…"), inner)
    {
        Error = error;
        Target = target;
    }

    /// <summary>The stable id of the condition.</summary>
    public CabsError Error { get; }

    /// <summary>The file, tensor or key at fault.</summary>
    public object? Target { get; }

    /// <summary>True when the call or recipe is wrong, false when a correct call failed.</summary>
    public bool IsUsage => Error is CabsError.RecipeInvalid or CabsError.ParameterInvalid or CabsError.ExpertIsBase
        or CabsError.DuplicateModel or CabsError.NothingToMerge or CabsError.OutputNotEmpty or CabsError.OutputIsInput
        or CabsError.VocabularyInvalid or CabsError.BaseMismatch or CabsError.BasesDiffer or CabsError.AlreadySparsified or CabsError.MethodNeedsModels
        or CabsError.MethodUnknown or CabsError.SparsifierUnknown or CabsError.ParameterUnknown or CabsError.NumberNotFinite or CabsError.RecipeNotFound
        or CabsError.OutputIsFile or CabsError.WeightCountMismatch or CabsError.VectorUnknown or CabsError.OutputMissing;
}
