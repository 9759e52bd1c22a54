using System.Numerics;
using CabsPs.Engine.Numerics;

namespace CabsPs.Engine.Merging;

/// <summary>The computation of a run as a whole: the method and the steps after it, each with what it measures of the whole model.
/// A stage's measure reads what the stages before it give, so it is taken when theirs are.</summary>
internal sealed class ModelStages
{
    private readonly ModelContext _model;
    private readonly ModelMeasure?[] _measures;

    public ModelStages(ModelContext model)
    {
        _model = model;
        MergeDefinition definition = model.Definition;
        _measures = model.Tensors.Count == 0
            ? new ModelMeasure?[definition.Post.Count + 1]
            : [definition.Method.MeasureModel(model), .. definition.Post.Select(s => s.Method.MeasureModel(model, s))];
    }

    /// <summary>What is measured, in order.</summary>
    public IEnumerable<ModelMeasure> Measures => _measures.OfType<ModelMeasure>();

    /// <summary>The computation of a tensor.</summary>
    public TensorKernel<T> Bind<T>(TensorPlan tensor, IKernels<T> kernels)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Bind(tensor, _measures.Length, kernels);

    /// <summary>What reads a tensor for a measure.</summary>
    public TensorProbe<T> Bind<T>(ModelMeasure measure, int sweep, TensorContext tensor, IKernels<T> kernels)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int stage = Array.IndexOf(_measures, measure);
        return measure.Bind(sweep, tensor, stage == 0 ? null : Bind(tensor.Plan, stage, kernels), kernels);
    }

    // the method and the steps before a stage
    private TensorKernel<T> Bind<T>(TensorPlan tensor, int stages, IKernels<T> kernels)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        MergeDefinition definition = _model.Definition;
        TensorKernel<T> kernel = definition.Method.Bind(ContextOf(tensor, 0), kernels);
        for (int stage = 1; stage < stages; stage++)
        {
            PostStep step = definition.Post[stage - 1];
            kernel = step.Method.Bind(ContextOf(tensor, stage), step, kernel, kernels);
        }

        return kernel;
    }

    private TensorContext ContextOf(TensorPlan tensor, int stage) => new(_model.Definition, tensor, _model, _measures[stage]);
}
