using CabsPs.Engine.Numerics;
using CabsPs.Engine.TaskVectors;

namespace CabsPs.Engine.Merging.Methods;

/// <summary>What the methods share that add weighted, possibly sparsified task vectors to the base: they differ in how vectors are sparsified
/// and in what happens where terms meet.</summary>
public abstract class TaskVectorMethod : MergeMethod
{
    private static readonly MethodParameter s_weight = new("weight", ParameterKind.Number, ParameterScope.Model, "λ of a task vector; auto restores the norm that sparsification took: ‖δ‖ / ‖kept δ‖ per tensor.") { Words = ["auto"] };
    private static readonly MethodParameter s_lambda = new("lambda", ParameterKind.Number, ParameterScope.Global, "Scales the sum of the weighted task vectors.") { Default = 1.0 };
    private readonly MethodParameter _normalize;

    /// <summary>Creates the method.</summary>
    /// <param name="name">Its name in recipes.</param>
    /// <param name="sparsifier">How the vectors of a recipe are sparsified; null keeps them dense.</param>
    /// <param name="conflicts">What happens where terms meet.</param>
    /// <param name="normalize">Whether the sum is divided by the weights where a recipe does not say.</param>
    /// <param name="own">Parameters besides weight, lambda, normalize and the sparsifier's.</param>
    protected TaskVectorMethod(string name, Sparsifier? sparsifier, ConflictRule conflicts, bool normalize, params IReadOnlyList<MethodParameter> own)
    {
        Name = name;
        Sparsifier = sparsifier;
        Conflicts = conflicts;
        _normalize = new("normalize", ParameterKind.Switch, ParameterScope.Global, conflicts == ConflictRule.Elect ? "Divides each sum by the sum of the weights of the terms in it." : "Divides the sum by the sum of the weights.") { Default = normalize };
        Parameters = [s_weight, s_lambda, _normalize, .. own, .. sparsifier?.Parameters ?? []];
    }

    /// <inheritdoc/>
    public sealed override string Name { get; }

    /// <inheritdoc/>
    public sealed override IReadOnlyList<MethodParameter> Parameters { get; }

    /// <inheritdoc/>
    public sealed override Sparsifier? Sparsifier { get; }

    /// <summary>What happens where terms meet, unless a parameter says otherwise.</summary>
    protected ConflictRule Conflicts { get; }

    /// <inheritdoc/>
    public sealed override ModelMeasure? MeasureModel(ModelContext model) => VectorRanks.For(model);

    /// <inheritdoc/>
    public sealed override TensorKernel<T> Bind<T>(TensorContext context, IKernels<T> kernels)
    {
        var weights = new double?[context.Inputs.Count];
        for (int i = 0; i < weights.Length; i++)
        {
            if (context.Inputs[i].Contributes)
                weights[i] = context.Value(s_weight, i) as double?;
        }

        return Make(context, new Combination(weights, (double)context.Value(s_lambda), (bool)context.Value(_normalize), ConflictsOf(context)), kernels);
    }

    /// <summary>Makes the computation.</summary>
    private protected virtual TensorKernel<T> Make<T>(TensorContext context, Combination combination, IKernels<T> kernels)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T> => new TaskVectorKernel<T>(context, combination, kernels);

    /// <summary>What happens where terms meet on this tensor.</summary>
    protected virtual ConflictRule ConflictsOf(TensorContext context) => Conflicts;
}
