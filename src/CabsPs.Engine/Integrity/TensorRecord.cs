using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Integrity;

/// <summary>What is known of a tensor of the result once it is written.</summary>
/// <param name="Output">The hash of its bytes.</param>
/// <param name="Inputs">The hashes of the bytes of <see cref="TensorPlan.Read"/>, in that order.</param>
/// <param name="Figures">What its computation reports.</param>
internal sealed record TensorRecord(Digest Output, IReadOnlyList<Digest> Inputs, TensorFigures Figures);

/// <summary>The hashes of one tensor's streams while they run: the inputs', and the result's.</summary>
internal sealed class TensorHashes
{
    private readonly OrderedHash?[] _inputs;

    /// <summary>Begins with a tensor.</summary>
    public TensorHashes(TensorPlan plan) => _inputs = [.. plan.Read.Select((_, i) => IsStored(plan, i) ? new OrderedHash() : null)];

    /// <summary>The result's bytes.</summary>
    public OrderedHash Output { get; } = new();

    /// <summary>The bytes of one of <see cref="TensorPlan.Read"/>; null where they do not come as they are stored.</summary>
    public OrderedHash? Input(int index) => _inputs[index];

    /// <summary>Lets everybody go who waits.</summary>
    public void Break()
    {
        Output.Break();
        foreach (OrderedHash? hash in _inputs)
            hash?.Break();
    }

    /// <summary>The hashes, once all bytes have come. Those of vocabularies that were renumbered on the way are read for it.</summary>
    public TensorRecord Record(TensorPlan plan, TensorFigures figures, CheckpointReader reader, CancellationToken cancel) =>
        new(Output.Result, [.. plan.Read.Select((tensor, i) => _inputs[i]?.Result ?? Digest.Of(reader, tensor, cancel))], figures);

    private static bool IsStored(TensorPlan plan, int index) =>
        plan.Action == TensorAction.Merge || index > 0
            ? (plan.Base is null ? plan.RowsOf(index) : index == 0 ? plan.BaseRows : plan.RowsOf(index - 1)) is null
            : plan.SourceRows is null;
}
