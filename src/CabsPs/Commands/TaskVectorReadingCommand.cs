using System.Management.Automation;
using CabsPs.Engine.Merging;

namespace CabsPs.Commands;

/// <summary>What the cmdlets share that read task vectors and write nothing.</summary>
public abstract class TaskVectorReadingCommand : CabsCommand
{
    /// <summary>The parameter set of task vectors.</summary>
    protected const string VectorSet = "TaskVector";

    /// <summary>The parameter set of a recipe.</summary>
    protected const string RecipeSet = "Recipe";

    private readonly List<TaskVector> _vectors = [];

    /// <summary>Task vectors of one base, dense or sparsified.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = VectorSet)]
    [ValidateNotNull]
    public TaskVector[] InputObject { get; set; } = [];

    /// <summary>Tensors that are looked at; wildcards over their names. All without.</summary>
    [Parameter(ParameterSetName = VectorSet)]
    [SupportsWildcards]
    public string[] Include { get; set; } = [];

    /// <summary>Tensors that are not looked at; wildcards over their names.</summary>
    [Parameter(ParameterSetName = VectorSet)]
    [SupportsWildcards]
    public string[] Exclude { get; set; } = [];

    /// <summary>Lets a model lack a tensor of the base.</summary>
    [Parameter(ParameterSetName = VectorSet)]
    public SwitchParameter SkipMissing { get; set; }

    /// <summary>The most bytes that buffers may take together.</summary>
    [Parameter]
    [ValidateRange(1L, long.MaxValue)]
    public long MaxMemory { get; set; } = MergeOptions.DefaultMaxMemory;

    /// <summary>Threads that compute; one per core without.</summary>
    [Parameter]
    [Alias("Threads")]
    [ValidateRange(1, 1024)]
    public int ThrottleLimit { get; set; }

    /// <summary>What random choices start from.</summary>
    [Parameter]
    public long Seed { get; set; }

    /// <summary>Lets NaN and infinity in the inputs through.</summary>
    [Parameter]
    public SwitchParameter AllowNonFinite { get; set; }

    /// <summary>How the models are read.</summary>
    private protected MergeOptions Options => new() { Threads = ThrottleLimit, MaxMemory = MaxMemory };

    /// <summary>Whether no task vector came in.</summary>
    private protected bool IsEmpty => _vectors.Count == 0;

    /// <inheritdoc/>
    protected override void ProcessRecord() => _vectors.AddRange(InputObject);

    /// <summary>The task vectors as a merge.</summary>
    private protected MergeDefinition Definition() =>
        Engine.TaskVectors.TaskVector.Define(VectorNames.Distinct(_vectors), MethodCatalog.Get("task_arithmetic"), ParameterSet.Empty) with { Include = Include, Exclude = Exclude, SkipMissing = SkipMissing };

    /// <summary>A definition with what the parameters say.</summary>
    private protected MergeDefinition Adjusted(MergeDefinition definition) => definition with { AllowNonFinite = AllowNonFinite, Seed = Seed };
}

/// <summary>Names of task vectors that came from several commands.</summary>
internal static class VectorNames
{
    /// <summary>The vectors, called by their paths where two have the same name.</summary>
    public static IReadOnlyList<Engine.TaskVectors.TaskVector> Distinct(IReadOnlyList<TaskVector> vectors)
    {
        bool ambiguous = vectors.Select(v => v.Name).Distinct(StringComparer.Ordinal).Count() < vectors.Count;
        return [.. vectors.Select(v => v.Vector with { Name = ambiguous ? v.ModelPath : v.Name })];
    }
}
