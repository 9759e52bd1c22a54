using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging;

/// <summary>What a tensor's last pass added up.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="Values">The sums; none for a tensor without weights.</param>
public readonly record struct TensorSums(TensorContext Tensor, IReadOnlyList<double> Values);

/// <summary>Figures of the whole model that must be known before any tensor can be written: a threshold over all weights, a sum over all
/// tensors. They are found in sweeps that stream all merged tensors, and belong to one run.</summary>
/// <remarks>Whatever is collected must not depend on the order of pieces: counts, or the sums of a probe, which come per tensor and
/// in the order of the plan.</remarks>
public abstract class ModelMeasure
{
    /// <summary>How many sweeps there are. May grow when one ends.</summary>
    public abstract int Sweeps { get; }

    /// <summary>Bytes that every thread needs for it.</summary>
    public virtual long BytesPerThread => 0;

    /// <summary>Whether a sweep has to read a tensor.</summary>
    public virtual bool Covers(int sweep, TensorContext tensor) => true;

    /// <summary>Makes what reads one tensor in one sweep. It must measure in at least one pass.</summary>
    /// <param name="sweep">Which sweep, from 0.</param>
    /// <param name="tensor">The tensor.</param>
    /// <param name="merged">For a step after the method: the computation of all that comes before it; null for the method itself.</param>
    /// <param name="kernels">The arithmetic.</param>
    /// <typeparam name="T">float, or double for tensors with a float64 input.</typeparam>
    public abstract TensorProbe<T> Bind<T>(int sweep, TensorContext tensor, TensorKernel<T>? merged, IKernels<T> kernels)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>Ends a sweep.</summary>
    /// <param name="sweep">Which sweep.</param>
    /// <param name="tensors">What was added up in the tensors that it covered, in the order of the plan.</param>
    public abstract void Complete(int sweep, IReadOnlyList<TensorSums> tensors);
}
