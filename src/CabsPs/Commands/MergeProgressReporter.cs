using System.Management.Automation;
using CabsPs.Engine;
using CabsPs.Engine.Merging;

namespace CabsPs.Commands;

/// <summary>Shows how far a merge is.</summary>
internal sealed class MergeProgressReporter(Cmdlet cmdlet, string destination, MergeRun run)
{
    private readonly int _activityId = Math.Abs(destination.GetHashCode(StringComparison.Ordinal) % 1_000_000);
    private bool _shown;

    /// <summary>Writes one progress record.</summary>
    public void Report()
    {
        MergeProgress progress = run.Progress;
        _shown = true;
        cmdlet.WriteProgress(new ProgressRecord(_activityId, $"Merging into {destination}", $"{Text.Bytes(progress.BytesDone)} of {Text.Bytes(progress.BytesTotal)}, {Text.Bytes(progress.BytesPerSecond)}/s")
        {
            CurrentOperation = progress.Tensor,
            PercentComplete = (int)(progress.Share * 100),
            SecondsRemaining = progress.Remaining is { } left ? (int)Math.Min(left.TotalSeconds, int.MaxValue) : -1,
        });
    }

    /// <summary>Takes the progress away; does nothing when none was shown.</summary>
    public void Complete()
    {
        if (!_shown)
            return;
        try
        {
            cmdlet.WriteProgress(new ProgressRecord(_activityId, $"Merging into {destination}", "Done") { RecordType = ProgressRecordType.Completed });
        }
        catch (PipelineStoppedException)
        {
            // a stopped pipeline takes its progress away by itself, and the reason it stopped is on its way already
        }
    }
}
