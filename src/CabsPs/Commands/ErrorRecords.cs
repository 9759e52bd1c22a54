using System.Management.Automation;
using CabsPs.Engine;

namespace CabsPs.Commands;

/// <summary>The one place where the module's error records are made. An id is the name of the engine's condition; scripts match
/// on it.</summary>
internal static class ErrorRecords
{
    public static ErrorRecord From(CabsException exception) =>
        new(exception, exception.Error.ToString(), CategoryOf(exception.Error), exception.Target);

    public static ErrorRecord NotFileSystem(string path, string provider) =>
        new(new PSInvalidOperationException($"{path}: lies in the {provider} provider; models and recipes are files"), "PathNotFileSystem", ErrorCategory.InvalidArgument, path);

    public static ErrorRecord PathNotFound(string path, Exception cause) =>
        new(new ItemNotFoundException($"{path}: {cause.Message}", cause), "PathNotFound", ErrorCategory.ObjectNotFound, path);

    private static ErrorCategory CategoryOf(CabsError error) => error switch
    {
        CabsError.CheckpointNotFound => ErrorCategory.ObjectNotFound,
        CabsError.CheckpointInvalid or CabsError.FileTruncated or CabsError.ConfigInvalid or CabsError.NonFiniteInput or CabsError.StatisticInvalid => ErrorCategory.InvalidData,
        CabsError.RecipeInvalid => ErrorCategory.ParserError,
        CabsError.ReadFailed => ErrorCategory.ReadError,
        CabsError.WriteFailed => ErrorCategory.WriteError,
        CabsError.OutputNotEmpty => ErrorCategory.ResourceExists,
        CabsError.EngineUnavailable => ErrorCategory.NotInstalled,
        CabsError.MemoryLimit => ErrorCategory.LimitsExceeded,
        CabsError.TensorMissing or CabsError.TensorShapeMismatch or CabsError.TensorTypeMismatch or CabsError.IntegerTensorDiffers => ErrorCategory.InvalidData,
        _ => ErrorCategory.InvalidArgument,
    };
}
