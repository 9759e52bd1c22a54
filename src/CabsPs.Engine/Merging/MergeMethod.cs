using CabsPs.Engine.Numerics;
using CabsPs.Engine.TaskVectors;

namespace CabsPs.Engine.Merging;

/// <summary>A way to merge: its name, its parameters and how it treats one tensor. Recipe keys, help and messages follow from
/// the declaration.</summary>
public abstract class MergeMethod
{
    /// <summary>The name in recipes.</summary>
    public abstract string Name { get; }

    /// <summary>One sentence on what it does.</summary>
    public abstract string Summary { get; }

    /// <summary>What it computes, on a line: δ is a model less the base, λ or w a weight.</summary>
    public abstract string Formula { get; }

    /// <summary>Where the formula comes from.</summary>
    public abstract string Source { get; }

    /// <summary>The parameters it takes.</summary>
    public abstract IReadOnlyList<MethodParameter> Parameters { get; }

    /// <summary>What a base model is to the method.</summary>
    public virtual BaseRule BaseRule => BaseRule.Required;

    /// <summary>How many models it takes besides a base.</summary>
    public virtual InputCount InputCount => InputCount.Any;

    /// <summary>How the task vectors of a recipe are sparsified together, or null when they stay dense.</summary>
    public virtual Sparsifier? Sparsifier => null;

    /// <summary>The parameter that names, per model, a file of statistics that are read with the weights, piece by piece; null without one. Those of input
    /// i are input <c>count + i</c> of a <see cref="Tile{T}"/>.</summary>
    public virtual MethodParameter? Statistic => null;

    /// <summary>Reads values for the merge as a whole.</summary>
    /// <param name="values">Names and values: numbers, booleans, or text as a recipe writes it.</param>
    /// <exception cref="CabsException">A name is unknown or a value of the wrong kind.</exception>
    public ParameterSet ParametersOf(params IEnumerable<(string Name, object Value)> values) => ParameterSet.Of($"method {Name}", Parameters, values);

    /// <summary>Whether a tensor's result is its only input as it is, so that bytes can be copied.</summary>
    /// <param name="context">The tensor and its parameter values.</param>
    public virtual bool IsCopy(TensorContext context) => false;

    /// <summary>What must be known of the whole model before a tensor can be computed; null for nothing. Called once per run; the
    /// computations find it in <see cref="TensorContext.Measure"/>.</summary>
    /// <param name="model">The tensors.</param>
    /// <exception cref="CabsException">A parameter has no value or one that cannot be.</exception>
    public virtual ModelMeasure? MeasureModel(ModelContext model) => null;

    /// <summary>Makes the computation for one tensor.</summary>
    /// <param name="context">The tensor and its parameter values.</param>
    /// <param name="kernels">The arithmetic.</param>
    /// <typeparam name="T">float, or double for tensors with a float64 input.</typeparam>
    /// <exception cref="CabsException">A parameter has no value or one that cannot be.</exception>
    public abstract TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>;
}
