using System.Management.Automation;
using CabsPs.Engine;
using CabsPs.Engine.Diagnostics;

namespace CabsPs.Commands;

/// <summary>Compares how CABS may share positions out between task vectors: none, joint, and sequential in every order, at several n:m, in one reading of
/// the models. Nothing is written.</summary>
[Cmdlet(VerbsData.Compare, "CabsAssignment")]
[OutputType(typeof(AssignmentComparison), typeof(OrderEffect))]
public sealed class CompareCabsAssignmentCommand : TaskVectorReadingCommand
{
    /// <summary>Shapes as n:m (64:256), or as a share and m (0.1:256).</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string[] Shape { get; set; } = ["64:256"];

    /// <summary>The assignments to compare.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public Assignment[] Assignment { get; set; } = [CabsPs.Assignment.None, CabsPs.Assignment.Joint, CabsPs.Assignment.Sequential];

    /// <summary>At most so many orders; a sample by -Seed where there are more.</summary>
    [Parameter]
    [ValidateRange(1, 100_000)]
    public int MaxOrder { get; set; } = new StudyOptions().MaxOrders;

    /// <summary>What an incomplete last block keeps.</summary>
    [Parameter]
    public BlockTail Tail { get; set; }

    /// <summary>Gives per task vector what the order does to it instead of all settings.</summary>
    [Parameter]
    public SwitchParameter OrderEffect { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (IsEmpty)
            return;
        StudyResult result = Require(null, () =>
        {
            var options = new StudyOptions
            {
                Shapes = [.. Shape.Select(s => BlockShape.TryParse(s, out BlockShape shape) ? shape : throw new CabsException(CabsError.ParameterInvalid, $"-Shape is {Text.Quote(s)}; it takes n:m such as 64:256, or a share and m such as 0.1:256", s))],
                Assignments = [.. Assignment.Select(a => a.ToString().ToLowerInvariant())],
                MaxOrders = MaxOrder,
                Seed = Seed,
                Tail = Tail.ToString().ToLowerInvariant(),
            };
            AssignmentStudy study = Run(cancel => AssignmentStudy.Create(Adjusted(Definition()), options, Options, cancel));
            return Watch("Comparing assignments", () => study.Progress, study.Execute);
        });
        foreach (string warning in result.Warnings)
            WriteWarning(warning);
        if (OrderEffect)
            WriteObject(result.OrderEffects.Select(e => new OrderEffect(e)), enumerateCollection: true);
        else
            WriteObject(result.Rows.Select(r => Row(r, result.Vectors)), enumerateCollection: true);
    }

    // a column per task vector, for tables and Export-Csv
    private static PSObject Row(StudyRow row, IReadOnlyList<string> vectors)
    {
        var found = new PSObject(new AssignmentComparison(row, vectors));
        for (int v = 0; v < vectors.Count; v++)
            found.Properties.Add(new PSNoteProperty($"NormKept_{vectors[v]}", row.NormKept[v]));
        return found;
    }
}
