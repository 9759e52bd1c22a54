using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Merging;

/// <summary>What happens to a tensor.</summary>
public enum TensorAction
{
    /// <summary>Computed from its inputs.</summary>
    Merge,

    /// <summary>Taken from one model.</summary>
    Copy,

    /// <summary>Not floating point: taken from one model once all models are seen to agree on it.</summary>
    CopyIdentical,
}

/// <summary>One tensor of the result.</summary>
/// <param name="Output">Its name, shape and stored type.</param>
/// <param name="Action">What happens to it.</param>
/// <param name="Base">Where the base has it (for a tied head: the base's embedding); null without a base.</param>
/// <param name="Inputs">Where the models that take part have it, in the order in which they are merged.</param>
/// <param name="InDouble">Computed in float64, because an input is float64.</param>
public sealed record TensorPlan(OutputTensor Output, TensorAction Action, TensorInfo? Base, IReadOnlyList<TensorInfo> Inputs, bool InDouble)
{
    /// <summary>The tensor that a copy is made of.</summary>
    public TensorInfo Source => Base ?? Inputs[0];

    /// <summary>All tensors read, the base's first.</summary>
    public IEnumerable<TensorInfo> Sources => Base is null ? Inputs : Inputs.Prepend(Base);

    /// <summary>The tensors that are read: all sources, or the one that is copied.</summary>
    public IEnumerable<TensorInfo> Read => Action == TensorAction.Copy ? [Source] : Sources;

    /// <summary>The base's rows in the result's vocabulary; null where they are its own.</summary>
    internal MappedTensor? BaseRows { get; init; }

    /// <summary>The inputs' rows in the result's vocabulary; empty where all are their own, null for one whose are.</summary>
    internal IReadOnlyList<MappedTensor?> InputRows { get; init; } = [];

    /// <summary>Per input the tensor of its statistics file, where the method reads such files piece by piece.</summary>
    internal IReadOnlyList<TensorInfo> Statistics { get; init; } = [];

    /// <summary>The rows of the tensor that a copy is made of.</summary>
    internal MappedTensor? SourceRows => Base is null ? RowsOf(0) : BaseRows;

    /// <summary>Bytes that one pass reads.</summary>
    internal long ByteLength => Action == TensorAction.Copy ? BytesOf(Source, SourceRows)
        : (Base is null ? 0 : BytesOf(Base, BaseRows)) + Inputs.Select((t, i) => BytesOf(t, RowsOf(i))).Sum() + Statistics.Sum(t => t.ByteLength);

    /// <summary>Where its parameter values come from.</summary>
    internal TensorScope Scope { get; init; } = TensorScope.Empty;

    /// <summary>An input's rows in the result's vocabulary; null where they are its own.</summary>
    internal MappedTensor? RowsOf(int input) => InputRows.Count == 0 ? null : InputRows[input];

    private static long BytesOf(TensorInfo tensor, MappedTensor? rows) => rows is null ? tensor.ByteLength : rows.Count * tensor.Type.Size();
}

/// <summary>The levels at which a tensor's parameters may stand.</summary>
/// <param name="Place">Its layer's place in its slice, from the first (0) to the last (1), as gradients count it.</param>
/// <param name="Inputs">The inputs' entries.</param>
/// <param name="Levels">Values for all of them, the nearest level first: slice, module, recipe.</param>
internal sealed record TensorScope(double Place, IReadOnlyList<InputScope> Inputs, IReadOnlyList<ParameterSet> Levels)
{
    /// <summary>No values.</summary>
    public static readonly TensorScope Empty = new(0, [], []);
}

/// <summary>An input of one tensor.</summary>
/// <param name="Model">Its entry.</param>
/// <param name="Index">The model's place among the definition's inputs.</param>
/// <param name="Tensor">What the tensor is called in that model: the name that the model's filters see.</param>
internal sealed record InputScope(ModelInput Model, int Index, string Tensor);
