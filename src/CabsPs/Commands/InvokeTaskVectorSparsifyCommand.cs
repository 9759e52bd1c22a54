using System.Collections;
using System.Management.Automation;
using CabsPs.Engine.Merging;
using CabsPs.Engine.TaskVectors;

namespace CabsPs.Commands;

/// <summary>Sparsifies each task vector by itself: by magnitude, at random, by both (DELLA), or without outliers.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "TaskVectorSparsify")]
[OutputType(typeof(TaskVector))]
public sealed class InvokeTaskVectorSparsifyCommand : SparsifyCommand
{
    /// <summary>The sparsifier.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ArgumentCompleter(typeof(SparsifierCompleter))]
    public string Method { get; set; } = string.Empty;

    /// <summary>The share of weights that stay.</summary>
    [Parameter(Position = 1)]
    [ValidateRange(0.0, 1.0)]
    public double Density { get; set; } = 1;

    /// <summary>More parameters of the sparsifier, under their names in recipes.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SparsifierParameterCompleter))]
    public Hashtable Parameter { get; set; } = [];

    /// <inheritdoc/>
    private protected override (Sparsifier Sparsifier, ParameterSet Parameters) Choose()
    {
        Sparsifier sparsifier = SparsifierCatalog.Get(Method);
        IEnumerable<(string, object)> values = RecipeParameters.Of(Parameter);
        return (sparsifier, sparsifier.ParametersOf(MyInvocation.BoundParameters.ContainsKey(nameof(Density)) ? values.Append(("density", Density)) : values));
    }
}
