using System.Numerics;
using System.Runtime.InteropServices;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;
using CabsPs.Engine.Merging.Methods;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.TaskVectors.Files;

/// <summary>Computes what is left of one task vector instead of adding it to its base. Not a method that merges: its result is written into a
/// task vector's file.</summary>
internal sealed class VectorMethod : TaskArithmetic
{
    private protected override TensorKernel<T> Make<T>(TensorContext context, Combination combination, IKernels<T> kernels) => new VectorKernel<T>(context, combination, kernels);
}

/// <summary>What a tensor's computation knows once its passes have ended.</summary>
internal interface IVectorKernel
{
    /// <summary>What the kept weights are multiplied by besides λ.</summary>
    double Factor { get; }

    /// <summary>‖δ‖² before anything was dropped, where it is known already.</summary>
    double? Energy { get; }

    /// <summary>Weights that are decided on together.</summary>
    int BlockLength { get; }
}

/// <summary>mask ⊙ δ of one tensor, with the figures of <see cref="Tally"/>.</summary>
/// <typeparam name="T">float or double, which is also what is stored.</typeparam>
internal sealed class VectorKernel<T>(TensorContext context, Combination combination, IKernels<T> kernels) : TaskVectorKernel<T>(context, combination, kernels), IVectorKernel
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public double Factor => FirstFactor;

    public double? Energy => FirstEnergy;

    internal override void MergeStored(Tile<T> tile, IKernels<T> kernels, DType type, Span<byte> destination, Span<double> sums) =>
        MemoryMarshal.AsBytes(KeptDeltas(tile, sums)).CopyTo(destination);

    internal override bool TakesStored(int pass) => pass < MeasuringPasses && base.TakesStored(pass);

    internal override bool TryMergeStored(IKernels<T> kernels, StoredWeights origin, StoredWeights[] inputs, StoredWeights output, Span<double> sums) => false;
}
