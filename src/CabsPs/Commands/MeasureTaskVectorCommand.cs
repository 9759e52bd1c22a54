using System.Management.Automation;
using CabsPs.Engine.Diagnostics;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;

namespace CabsPs.Commands;

/// <summary>Measures what task vectors would leave in a merge and how they meet: density, norm kept, overlap, sign conflicts, cosine and balance, per tensor,
/// per layer and in total. Nothing is written.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "TaskVector", DefaultParameterSetName = VectorSet)]
[OutputType(typeof(TaskVectorMeasurement))]
public sealed class MeasureTaskVectorCommand : TaskVectorReadingCommand
{
    /// <summary>A recipe of one document instead of task vectors.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = RecipeSet)]
    [ValidateNotNullOrEmpty]
    public string RecipePath { get; set; } = string.Empty;

    /// <summary>Over blocks of how many weights balance is looked at; without it m with CABS and 256 otherwise.</summary>
    [Parameter]
    [ValidateRange(1, Engine.TaskVectors.CabsSparsifier.MaxBlockLength)]
    public int? BlockLength { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (ParameterSetName == VectorSet && IsEmpty)
            return;
        string? recipe = ParameterSetName == RecipeSet ? RequireLiteral(RecipePath) : null;
        string location = RequireLiteral(".");
        WriteObject(Require((object?)recipe, () =>
        {
            MergeDefinition definition = Adjusted(recipe is null ? Definition() : Recipe.Read(recipe, location));
            Engine.Diagnostics.TaskVectorMeasurement measurement = Run(cancel => Engine.Diagnostics.TaskVectorMeasurement.Create(definition, Options, BlockLength, cancel));
            foreach (string warning in measurement.Warnings)
                WriteWarning(warning);
            MeasureResult result = Watch("Measuring task vectors", () => measurement.Progress, measurement.Execute);
            return new TaskVectorMeasurement(result);
        }));
    }
}
