using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Integrity;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging;

/// <summary>Takes a tensor over from one model: byte for byte, converted to the result's type where that differs, or only after the
/// other models are seen to agree.</summary>
/// <param name="plan">The merge.</param>
/// <param name="tensor">The tensor.</param>
/// <param name="index">Its place among those that are worked on.</param>
/// <param name="reader">Reads the models.</param>
/// <param name="writer">Takes the result.</param>
/// <param name="cancel">Ends the work.</param>
internal sealed class CopyJob(MergePlan plan, TensorPlan tensor, int index, CheckpointReader reader, IWeightSink writer, CancellationToken cancel)
    : TensorJob(tensor, index, (int)((tensor.Output.Count + LengthOf(plan, tensor) - 1) / LengthOf(plan, tensor)))
{
    /// <inheritdoc/>
    public override TensorHashes Hashes { get; } = new(tensor);

    // a part is one piece, so that nobody waits long for his turn to hash
    public override void Run(int unit, WorkBuffers buffers)
    {
        cancel.ThrowIfCancellationRequested();
        OutputTensor output = Plan.Output;
        int stored = Plan.Source.Type.Size(), length = LengthOf(plan, Plan);
        long start = (long)unit * length;
        int count = (int)Math.Min(length, output.Count - start);
        Span<byte> bytes = buffers.Base.AsSpan(0, count * stored);
        if (Plan.SourceRows is { } rows)
            rows.ReadBytes(reader, start, bytes);
        else
            reader.Read(Plan.Source, start * stored, bytes);
        Hashes.Input(0)?.Append(start * stored, bytes);
        if (Plan.Action == TensorAction.CopyIdentical)
            CheckAgreement(start, bytes, buffers);
        if (output.Type != Plan.Source.Type || Plan.SourceRows is not null)
            bytes = Convert(bytes, start, count, buffers);
        Hashes.Output.Append(start * output.Type.Size(), bytes);
        writer.Write(output.Name, start * output.Type.Size(), bytes);
    }

    private static int LengthOf(MergePlan plan, TensorPlan tensor) =>
        Math.Max(1, plan.Memory.PieceBytes / Math.Max(tensor.Source.Type.Size(), tensor.Output.Type.Size()));

    private void CheckAgreement(long start, ReadOnlySpan<byte> bytes, WorkBuffers buffers)
    {
        int size = Plan.Source.Type.Size();
        for (int i = 0; i < Plan.Inputs.Count; i++)
        {
            TensorInfo input = Plan.Inputs[i];
            if (input == Plan.Source)
                continue;
            Span<byte> other = buffers.Input(i).AsSpan(0, bytes.Length);
            reader.Read(input, start * size, other);
            Hashes.Input(Plan.Base is null ? i : i + 1)?.Append(start * size, other);
            int same = bytes.CommonPrefixLength(other);
            if (same < bytes.Length)
                throw new CabsException(CabsError.IntegerTensorDiffers, $"tensor {Text.Quote(Plan.Output.Name)} is {Plan.Source.Type} and cannot be merged, and {input.File} differs from {Plan.Source.File} at index {start + (same / size)}; exclude it to keep the latter's", Plan.Output.Name);
        }
    }

    private Span<byte> Convert(ReadOnlySpan<byte> bytes, long start, int count, WorkBuffers buffers)
    {
        Span<byte> converted = buffers.Output.AsSpan(0, count * Plan.Output.Type.Size());
        if (Plan.InDouble)
            Convert(Kernels.For<double>(), bytes, start, count, converted, buffers.Tile<double>());
        else
            Convert(Kernels.For<float>(), bytes, start, count, converted, buffers.Tile<float>());
        return converted;
    }

    private void Convert<T>(IKernels<T> kernels, ReadOnlySpan<byte> bytes, long start, int count, Span<byte> converted, Tile<T> tile)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        int from = Plan.Source.Type.Size(), to = Plan.Output.Type.Size();
        tile.Reserve(plan.Inputs.Count, MemoryBudget.DefaultTileLength);
        for (int at = 0; at < count; at += MemoryBudget.DefaultTileLength)
        {
            tile.MoveTo(at, Math.Min(MemoryBudget.DefaultTileLength, count - at));
            kernels.Widen(bytes.Slice(at * from, tile.Length * from), Plan.Source.Type, tile.Base);
            Plan.SourceRows?.Fill(reader, kernels, start + at, tile.Base);
            kernels.Narrow(tile.Base, Plan.Output.Type, converted.Slice(at * to, tile.Length * to));
        }
    }
}
