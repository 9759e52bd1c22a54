using System.Collections;
using System.Management.Automation;
using CabsPs.Engine;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Commands;

/// <summary>Adds task vectors to their base and writes the merged model.</summary>
[Cmdlet(VerbsData.Merge, "TaskVector", SupportsShouldProcess = true, DefaultParameterSetName = "Weight")]
[OutputType(typeof(MergeResult))]
public sealed class MergeTaskVectorCommand : MergeCommand
{
    private readonly List<TaskVector> _vectors = [];

    /// <summary>Task vectors of one base, dense or sparsified.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    [ValidateNotNull]
    public TaskVector[] InputObject { get; set; } = [];

    /// <summary>The folder the merged model gets; new or empty.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string OutputPath { get; set; } = string.Empty;

    /// <summary>One λ per vector in pipeline order, or one for all; without it each vector's own.</summary>
    [Parameter(ParameterSetName = "Weight")]
    [ValidateNotNullOrEmpty]
    public double[] Weight { get; set; } = [];

    /// <summary>Restores per tensor the norm that sparsification took: λ = ‖δ‖ / ‖kept δ‖.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "AutoWeight")]
    public SwitchParameter AutoWeight { get; set; }

    /// <summary>Scales the weighted sum.</summary>
    [Parameter]
    public double Lambda { get; set; } = 1;

    /// <summary>Divides the sum by the sum of the weights.</summary>
    [Parameter]
    public SwitchParameter Normalize { get; set; }

    /// <summary>What happens where several masks keep the same position.</summary>
    [Parameter]
    public OverlapRule Overlap { get; set; } = OverlapRule.Sum;

    /// <summary>The merge method.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(MethodCompleter))]
    public string Method { get; set; } = "task_arithmetic";

    /// <summary>More parameters of the method, under their names in recipes.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(MethodParameterCompleter))]
    public Hashtable Parameter { get; set; } = [];

    /// <summary>Tensors that are merged; wildcards over their names. All without.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TensorNameCompleter))]
    [SupportsWildcards]
    public string[] Include { get; set; } = [];

    /// <summary>Tensors that are copied from the base; wildcards over their names.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TensorNameCompleter))]
    [SupportsWildcards]
    public string[] Exclude { get; set; } = [];

    /// <summary>Lets a model lack a tensor of the base: it adds nothing there.</summary>
    [Parameter]
    public SwitchParameter SkipMissing { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => _vectors.AddRange(InputObject);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        try
        {
            MergeMethod method = MethodCatalog.Get(Method);
            MergeDefinition definition = CabsPs.Engine.TaskVectors.TaskVector.Define(Weighted(), method, method.ParametersOf(Values(method)));
            Merge(definition with { Include = Include, Exclude = Exclude, SkipMissing = SkipMissing });
        }
        catch (Exception e) when (ErrorRecords.IsExpected(e))
        {
            ThrowTerminatingError(ErrorRecords.From(e, OutputPath));
        }
    }

    private void Merge(MergeDefinition definition)
    {
        string destination = RequireLiteral(OutputPath);
        MergeOptions options = Options;
        MergePlan plan = Run(cancel =>
        {
            MergePlan made = MergePlanner.Plan(Adjusted(definition, isResult: true), options, cancel);
            Destination.Check(destination, made.Models, options.Force || options.Resume);
            return made;
        });
        Tell(plan);
        if (ShouldProcess(Describe(plan, destination), $"{Describe(plan, destination)}?", "Merge"))
            WriteObject(Execute(plan, destination));
    }

    private List<CabsPs.Engine.TaskVectors.TaskVector> Weighted()
    {
        if (Weight.Length > 1 && Weight.Length != _vectors.Count)
            throw new CabsException(CabsError.WeightCountMismatch, $"-Weight has {Weight.Length} values for {_vectors.Count} task vector(s); give one for each, or one for all", Weight);
        if (Weight.Any(w => !double.IsFinite(w)))
            throw new CabsException(CabsError.NumberNotFinite, "-Weight holds NaN or infinity; give finite numbers", Weight);
        bool ambiguous = _vectors.Select(v => v.Name).Distinct(StringComparer.Ordinal).Count() < _vectors.Count;
        return [.. _vectors.Select((v, i) => v.Vector with
        {
            Name = ambiguous ? v.ModelPath : v.Name,
            Weight = AutoWeight ? null : Weight.Length == 0 ? v.Vector.Weight : Weight[Weight.Length == 1 ? 0 : i],
        })];
    }

    // parameters of their own are passed only when given, so that a method without one of them can say so
    private IEnumerable<(string, object)> Values(MergeMethod method)
    {
        foreach ((string name, object value) in RecipeParameters.Of(Parameter))
        {
            bool isPath = value is string && method.Parameters.Any(p => p.Name == name && p.Kind == ParameterKind.Path);
            yield return (name, isPath ? RequireLiteral((string)value) : value);
        }

        if (MyInvocation.BoundParameters.ContainsKey(nameof(Lambda)))
            yield return ("lambda", Lambda);
        if (MyInvocation.BoundParameters.ContainsKey(nameof(Normalize)))
            yield return ("normalize", Normalize.IsPresent);
        if (MyInvocation.BoundParameters.ContainsKey(nameof(Overlap)))
            yield return ("overlap", Overlap.ToString().ToLowerInvariant());
    }
}
