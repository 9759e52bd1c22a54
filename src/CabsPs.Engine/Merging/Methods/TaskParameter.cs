using CabsPs.Engine.Recipes;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>The parameter <c>task</c>: which model's task a result is made for.</summary>
internal static class TaskParameter
{
    /// <summary>The parameter of a method that always makes the model of one task.</summary>
    public static MethodParameter Required { get; } = new("task", ParameterKind.ModelName, ParameterScope.Global, "The model whose task the result is for, by the last part of its path.");

    /// <summary>The parameter of a method that can do without.</summary>
    public static MethodParameter Optional { get; } = new("task", ParameterKind.ModelName, ParameterScope.Global, "The model whose task the result is for, by the last part of its path; without one, the result is the unified model.") { Default = string.Empty };

    /// <summary>Which of the definition's inputs is meant; null where none is named.</summary>
    /// <exception cref="CabsException">There is no model of this name.</exception>
    public static int? Find(MergeDefinition definition, object value)
    {
        string name = (string)value;
        if (name.Length == 0)
            return null;
        string[] names = [.. definition.Inputs.Select(i => i.Name)];
        int index = Array.IndexOf(names, name);
        return index >= 0 ? index
            : throw new CabsException(CabsError.ParameterInvalid, $"{(definition.Origin is { } origin ? $"{origin}: " : string.Empty)}'task' is {Text.Quote(name)}, and no model has this name{Suggestion.Hint(name, names)} (there are: {string.Join(", ", names)})", "task");
    }
}
