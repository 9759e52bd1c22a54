using System.Numerics;
using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.LinearAlgebra;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Compute;

/// <summary>Where the arithmetic of a merge is done. Plans, reading, writing and what a method decides from the sums it measured are the same for all
/// engines; an engine does the work on tensors: it measures them and computes them.</summary>
public abstract class ComputeEngine
{
    /// <summary>The name it is chosen by.</summary>
    public abstract string Name { get; }

    /// <summary>The device it computes on, such as <c>cpu</c> or <c>cuda:0</c>.</summary>
    public abstract string Device { get; }

    /// <summary>Its linear algebra for methods that need singular vectors and products; null leaves that to MathNet.Numerics.</summary>
    public virtual ILinearAlgebra? LinearAlgebra => null;

    /// <summary>Threads that read, compute and write at a time.</summary>
    internal virtual int WorkersFor(MergePlan plan) => plan.Memory.Threads;

    /// <summary>Whether it keeps what a computation wishes to, where memory leaves room.</summary>
    internal virtual bool GrantsWishes => false;

    /// <summary>Refuses what the engine cannot compute, before anything is written.</summary>
    /// <param name="kernel">The computation of a tensor.</param>
    /// <param name="definition">The merge.</param>
    /// <typeparam name="T">float or double.</typeparam>
    /// <exception cref="CabsException">The engine has no way to do it.</exception>
    internal virtual void Check<T>(TensorKernel<T> kernel, MergeDefinition definition)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
    }

    /// <summary>Makes the work on one tensor.</summary>
    /// <param name="work">The tensor, and where it comes from and goes to.</param>
    /// <param name="kernel">The computation, or what only measures.</param>
    /// <typeparam name="T">float, or double for tensors with a float64 input.</typeparam>
    internal abstract TensorJob Open<T>(TensorWork work, TensorProbe<T> kernel)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;
}

/// <summary>One tensor of a run.</summary>
/// <param name="Plan">The merge.</param>
/// <param name="Tensor">The tensor.</param>
/// <param name="Index">Its place among those that are worked on.</param>
/// <param name="Reader">Reads the models.</param>
/// <param name="Writer">Writes the result; null where the tensor is only measured.</param>
/// <param name="Cancel">Ends the work.</param>
internal sealed record TensorWork(MergePlan Plan, TensorPlan Tensor, int Index, CheckpointReader Reader, CheckpointWriter? Writer, CancellationToken Cancel);
