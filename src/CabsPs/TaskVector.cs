namespace CabsPs;

/// <summary>The difference of a fine-tuned model from its base (Ilharco et al., 2023): an immutable description by paths, without
/// data, cheap to make and to drop. The work happens where it is merged.</summary>
public sealed class TaskVector
{
    internal TaskVector(Engine.TaskVectors.TaskVector vector, int tensorCount, long parameterCount)
    {
        Vector = vector;
        TensorCount = tensorCount;
        ParameterCount = parameterCount;
    }

    /// <summary>The fine-tuned model's name.</summary>
    public string Name => Vector.Name;

    /// <summary>The base model's full path.</summary>
    public string BasePath => Vector.BasePath;

    /// <summary>The fine-tuned model's full path.</summary>
    public string ModelPath => Vector.ModelPath;

    /// <summary>λ, unless the merge says otherwise.</summary>
    public double Weight => Vector.Weight ?? 1;

    /// <summary>How it was sparsified, such as <c>cabs 64:256 sequential</c>; null while it is dense.</summary>
    public string? Sparsification => Vector.Group is { } group ? group.Sparsifier.Describe(group.Parameters) : null;

    /// <summary>Floating-point tensors that base and model share.</summary>
    public int TensorCount { get; }

    /// <summary>Weights in these tensors.</summary>
    public long ParameterCount { get; }

    internal Engine.TaskVectors.TaskVector Vector { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;

    internal TaskVector With(Engine.TaskVectors.TaskVector vector) => new(vector, TensorCount, ParameterCount);
}
