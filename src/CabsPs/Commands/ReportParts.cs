using System.Management.Automation;
using CabsPs.Engine;
using CabsPs.Engine.Reports;

namespace CabsPs.Commands;

/// <summary>Sorts what a pipeline brings into the parts of a report.</summary>
internal sealed class ReportParts
{
    /// <summary>Merges that ran.</summary>
    public List<Engine.Merging.MergeResult> Results { get; } = [];

    /// <summary>Measurements.</summary>
    public List<ReportMeasurement> Measurements { get; } = [];

    /// <summary>Studies of assignments.</summary>
    public List<ReportStudy> Studies { get; } = [];

    /// <summary>Searches for weights.</summary>
    public List<ReportSearch> Searches { get; } = [];

    /// <summary>Takes an object up.</summary>
    /// <exception cref="CabsException">A report has no use for it.</exception>
    public void Add(PSObject item)
    {
        switch (item.BaseObject)
        {
            case MergeResult merge:
                Results.Add(merge.Source);
                break;
            default:
                throw new CabsException(CabsError.ParameterInvalid, $"a report has no use for a {item.BaseObject.GetType().Name}; give it what Merge-TaskVector or Invoke-MergeRecipe returns", item.BaseObject);
        }
    }
}
