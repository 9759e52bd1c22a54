using System.Globalization;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Search;

/// <summary>What a search varies.</summary>
public enum WeightScope
{
    /// <summary>One number for the whole merge: <c>lambda</c>, or the weight of all models where the method has no lambda.</summary>
    Shared,

    /// <summary>One weight per task vector; lambda is 1.</summary>
    Vector,

    /// <summary>One number per layer, or per band of layers, and one for the tensors outside.</summary>
    Layer,
}

/// <summary>The numbers of a recipe that a search sets, and how they get into it.</summary>
public sealed class WeightSpace
{
    private readonly WeightScope _scope;
    private readonly string _parameter;
    private readonly bool _hasLambda;
    private readonly IReadOnlyList<string> _models;
    private readonly IReadOnlyList<IReadOnlyList<string?>> _filters;

    private WeightSpace(WeightScope scope, string parameter, bool hasLambda, IReadOnlyList<string> names, IReadOnlyList<string> models, IReadOnlyList<IReadOnlyList<string?>> filters)
    {
        (_scope, _parameter, _hasLambda, Names, _models, _filters) = (scope, parameter, hasLambda, names, models, filters);
    }

    /// <summary>What each number is: the parameter's name, a task vector's, or a layer's.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Finds what a search can vary.</summary>
    /// <param name="plan">A plan of the merge.</param>
    /// <param name="scope">What is varied.</param>
    /// <param name="bands">With <see cref="WeightScope.Layer"/> into how many bands of neighbouring layers each stack is divided; 0 for every layer by itself.</param>
    /// <param name="parameter">The parameter that is set; null for lambda, weight or t, the first that the method has.</param>
    /// <exception cref="CabsException">The method has no such number.</exception>
    public static WeightSpace Create(MergePlan plan, WeightScope scope, int bands = 0, string? parameter = null)
    {
        MergeDefinition definition = plan.Definition;
        MergeMethod method = definition.Method;
        MethodParameter[] numbers = [.. method.Parameters.Where(p => p.Kind == ParameterKind.Number && (scope != WeightScope.Vector || p.Scope == ParameterScope.Model))];
        string[] wanted = parameter is not null ? [parameter] : scope == WeightScope.Vector ? ["weight"] : ["lambda", "weight", "t"];
        string name = wanted.FirstOrDefault(w => numbers.Any(p => p.Name == w))
            ?? throw new CabsException(CabsError.ParameterInvalid, $"method {method.Name} has no {(scope == WeightScope.Vector ? "number per model" : "number")} called {string.Join(" or ", wanted)} to search for{(numbers.Length == 0 ? string.Empty : $"; it has {string.Join(", ", numbers.Select(p => p.Name))}")}", parameter ?? "weight");
        bool hasLambda = name != "lambda" && method.Parameters.Any(p => p.Name == "lambda");
        if (scope == WeightScope.Shared)
            return new WeightSpace(scope, name, false, [name], [], []);
        if (scope == WeightScope.Vector)
        {
            ModelInput[] models = [.. definition.Inputs.Where((m, i) => m.Contributes && plan.Inputs[i] != plan.Base)];
            return new WeightSpace(scope, name, hasLambda, [.. models.Select(m => m.Name)], [.. models.Select(m => m.Path)], []);
        }

        (string Name, IReadOnlyList<string?> Filters)[] layers = [.. Layers(plan, bands)];
        return new WeightSpace(scope, name, false, [.. layers.Select(l => l.Name)], [], [.. layers.Select(l => l.Filters)]);
    }

    /// <summary>The definition with these numbers.</summary>
    public MergeDefinition Apply(MergeDefinition definition, IReadOnlyList<double> values) => _scope switch
    {
        WeightScope.Shared => Everywhere(definition, _parameter, [new ParameterCondition(null, [values[0]])]),
        WeightScope.Layer => Everywhere(definition, _parameter, [.. Conditions(values)]),
        _ => PerModel(_hasLambda ? Everywhere(definition, "lambda", [new ParameterCondition(null, [1.0])]) : definition, values),
    };

    /// <summary>Values as words: <c>upright 0.6, rotated 0.8</c>.</summary>
    public static string Describe(IReadOnlyList<string> names, IReadOnlyList<double> values) =>
        string.Join(", ", names.Select((n, i) => string.Create(CultureInfo.InvariantCulture, $"{n} {values[i]:0.####}")));

    // the first condition that fits counts: a prefix that contains another one comes before it, and what fits everything last
    private IEnumerable<ParameterCondition> Conditions(IReadOnlyList<double> values) =>
        _filters.SelectMany((filters, i) => filters.Select(f => new ParameterCondition(f, [values[i]]))).OrderByDescending(c => c.Filter?.Length ?? -1);

    // at the top of the recipe and nowhere else
    private static MergeDefinition Everywhere(MergeDefinition definition, string parameter, IReadOnlyList<ParameterCondition> conditions) => definition with
    {
        Parameters = definition.Parameters.With(parameter, conditions),
        Inputs = [.. definition.Inputs.Select(i => Without(i, parameter))],
        Modules = [.. definition.Modules.Select(m => m with
        {
            Parameters = m.Parameters.With(parameter, []),
            Slices = [.. m.Slices.Select(s => s with { Parameters = s.Parameters.With(parameter, []), Sources = [.. s.Sources.Select(i => Without(i, parameter))] })],
        })],
    };

    private MergeDefinition PerModel(MergeDefinition definition, IReadOnlyList<double> values)
    {
        ModelInput With(ModelInput input)
        {
            int index = _models.ToList().FindIndex(m => ModelPaths.AreSame(m, input.Path));
            return index < 0 ? input : input with { Parameters = input.Parameters.With(_parameter, [new ParameterCondition(null, [values[index]])]) };
        }

        return definition with
        {
            Inputs = [.. definition.Inputs.Select(With)],
            Modules = [.. definition.Modules.Select(m => m with { Slices = [.. m.Slices.Select(s => s with { Sources = [.. s.Sources.Select(With)] })] })],
        };
    }

    private static IEnumerable<(string, IReadOnlyList<string?>)> Layers(MergePlan plan, int bands)
    {
        TensorPlan[] merged = [.. plan.Tensors.Where(t => t.Action == TensorAction.Merge)];
        LayerMap layers = plan.Model.Layers;
        bool outside = false;
        var stacks = new List<(string Prefix, SortedSet<int> Layers)>();
        foreach (TensorPlan tensor in merged)
        {
            if (layers.LayerOf(tensor.Output.Name) is not (int layer, _))
            {
                outside = true;
                continue;
            }

            string prefix = LayerMap.Split(tensor.Output.Name)!.Value.Prefix;
            if (!stacks.Exists(s => s.Prefix == prefix))
                stacks.Add((prefix, []));
            stacks.Find(s => s.Prefix == prefix).Layers.Add(layer);
        }

        foreach ((string prefix, SortedSet<int> numbers) in stacks)
        {
            int count = bands == 0 ? numbers.Count : Math.Min(bands, numbers.Count);
            foreach (IGrouping<int, int> band in numbers.Index().GroupBy(l => l.Index * count / numbers.Count, l => l.Item))
                yield return (band.Count() == 1 ? $"{prefix}{band.First()}" : $"{prefix}{band.First()}-{band.Last()}", [.. band.Select(l => $"{prefix}{l}.")]);
        }

        if (outside)
            yield return (Diagnostics.MeasuredPart.OutsideLayers, [null]);
    }

    private static ModelInput Without(ModelInput input, string parameter) => input with { Parameters = input.Parameters.With(parameter, []) };
}
