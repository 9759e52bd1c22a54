namespace CabsPs.Engine.Merging;

/// <summary>A value under a condition: one value, or a list that runs over the layers.</summary>
/// <param name="Filter">A part of the tensor's name (case-sensitive); null or <c>*</c> fits every tensor.</param>
/// <param name="Values">One value, or several: a gradient from the first layer to the last.</param>
public sealed record ParameterCondition(string? Filter, IReadOnlyList<object> Values)
{
    /// <summary>Whether the condition fits a tensor.</summary>
    public bool Fits(string tensor) => string.IsNullOrEmpty(Filter) || Filter == "*" || tensor.Contains(Filter, StringComparison.Ordinal);

    /// <summary>The value at a place between the first layer (0) and the last (1): numbers are interpolated between the two
    /// nearest entries, anything else steps (mergekit's gradients).</summary>
    public object At(double place)
    {
        if (Values.Count == 1)
            return Values[0];
        double scaled = place * (Values.Count - 1);
        int index = (int)scaled;
        double rest = scaled - index;
        if (index >= Values.Count - 1 || Values[index] is not double low || Values[index + 1] is not double high)
            return Values[Math.Min(index, Values.Count - 1)];
        return ((1 - rest) * low) + (rest * high);
    }
}

/// <summary>Parameter values as given at one level: under a model, or at the top. Immutable.</summary>
public sealed class ParameterSet
{
    /// <summary>No values.</summary>
    public static readonly ParameterSet Empty = new(new Dictionary<string, IReadOnlyList<ParameterCondition>>());

    private readonly IReadOnlyDictionary<string, IReadOnlyList<ParameterCondition>> _values;

    /// <summary>Creates a set.</summary>
    /// <param name="values">Per parameter its conditions; the first that fits counts.</param>
    public ParameterSet(IReadOnlyDictionary<string, IReadOnlyList<ParameterCondition>> values) => _values = values;

    /// <summary>The names given.</summary>
    public IEnumerable<string> Names => _values.Keys;

    /// <summary>What was given for a parameter, in order; empty when nothing was.</summary>
    public IReadOnlyList<ParameterCondition> Conditions(string parameter) => _values.GetValueOrDefault(parameter) ?? [];

    /// <summary>The set with other conditions for a parameter; none takes it away.</summary>
    public ParameterSet With(string parameter, IReadOnlyList<ParameterCondition> conditions)
    {
        var values = new Dictionary<string, IReadOnlyList<ParameterCondition>>(_values, StringComparer.Ordinal);
        if (conditions.Count == 0)
            values.Remove(parameter);
        else
            values[parameter] = conditions;
        return new ParameterSet(values);
    }

    /// <summary>A set of plain values: numbers, booleans or words.</summary>
    public static ParameterSet Of(params IEnumerable<(string Name, object Value)> values) =>
        new(values.ToDictionary(v => v.Name, v => (IReadOnlyList<ParameterCondition>)[new ParameterCondition(null, [v.Value is int or long or float ? Convert.ToDouble(v.Value) : v.Value])], StringComparer.Ordinal));

    /// <summary>A set of plain values, checked against declarations.</summary>
    /// <param name="owner">Who declares them, for messages: <c>method cabs</c>.</param>
    /// <param name="declared">The parameters there are.</param>
    /// <param name="values">Names and values: numbers, booleans, or text as a recipe writes it.</param>
    /// <exception cref="CabsException">A name is unknown, stands twice, or has a value of the wrong kind.</exception>
    internal static ParameterSet Of(string owner, IReadOnlyList<MethodParameter> declared, IEnumerable<(string Name, object Value)> values)
    {
        var read = new Dictionary<string, IReadOnlyList<ParameterCondition>>(StringComparer.Ordinal);
        foreach ((string name, object value) in values)
        {
            MethodParameter parameter = declared.FirstOrDefault(p => p.Name == name)
                ?? throw new CabsException(CabsError.ParameterUnknown, $"{owner} has no parameter {Text.Quote(name)}{Recipes.Suggestion.Hint(name, declared.Select(p => p.Name))}", name);
            string text = value is System.Collections.IEnumerable list and not string
                ? string.Join(',', list.Cast<object>())
                : Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture) ?? string.Empty;
            if (!parameter.TryRead(text, out object known))
                throw new CabsException(value is double number && !double.IsFinite(number) ? CabsError.NumberNotFinite : CabsError.ParameterInvalid, $"'{name}' is {Text.Quote(text)}; it takes {parameter.Expectation}", name);
            if (!read.TryAdd(name, [new ParameterCondition(null, [known])]))
                throw new CabsException(CabsError.ParameterInvalid, $"'{name}' is given twice", name);
        }

        return new ParameterSet(read);
    }

    /// <summary>The value for a tensor, or null where none fits.</summary>
    /// <param name="parameter">The parameter's name.</param>
    /// <param name="tensor">The tensor's name at this level.</param>
    /// <param name="place">Its layer's place between the first (0) and the last (1).</param>
    public object? Find(string parameter, string tensor, double place)
    {
        if (!_values.TryGetValue(parameter, out IReadOnlyList<ParameterCondition>? conditions))
            return null;
        foreach (ParameterCondition condition in conditions)
        {
            if (condition.Fits(tensor))
                return condition.At(place);
        }

        return null;
    }
}
