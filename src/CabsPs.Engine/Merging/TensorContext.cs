using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging;

/// <summary>One tensor of a merge: its inputs, and the values that its parameters have there.</summary>
/// <remarks>Parameters of a model are looked up in its own entry first, then in the slice, the module and the recipe, then comes
/// the default; parameters of the merge skip the entry. A level none of whose filters fits is skipped. Filters of a model's
/// parameters see the tensor's name in that model, filters of others its name in the result.</remarks>
public sealed class TensorContext
{
    private readonly MergeDefinition _definition;
    private readonly TensorPlan _plan;
    private readonly ModelContext? _model;

    internal TensorContext(MergeDefinition definition, TensorPlan plan, ModelContext? model = null, ModelMeasure? measure = null)
    {
        _model = model;
        Measure = measure;
        _definition = definition;
        _plan = plan;
        Inputs = [.. plan.Scope.Inputs.Select(i => i.Model)];
        Groups = [.. definition.Groups.Select(Localise).Where(g => g.Members.Count > 0)];
    }

    /// <summary>The tensor's name in the result.</summary>
    public string Tensor => _plan.Output.Name;

    /// <summary>Its dimensions, outermost first.</summary>
    public IReadOnlyList<long> Shape => _plan.Output.Shape;

    /// <summary>Its number of weights.</summary>
    public long Count => _plan.Output.Count;

    /// <summary>Length of its last axis: weights in a row. A tensor of one dimension is one row; rows of one without weights have 1.</summary>
    public long RowLength => Shape.Count == 0 || Count == 0 ? 1 : Shape[^1];

    /// <summary>Whether there is a base to compute with; never where the method's rule is <see cref="BaseRule.Ignored"/>.</summary>
    public bool HasBase => _plan.Base is not null;

    /// <summary>The models merged, in order, without the base and without models that lack the tensor. Input i of a
    /// <see cref="Tile{T}"/> is the i-th of them.</summary>
    public IReadOnlyList<ModelInput> Inputs { get; }

    /// <summary>How many models are merged, with those that lack the tensor: they left it alone.</summary>
    public int ModelCount => _definition.Modules.Count > 0 ? Inputs.Count : _definition.Inputs.Count(i => i.Contributes);

    /// <summary>Who is sparsified with whom: groups over <see cref="Inputs"/>.</summary>
    public IReadOnlyList<SparsifierGroup> Groups { get; }

    /// <summary>The whole model; not yet while its tensors are being paired.</summary>
    public ModelContext Model => _model ?? throw new InvalidOperationException("the model is not known before all its tensors are");

    /// <summary>What <see cref="MergeMethod.MeasureModel"/> gave for this run. Its figures are known when tiles come, not when a computation
    /// is made.</summary>
    public ModelMeasure? Measure { get; }

    /// <summary>What is done with the tensor.</summary>
    internal TensorPlan Plan => _plan;

    /// <summary>Which of the definition's inputs one of <see cref="Inputs"/> is.</summary>
    public int VectorOf(int input) => _plan.Scope.Inputs[input].Index;

    /// <summary>Which of <see cref="Inputs"/> one of the definition's inputs is, or -1 where it lacks the tensor.</summary>
    public int InputOf(int vector)
    {
        for (int i = 0; i < _plan.Scope.Inputs.Count; i++)
        {
            if (_plan.Scope.Inputs[i].Index == vector)
                return i;
        }

        return -1;
    }

    /// <summary>The random numbers of one input on this tensor.</summary>
    public CounterRandom RandomOf(int input) => new(_definition.Seed, Inputs[input].Name, Tensor);

    /// <summary>The number that a parameter is for one input.</summary>
    public double Number(MethodParameter parameter, int input) => (double)Value(parameter, input);

    /// <summary>The number that a parameter is for the merge.</summary>
    public double Number(MethodParameter parameter) => (double)Value(parameter);

    /// <summary>Whether a switch of the merge is on.</summary>
    public bool IsOn(MethodParameter parameter) => (bool)Value(parameter);

    /// <summary>The value of a parameter for one input: a double, a bool or a word.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="input">Which of <see cref="Inputs"/>.</param>
    /// <param name="group">The values of the input's group, where it has some of its own.</param>
    /// <exception cref="CabsException">It has none, or one that cannot be.</exception>
    public object Value(MethodParameter parameter, int input, ParameterSet? group = null)
    {
        InputScope scope = _plan.Scope.Inputs[input];
        return Find(parameter, [scope.Model.Parameters, .. Levels(group)], scope.Tensor, scope.Model);
    }

    /// <summary>The value of a parameter for the merge or a group as a whole.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="group">The group's values, where it has some of its own.</param>
    /// <exception cref="CabsException">It has none, or one that cannot be.</exception>
    public object Value(MethodParameter parameter, ParameterSet? group = null) => Find(parameter, Levels(group), Tensor, null);

    private IReadOnlyList<ParameterSet> Levels(ParameterSet? group) => group is null ? _plan.Scope.Levels : [group];

    private object Find(MethodParameter parameter, IReadOnlyList<ParameterSet> levels, string tensor, ModelInput? model)
    {
        foreach (ParameterSet level in levels)
        {
            if (level.Find(parameter.Name, tensor, _plan.Scope.Place) is { } found)
                return Check(parameter, found, model);
        }

        return parameter.Default ?? throw Failure(parameter, "has no value", "give", model);
    }

    // a gradient can land between two allowed values, and a task vector's weight can be a word that another method knows
    private object Check(MethodParameter parameter, object value, ModelInput? model) => value switch
    {
        double number when !parameter.Accepts(number) => throw Failure(parameter, $"is {Text.Significant(number)}", "it takes", model),
        string word when parameter.Kind is ParameterKind.Number or ParameterKind.Integer && !parameter.Words.Contains(word) => throw Failure(parameter, $"is {Text.Quote(word)}", "it takes", model),
        _ => value,
    };

    private CabsException Failure(MethodParameter parameter, string what, string remedy, ModelInput? model)
    {
        string origin = (model is null ? _definition.Origin : model.Origin) is { } known ? $"{known}: " : string.Empty;
        string whose = model is null ? string.Empty : $" for model {model.Name}";
        return new CabsException(CabsError.ParameterInvalid, $"{origin}'{parameter.Name}' {what}{whose} at tensor {Text.Quote(Tensor)}; {remedy} {parameter.Expectation}", parameter.Name);
    }

    // from indexes among the definition's inputs to those among this tensor's
    private SparsifierGroup Localise(SparsifierGroup group)
    {
        var places = new Dictionary<int, int>();
        for (int i = 0; i < _plan.Scope.Inputs.Count; i++)
            places.Add(_plan.Scope.Inputs[i].Index, i);
        IEnumerable<int> members = group.Members.Where(places.ContainsKey).Select(m => places[m]);
        // slices have an order of their own
        return group with { Members = [.. _definition.Modules.Count > 0 ? members.Order() : members] };
    }
}
