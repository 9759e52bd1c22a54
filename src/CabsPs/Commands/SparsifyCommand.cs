using System.Management.Automation;
using CabsPs.Engine.Merging;
using CabsPs.Engine.TaskVectors;

namespace CabsPs.Commands;

/// <summary>What the cmdlets share that sparsify task vectors together. The vectors remember their group; nothing is computed yet.</summary>
public abstract class SparsifyCommand : CabsCommand
{
    private readonly List<TaskVector> _vectors = [];

    /// <summary>Dense task vectors of one base.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    [ValidateNotNull]
    public TaskVector[] InputObject { get; set; } = [];

    /// <inheritdoc/>
    protected sealed override void ProcessRecord() => _vectors.AddRange(InputObject);

    /// <inheritdoc/>
    protected sealed override void EndProcessing()
    {
        if (_vectors.Count == 0)
            return;
        var sparsified = Require(_vectors[0], () =>
        {
            (Sparsifier sparsifier, ParameterSet parameters) = Choose();
            return Engine.TaskVectors.TaskVector.Sparsify([.. InOrder(_vectors).Select(v => v.Vector)], sparsifier, parameters)
                .ToDictionary(v => v.ModelPath, StringComparer.Ordinal);
        });
        foreach (TaskVector vector in _vectors)
            WriteObject(vector.With(sparsified[vector.ModelPath]));
    }

    /// <summary>The sparsifier and its parameters.</summary>
    private protected abstract (Sparsifier Sparsifier, ParameterSet Parameters) Choose();

    /// <summary>The vectors in the order in which they claim positions.</summary>
    private protected virtual IReadOnlyList<TaskVector> InOrder(IReadOnlyList<TaskVector> vectors) => vectors;
}
