using System.Management.Automation;
using CabsPs.Engine;

namespace CabsPs.Commands;

/// <summary>The one place where the module's error records are made. An id is the name of the engine's condition; scripts match
/// on it. about_Cabs_Errors lists them all.</summary>
internal static class ErrorRecords
{
    /// <summary>The record of an expected failure.</summary>
    /// <param name="exception">The failure; it names its own target where it has one.</param>
    /// <param name="target">What the cmdlet was working on.</param>
    public static ErrorRecord From(Exception exception, object? target = null) => exception is PathException path ? path.ErrorRecord
        : exception is CabsException expected ? new(expected, expected.Error.ToString(), CategoryOf(expected.Error), expected.Target ?? target)
        : new(exception, "FileAccessFailed", exception is UnauthorizedAccessException ? ErrorCategory.PermissionDenied : ErrorCategory.ReadError, target);

    /// <summary>Whether an exception is a failure that records are made of, and not a mistake of the program.</summary>
    public static bool IsExpected(Exception exception) => exception is CabsException or PathException or IOException or UnauthorizedAccessException;

    /// <summary>A path that belongs to another provider.</summary>
    public static ErrorRecord NotFileSystem(string path, string provider) =>
        new(new PSInvalidOperationException($"{path}: lies in the {provider} provider; models, vectors and recipes are files"), "PathNotFileSystem", ErrorCategory.InvalidArgument, path);

    /// <summary>A path whose drive or provider there is not.</summary>
    public static ErrorRecord PathNotFound(string path, Exception cause) =>
        new(new ItemNotFoundException($"{path}: {cause.Message}", cause), "PathNotFound", ErrorCategory.ObjectNotFound, path);

    /// <summary>A wildcard that nothing matches.</summary>
    public static ErrorRecord WildcardMatchesNothing(string path) =>
        new(new ItemNotFoundException($"{path}: matches no file or folder; check the pattern, or use -LiteralPath where the characters are meant"), "WildcardMatchesNothing", ErrorCategory.ObjectNotFound, path);

    /// <summary>A tensor that a model does not have.</summary>
    public static ErrorRecord TensorNotFound(string name, string path, string hint) =>
        new(new ItemNotFoundException($"{path}: has no tensor '{name}'{hint}"), "TensorNotFound", ErrorCategory.ObjectNotFound, name);

    private static ErrorCategory CategoryOf(CabsError error) => error switch
    {
        CabsError.CheckpointNotFound or CabsError.RecipeNotFound => ErrorCategory.ObjectNotFound,
        CabsError.CheckpointInvalid or CabsError.FileTruncated or CabsError.FileChanged or CabsError.ConfigInvalid or CabsError.NonFiniteInput or CabsError.TokenizerInvalid or CabsError.VectorInvalid or CabsError.StatisticInvalid or CabsError.SearchLogInvalid => ErrorCategory.InvalidData,
        CabsError.TensorMissing or CabsError.TensorShapeMismatch or CabsError.TensorTypeMismatch or CabsError.IntegerTensorDiffers or CabsError.VocabularyInvalid => ErrorCategory.InvalidData,
        CabsError.RecipeInvalid => ErrorCategory.ParserError,
        CabsError.JudgeFailed => ErrorCategory.InvalidResult,
        CabsError.ReadFailed => ErrorCategory.ReadError,
        CabsError.WriteFailed => ErrorCategory.WriteError,
        CabsError.OutputBusy => ErrorCategory.ResourceBusy,
        CabsError.DiskFull => ErrorCategory.LimitsExceeded,
        CabsError.ResumeMismatch => ErrorCategory.InvalidOperation,
        CabsError.OutputNotEmpty or CabsError.OutputIsFile => ErrorCategory.ResourceExists,
        CabsError.EngineUnavailable => ErrorCategory.NotInstalled,
        CabsError.MemoryLimit => ErrorCategory.LimitsExceeded,
        CabsError.AlreadySparsified or CabsError.MethodNeedsModels => ErrorCategory.InvalidOperation,
        _ => ErrorCategory.InvalidArgument,
    };
}
