using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging;

/// <summary>A step after a merge method: it changes what is added to the base. Like a method it is known by its declaration.</summary>
public abstract class PostMethod
{
    /// <summary>The name under a recipe's <c>post</c>.</summary>
    public abstract string Name { get; }

    /// <summary>One sentence on what it does.</summary>
    public abstract string Summary { get; }

    /// <summary>Where the formula comes from.</summary>
    public abstract string Source { get; }

    /// <summary>The parameters it takes.</summary>
    public abstract IReadOnlyList<MethodParameter> Parameters { get; }

    /// <summary>What it must know of the whole model; null for nothing. Called once per run.</summary>
    /// <param name="model">The tensors.</param>
    /// <param name="step">The step, with its values.</param>
    public virtual ModelMeasure? MeasureModel(ModelContext model, PostStep step) => null;

    /// <summary>Refuses a tensor without a base, of which there is no difference to change.</summary>
    /// <exception cref="CabsException">There is none.</exception>
    protected void RequireBase(TensorContext context)
    {
        if (!context.HasBase)
            throw new CabsException(CabsError.RecipeInvalid, $"step {Name} changes differences from a base model, and there is none at tensor {Text.Quote(context.Tensor)}; give the recipe a base_model and a method that starts from it", Name);
    }

    /// <summary>Makes the computation for one tensor.</summary>
    /// <param name="context">The tensor.</param>
    /// <param name="step">The step, with its values.</param>
    /// <param name="merged">The computation of all that comes before.</param>
    /// <param name="kernels">The arithmetic.</param>
    /// <typeparam name="T">float, or double for tensors with a float64 input.</typeparam>
    /// <exception cref="CabsException">A parameter has no value or one that cannot be.</exception>
    public abstract TensorKernel<T> Bind<T>(TensorContext context, PostStep step, TensorKernel<T> merged, IKernels<T> kernels)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;
}

/// <summary>A step of a merge.</summary>
/// <param name="Method">What it does.</param>
/// <param name="Parameters">Its values.</param>
public sealed record PostStep(PostMethod Method, ParameterSet Parameters);
