using System.Management.Automation;
using CabsPs.Engine;
using CabsPs.Engine.Merging;
using CabsPs.Engine.TaskVectors;

namespace CabsPs.Commands;

/// <summary>Sparsifies task vectors together: each keeps n of every m weights, and where it can only positions that no other one
/// keeps.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "CabsSparsify")]
[OutputType(typeof(TaskVector))]
public sealed class InvokeCabsSparsifyCommand : SparsifyCommand
{
    /// <summary>How many weights of a block are kept.</summary>
    [Parameter(Position = 0)]
    public int N { get; set; } = 64;

    /// <summary>Consecutive weights in a block.</summary>
    [Parameter(Position = 1)]
    public int M { get; set; } = 256;

    /// <summary>Who gets a position that several vectors want.</summary>
    [Parameter]
    public Assignment Assignment { get; set; } = Assignment.Sequential;

    /// <summary>What an incomplete last block keeps.</summary>
    [Parameter]
    public BlockTail Tail { get; set; } = BlockTail.Proportional;

    /// <summary>Names of vectors in the order in which they claim positions; those not named follow in pipeline order. The
    /// vectors leave in the order in which they came.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TaskVectorNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Order { get; set; } = [];

    /// <inheritdoc/>
    private protected override (Sparsifier Sparsifier, ParameterSet Parameters) Choose() =>
        (CabsSparsifier.Instance, CabsSparsifier.Instance.ParametersOf(
            ("n", (double)N),
            ("m", (double)M),
            ("assignment", Assignment.ToString().ToLowerInvariant()),
            ("tail", Tail.ToString().ToLowerInvariant())));

    /// <inheritdoc/>
    private protected override IReadOnlyList<TaskVector> InOrder(IReadOnlyList<TaskVector> vectors)
    {
        var rest = new List<TaskVector>(vectors);
        var ordered = new List<TaskVector>();
        foreach (string name in Order)
        {
            TaskVector[] named = [.. rest.Where(v => v.Name == name || v.ModelPath == name)];
            if (named.Length != 1)
            {
                string problem = named.Length > 1 ? "names several task vectors; give its model path" : $"names no task vector that is left; there are {string.Join(", ", vectors.Select(v => v.Name))}";
                throw new CabsException(CabsError.VectorUnknown, $"-Order: {Text.Quote(name)} {problem}", name);
            }

            ordered.Add(named[0]);
            rest.Remove(named[0]);
        }

        return [.. ordered, .. rest];
    }
}
