using System.Management.Automation;
using CabsPs.Engine;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Recipes;
using CabsPs.Engine.Reports;

namespace CabsPs.Commands;

/// <summary>Writes one HTML page of what merges did, what task vectors keep and how a search for weights went.</summary>
[Cmdlet(VerbsData.Export, "MergeReport", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class ExportMergeReportCommand : CabsCommand
{
    private readonly List<PSObject> _objects = [];

    /// <summary>The HTML file.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = string.Empty;

    /// <summary>Results of merges, measurements, studies and searches, in any number and order.</summary>
    [Parameter(ValueFromPipeline = true)]
    [ValidateNotNull]
    public PSObject[] InputObject { get; set; } = [];

    /// <summary>Recipes that are shown and, where no result of a merge comes in, planned and measured; wildcards are allowed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] RecipePath { get; set; } = [];

    /// <summary>Logs of searches for weights; wildcards are allowed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] TrialsPath { get; set; } = [];

    /// <summary>Scores of finished models: objects with Name and Score, and where there are any Low, High, Group, Note and IsReference. Every
    /// other property is a column of the table.</summary>
    [Parameter]
    [ValidateNotNull]
    public PSObject[] Score { get; set; } = [];

    /// <summary>What the scores are.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string ScoreTitle { get; set; } = "Scores of the merged models";

    /// <summary>The page's title.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Title { get; set; }

    /// <summary>Does not read the models again to look at layers and tensors.</summary>
    [Parameter]
    public SwitchParameter SkipMeasurement { get; set; }

    /// <summary>Replaces a file that exists.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Emits the file.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => _objects.AddRange(InputObject);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        string file = RequireLiteral(Path);
        try
        {
            ReportFile.Check(file, Force);
            if (!ShouldProcess(file, "Write a report"))
                return;
            ReportContent content = Gather();
            string full = Run(_ => ReportFile.Write(file, content, Force));
            if (PassThru)
                WriteObject(new FileInfo(full));
        }
        catch (CabsException e)
        {
            ThrowTerminatingError(ErrorRecords.From(e));
        }
    }

    private ReportContent Gather()
    {
        var parts = new ReportParts();
        foreach (PSObject item in _objects)
            parts.Add(item);
        var merges = parts.Results.Select(r => (Merge: ReportMerge.Of(r), r.Plan)).ToList();
        var measurements = new List<ReportMeasurement>(parts.Measurements);
        var recipes = new List<ReportRecipe>();
        foreach (string path in RecipePath.SelectMany(ResolveWildcard))
        {
            recipes.Add(ReportRecipe.Read(path));
            if (parts.Results.Count > 0)
                continue;
            string location = RequireLiteral(".");
            using RecipePlan plan = Run(cancel => RecipePlan.Create(Recipe.ReadFile(path, location), new MergeOptions(), null, null, null, cancel));
            merges.AddRange(plan.Steps.Select(s => (ReportMerge.Of(ReportMeasuring.NameOf(s), s.Plan), s.Plan)));
            // small files of results that do not exist yet go with the plan
            Measure(merges.TakeLast(plan.Steps.Count), parts, measurements);
        }

        Measure(merges.Take(parts.Results.Count), parts, measurements);
        string[] names = [.. merges.Select(m => m.Merge.Name)];
        return new ReportContent
        {
            Title = Title ?? (names.Length == 1 ? $"{names[0]}: what the merge did" : "What the merges did"),
            Recipes = recipes,
            Merges = [.. merges.Select(m => m.Merge)],
            Measurements = measurements,
            Studies = parts.Studies,
            Searches = [.. parts.Searches, .. TrialsPath.SelectMany(ResolveWildcard).Select(ReportSearch.Read)],
            Scores = Score.Length == 0 ? [] : [new ReportScores(ScoreTitle, [.. Score.Select(ScoreObject.Read)])],
        };
    }

    // what came in measured already is not measured again
    private void Measure(IEnumerable<(ReportMerge Merge, MergePlan Plan)> merges, ReportParts parts, List<ReportMeasurement> into)
    {
        if (SkipMeasurement || parts.Measurements.Count > 0)
            return;
        foreach ((ReportMerge merge, MergePlan plan) in merges)
        {
            if (Run(cancel => ReportMeasuring.Of(merge.Name, plan, new MergeOptions(), cancel)) is not { } measuring)
                continue;
            Engine.Diagnostics.TaskVectorMeasurement measurement = measuring.Measurement;
            into.Add(new ReportMeasurement(merge.Name, Watch($"Measuring {merge.Name}", () => measurement.Progress, measurement.Execute)));
        }
    }
}
