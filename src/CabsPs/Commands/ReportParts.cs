using System.Management.Automation;
using CabsPs.Engine;
using CabsPs.Engine.Reports;

namespace CabsPs.Commands;

/// <summary>Sorts what a pipeline brings into the parts of a report.</summary>
internal sealed class ReportParts
{
    private readonly List<AssignmentComparison> _rows = [];

    /// <summary>Merges that ran.</summary>
    public List<Engine.Merging.MergeResult> Results { get; } = [];

    /// <summary>Measurements.</summary>
    public List<ReportMeasurement> Measurements { get; } = [];

    /// <summary>Searches for weights.</summary>
    public List<ReportSearch> Searches { get; } = [];

    /// <summary>The comparison of assignments, where one came in.</summary>
    public IReadOnlyList<ReportStudy> Studies => StudyRows.Join(_rows) is { } study ? [new ReportStudy("order", study)] : [];

    /// <summary>Takes an object up.</summary>
    /// <exception cref="CabsException">A report has no use for it.</exception>
    public void Add(PSObject item)
    {
        switch (item.BaseObject)
        {
            case MergeResult merge:
                Results.Add(merge.Source);
                break;
            case TaskVectorMeasurement measurement:
                Measurements.Add(new ReportMeasurement($"measurement {Measurements.Count + 1}", measurement.Result));
                break;
            case AssignmentComparison row when _rows.Count == 0 || row.TaskVectors.SequenceEqual(_rows[0].TaskVectors):
                _rows.Add(row);
                break;
            case AssignmentComparison row:
                throw new CabsException(CabsError.ParameterInvalid, $"the comparisons of assignments are of different task vectors, {string.Join(", ", _rows[0].TaskVectors)} and {string.Join(", ", row.TaskVectors)}; write a report of each", item.BaseObject);
            case WeightSearchResult search:
                Searches.Add(ReportSearch.From($"search {Searches.Count + 1}", search.Result));
                break;
            default:
                throw new CabsException(CabsError.ParameterInvalid, $"a report has no use for a {item.BaseObject.GetType().Name}; give it what Merge-TaskVector, Invoke-MergeRecipe, Measure-TaskVector, Compare-CabsAssignment and Optimize-MergeWeight return", item.BaseObject);
        }
    }
}
