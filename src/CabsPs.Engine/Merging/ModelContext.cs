using CabsPs.Engine.LinearAlgebra;

namespace CabsPs.Engine.Merging;

/// <summary>All tensors of a merge that are computed, as one: for methods that look at the whole model.</summary>
public sealed class ModelContext
{
    private readonly Dictionary<string, long> _starts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _depths = new(StringComparer.Ordinal);
    private readonly long[] _counts;
    private readonly ILinearAlgebra? _algebra;

    internal ModelContext(MergeDefinition definition, IReadOnlyList<TensorPlan> tensors, ILinearAlgebra? algebra = null)
    {
        Definition = definition;
        _algebra = algebra;
        Tensors = [.. tensors.Where(t => t.Action == TensorAction.Merge).Select(t => new TensorContext(definition, t, this))];
        foreach (TensorContext tensor in Tensors.OrderBy(t => t.Tensor, StringComparer.Ordinal))
        {
            _starts.Add(tensor.Tensor, Count);
            Count += tensor.Count;
        }

        _counts = [.. Enumerable.Range(0, definition.Inputs.Count).Select(v => Tensors.Where(t => t.InputOf(v) >= 0).Sum(t => t.Count))];
        AnyDouble = Tensors.Any(t => t.Plan.InDouble);
        Layers = new LayerMap(tensors.Select(t => t.Output.Name));
        foreach (string name in Tensors.Select(t => t.Tensor))
        {
            if (LayerMap.Split(name) is (string prefix, int layer, _))
                _depths[prefix] = Math.Max(_depths.GetValueOrDefault(prefix), layer + 1);
        }
    }

    /// <summary>What is merged and how.</summary>
    public MergeDefinition Definition { get; }

    /// <summary>What computes singular vectors and products of matrices.</summary>
    public ILinearAlgebra Algebra => _algebra ?? MathNetLinearAlgebra.Instance;

    /// <summary>Files of statistics that are not read piece by piece.</summary>
    internal StatisticFiles Statistics { get; } = new();

    /// <summary>The tensors that are computed, in the order of the plan.</summary>
    public IReadOnlyList<TensorContext> Tensors { get; }

    /// <summary>How many weights they have together.</summary>
    public long Count { get; }

    /// <summary>The layers of the result, those that are copied included.</summary>
    public LayerMap Layers { get; }

    /// <summary>Whether some are computed in float64.</summary>
    public bool AnyDouble { get; }

    /// <summary>Where a tensor begins in the flattened model: all tensors one behind the other, names sorted by code point.</summary>
    public long StartOf(TensorContext tensor) => _starts[tensor.Tensor];

    /// <summary>A tensor's place between the first layer (0) and the last one that is merged (1); 0 outside the layers.</summary>
    public double DepthOf(TensorContext tensor) =>
        Layers.LayerOf(tensor.Tensor) is (int layer, _) ? LayerMap.PlaceOf(layer, _depths[LayerMap.Split(tensor.Tensor)!.Value.Prefix]) : 0;

    /// <summary>How many of the weights a model has.</summary>
    /// <param name="vector">Which of the definition's inputs.</param>
    public long CountOf(int vector) => _counts[vector];

    /// <summary>The value of a parameter of the merge or a group, the same for all tensors.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="group">The group's values, where it has some of its own.</param>
    /// <exception cref="CabsException">It differs between tensors, has no value or one that cannot be.</exception>
    public object Value(MethodParameter parameter, ParameterSet? group = null) =>
        OneOf(parameter, Tensors.Select(t => (t, t.Value(parameter, group))));

    /// <summary>The value of a parameter for one of the definition's inputs, the same for all tensors.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="vector">Which input.</param>
    /// <param name="group">The values of its group, where it has some of its own.</param>
    /// <exception cref="CabsException">It differs between tensors, has no value or one that cannot be.</exception>
    public object Value(MethodParameter parameter, int vector, ParameterSet? group = null) =>
        OneOf(parameter, Tensors.Where(t => t.InputOf(vector) >= 0).Select(t => (t, t.Value(parameter, t.InputOf(vector), group))));

    private static object OneOf(MethodParameter parameter, IEnumerable<(TensorContext Tensor, object Value)> values)
    {
        (TensorContext Tensor, object Value)? first = null;
        foreach ((TensorContext tensor, object value) in values)
        {
            first ??= (tensor, value);
            if (!value.Equals(first.Value.Value))
                throw new CabsException(CabsError.ParameterInvalid, $"'{parameter.Name}' differs between tensors {Text.Quote(first.Value.Tensor.Tensor)} and {Text.Quote(tensor.Tensor)}; it counts for the whole model here and takes one value, without filters and gradients", parameter.Name);
        }

        return first?.Value ?? parameter.Default ?? 0.0;
    }
}
