using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Merging;

/// <summary>Files that hold, per tensor of a model, what was measured in its training: Fisher information, second moments, Grams. Their tensors have the
/// names of the weights they belong to.</summary>
internal sealed class StatisticFiles
{
    private readonly Dictionary<string, Checkpoint> _open = new(StringComparer.Ordinal);

    /// <summary>The tensor of every input's file, each of the shape of the weights.</summary>
    /// <param name="context">The tensor.</param>
    /// <param name="parameter">The parameter that names the file.</param>
    /// <exception cref="CabsException">A file cannot be read, lacks the tensor or has another shape.</exception>
    public IReadOnlyList<TensorInfo> For(TensorContext context, MethodParameter parameter)
    {
        var found = new List<TensorInfo>();
        for (int i = 0; i < context.Inputs.Count; i++)
        {
            Checkpoint file = Open((string)context.Value(parameter, i));
            found.Add(Checked(Find(file, context, i) ?? throw Lacks(file, context, i, parameter), context.Shape, parameter));
        }

        return found;
    }

    /// <summary>The tensor of every input's file, square and as long as a row of the weights; null where no file has one.</summary>
    /// <param name="context">The tensor.</param>
    /// <param name="parameter">The parameter that names the file.</param>
    /// <exception cref="CabsException">A file cannot be read, lacks the tensor that others have, or has another shape.</exception>
    public IReadOnlyList<TensorInfo>? GramsFor(TensorContext context, MethodParameter parameter)
    {
        Checkpoint[] files = [.. context.Inputs.Select((_, i) => Open((string)context.Value(parameter, i)))];
        TensorInfo?[] found = [.. files.Select((f, i) => Find(f, context, i))];
        if (found.All(f => f is null))
            return null;
        int missing = Array.IndexOf(found, null);
        return missing >= 0
            ? throw Lacks(files[missing], context, missing, parameter)
            : [.. found.Select(f => Checked(f!, [context.RowLength, context.RowLength], parameter))];
    }

    /// <summary>A value that a statistic cannot have.</summary>
    public static CabsException BadValue(TensorInfo tensor, double value, long index) =>
        new(CabsError.StatisticInvalid, $"{tensor.File}: tensor {Text.Quote(tensor.Name)} holds {Text.Significant(value)} at index {index}; a statistic is finite and not negative", tensor.Name);

    /// <summary>The files looked into so far.</summary>
    public IEnumerable<string> Paths => _open.Values.SelectMany(c => c.Files);

    private Checkpoint Open(string path) => _open.TryGetValue(path, out Checkpoint? known) ? known : _open[path] = Checkpoint.Open(path);

    // by the name that the model itself gives the tensor
    private static TensorInfo? Find(Checkpoint file, TensorContext context, int input) => file.Find(context.Plan.Scope.Inputs[input].Tensor);

    private static CabsException Lacks(Checkpoint file, TensorContext context, int input, MethodParameter parameter) =>
        new(CabsError.StatisticInvalid, $"{file.Path}: lacks tensor {Text.Quote(context.Plan.Scope.Inputs[input].Tensor)}, of which '{parameter.Name}' of {context.Inputs[input].Name} needs a statistic; measure it, or exclude the tensor", context.Tensor);

    private static TensorInfo Checked(TensorInfo tensor, IReadOnlyList<long> shape, MethodParameter parameter)
    {
        if (!tensor.Type.IsMergeable())
            throw new CabsException(CabsError.StatisticInvalid, $"{tensor.File}: tensor {Text.Quote(tensor.Name)} is {tensor.Type}; '{parameter.Name}' takes floating-point numbers", tensor.Name);
        return tensor.Shape.SequenceEqual(shape) ? tensor
            : throw new CabsException(CabsError.StatisticInvalid, $"{tensor.File}: tensor {Text.Quote(tensor.Name)} is {tensor.ShapeText}; '{parameter.Name}' needs [{string.Join(", ", shape)}] there", tensor.Name);
    }
}
