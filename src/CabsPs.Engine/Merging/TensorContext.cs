using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging;

/// <summary>One tensor of a merge and the values its parameters have there: a model's own value first, then the one for all,
/// then the default.</summary>
public sealed class TensorContext
{
    private readonly MergeDefinition _definition;
    private readonly LayerMap _layers;

    internal TensorContext(MergeDefinition definition, LayerMap layers, OutputTensor tensor, IReadOnlyList<bool> present)
    {
        _definition = definition;
        _layers = layers;
        Tensor = tensor.Name;
        Count = tensor.Count;
        RowLength = tensor.Shape.Count == 0 ? 1 : tensor.Shape[^1];
        Present = present;
    }

    /// <summary>The tensor's name in the result.</summary>
    public string Tensor { get; }

    /// <summary>Its number of weights.</summary>
    public long Count { get; }

    /// <summary>Length of its last axis: weights in a row. A tensor of one dimension is one row.</summary>
    public long RowLength { get; }

    /// <summary>Per input whether it has the tensor.</summary>
    public IReadOnlyList<bool> Present { get; }

    /// <summary>The models read besides the base.</summary>
    public IReadOnlyList<ModelInput> Inputs => _definition.Inputs;

    /// <summary>Who is sparsified with whom.</summary>
    public IReadOnlyList<SparsifierGroup> Groups => _definition.Groups;

    /// <summary>The random numbers of one input on this tensor.</summary>
    public CounterRandom RandomOf(int input) => new(_definition.Seed, Inputs[input].Name, Tensor);

    /// <summary>The value of a parameter for one input.</summary>
    public object Value(MethodParameter parameter, int input, ParameterSet? group = null)
    {
        double place = _layers.PlaceOf(Tensor);
        return Check(parameter, Inputs[input].Parameters.Find(parameter.Name, Tensor, place), Inputs[input].Name)
            ?? Value(parameter, group, Inputs[input].Name);
    }

    /// <summary>The value of a parameter for the merge or a group as a whole.</summary>
    public object Value(MethodParameter parameter, ParameterSet? group = null, string? model = null)
    {
        object? found = Check(parameter, (group ?? _definition.Parameters).Find(parameter.Name, Tensor, _layers.PlaceOf(Tensor)), model) ?? parameter.Default;
        return found ?? throw new CabsException(
            CabsError.ParameterInvalid,
            $"'{parameter.Name}' has no value{(model is null ? string.Empty : $" for model {model}")} at tensor {Text.Quote(Tensor)}; give {parameter.Expectation}",
            parameter.Name);
    }

    // a gradient can land between two allowed values
    private object? Check(MethodParameter parameter, object? value, string? model)
    {
        if (value is double number && !parameter.Accepts(number))
            throw new CabsException(CabsError.ParameterInvalid, $"'{parameter.Name}' is {Text.Significant(number)}{(model is null ? string.Empty : $" for model {model}")} at tensor {Text.Quote(Tensor)}; it takes {parameter.Expectation}", parameter.Name);
        return value;
    }
}
