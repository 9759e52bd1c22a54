using System.Management.Automation;
using CabsPs.Engine;
using CabsPs.Engine.Merging;

namespace CabsPs.Commands;

/// <summary>Shows how far work on a model is: the model with rate and time left, and beneath it the tensor. Written from the pipeline thread, as
/// often as <see cref="CabsCommand.Run"/> ticks.</summary>
/// <param name="command">The cmdlet.</param>
/// <param name="activity">What is done.</param>
/// <param name="progress">How far it is.</param>
/// <param name="tensors">Names of the tensors, in order.</param>
internal sealed class ProgressReporter(CabsCommand command, string activity, Func<MergeProgress> progress, IEnumerable<string> tensors)
{
    // runspaces that share a host must not share activities
    private readonly int _model = Math.Abs(activity.GetHashCode(StringComparison.Ordinal) % 1_000_000) * 2;
    private Dictionary<string, int>? _places;
    private bool _shown;

    private int Tensor => _model + 1;

    /// <summary>Writes one record for each level.</summary>
    public void Report()
    {
        MergeProgress now = progress();
        _places ??= tensors.Select((name, i) => (name, i)).ToDictionary(t => t.name, t => t.i + 1, StringComparer.Ordinal);
        _shown = true;
        command.WriteProgress(new ProgressRecord(_model, activity, $"{Text.Bytes(now.BytesDone)} of {Text.Bytes(now.BytesTotal)}, {Text.Bytes(now.BytesPerSecond)}/s")
        {
            PercentComplete = (int)(now.Share * 100),
            SecondsRemaining = now.Remaining is { } left ? (int)Math.Clamp(left.TotalSeconds, 0, int.MaxValue) : -1,
        });
        if (_places.TryGetValue(now.Tensor, out int place))
        {
            command.WriteProgress(new ProgressRecord(Tensor, $"Tensor {place} of {_places.Count}", now.Tensor)
            {
                ParentActivityId = _model,
                PercentComplete = 100 * place / _places.Count,
            });
        }
    }

    /// <summary>Takes the progress away; does nothing when none was shown.</summary>
    public void Complete()
    {
        if (!_shown)
            return;
        _shown = false;
        Finish(new ProgressRecord(Tensor, "Tensor", "Done") { ParentActivityId = _model, RecordType = ProgressRecordType.Completed });
        Finish(new ProgressRecord(_model, activity, "Done") { RecordType = ProgressRecordType.Completed });
    }

    private void Finish(ProgressRecord record)
    {
        try
        {
            command.WriteProgress(record);
        }
        catch (PipelineStoppedException)
        {
            // a stopped pipeline takes no more records, but its host does
            if (command.ShowsProgress)
                command.Host.UI.WriteProgress(0, record);
        }
    }
}
