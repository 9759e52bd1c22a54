using CabsPs.Engine;
using CabsPs.Engine.Compute;
using CabsPs.Engine.LinearAlgebra;
using CabsPs.Engine.Merging;
using CabsPs.Torch.Kernels;
using TorchSharp;

namespace CabsPs.Torch;

/// <summary>The engine on torch tensors, on the processor or a graphics processor. One thread reads, computes and writes, a piece of a tensor at a time;
/// torch itself computes on several.</summary>
internal sealed class TorchEngine(torch.Device device, string name) : ComputeEngine
{
    /// <summary>The name it is chosen by.</summary>
    public const string EngineName = "torch";

    /// <summary>The most elements of a piece; null for what suits the device.</summary>
    public long? LongestPiece { get; init; }

    /// <inheritdoc/>
    public override string Name => EngineName;

    /// <inheritdoc/>
    public override string Device => name;

    /// <inheritdoc/>
    public override ILinearAlgebra LinearAlgebra { get; } = new TorchLinearAlgebra(device, name);

    /// <inheritdoc/>
    internal override int WorkersFor(MergePlan plan)
    {
        torch.set_num_threads(plan.Options.EffectiveThreads);
        return 1;
    }

    /// <inheritdoc/>
    internal override void Check<T>(TensorKernel<T> kernel, MergeDefinition definition)
    {
        using TorchKernel<T>? twin = Twin.Find(kernel);
        if (twin is null)
            throw new CabsException(CabsError.EngineUnavailable, $"method {definition.Method.Name} has no computation on the {EngineName} engine; use the managed one", definition.Method.Name);
    }

    /// <inheritdoc/>
    internal override TensorJob Open<T>(TensorWork work, TensorProbe<T> kernel) =>
        new TorchJob<T>(work, Twin.Find(kernel) ?? throw new InvalidOperationException($"{kernel.GetType()} has no twin"), device, LongestPiece, MemoryFor(work));

    // what a piece and all that is computed from it may take
    private long MemoryFor(TensorWork work) => device.type == DeviceType.CUDA ? CudaMemory.Free(device.index) / 2 ?? long.MaxValue : work.Plan.Options.MaxMemory;
}
