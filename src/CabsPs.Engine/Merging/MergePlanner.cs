using System.IO.Enumeration;
using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Merging;

/// <summary>Turns a definition into a plan: opens the models (headers only), pairs their tensors and refuses what cannot be
/// merged, before anything is written.</summary>
public sealed class MergePlanner
{
    private readonly MergeDefinition _definition;
    private readonly Checkpoint _base;
    private readonly Checkpoint[] _inputs;
    private readonly List<LeftOutTensor> _leftOut = [];
    private readonly List<string> _warnings;
    private readonly CancellationToken _cancel;

    private MergePlanner(MergeDefinition definition, CancellationToken cancel)
    {
        _cancel = cancel;
        _definition = definition;
        _warnings = [.. definition.Warnings];
        _base = Checkpoint.Open(definition.BasePath);
        _inputs = [.. definition.Inputs.Select(i => Checkpoint.Open(i.Path))];
    }

    /// <summary>Plans a merge.</summary>
    /// <param name="definition">What to merge and how.</param>
    /// <param name="options">How to carry it out.</param>
    /// <param name="cancel">Stops the planning.</param>
    /// <exception cref="CabsException">A model cannot be read, or the models do not fit together.</exception>
    public static MergePlan Plan(MergeDefinition definition, MergeOptions options, CancellationToken cancel = default)
    {
        var planner = new MergePlanner(definition, cancel);
        List<TensorPlan> tensors = planner.PairTensors();
        planner.ReportLeftOut(tensors);
        planner.WarnOfIdlePatterns("include", definition.Include);
        planner.WarnOfIdlePatterns("exclude", definition.Exclude);
        if (tensors.Count == 0)
            throw new CabsException(CabsError.NothingToMerge, $"{definition.BasePath}: holds no tensors", definition.BasePath);
        if (!tensors.Any(t => t.Action == TensorAction.Merge) && (definition.Include.Count > 0 || definition.Exclude.Count > 0))
            planner._warnings.Add("include and exclude leave no tensor to merge; the result is a copy of the base");
        return new MergePlan(definition, planner._base, planner._inputs, tensors, planner._leftOut, planner._warnings, options);
    }

    private List<TensorPlan> PairTensors()
    {
        var tensors = new List<TensorPlan>();
        foreach (TensorInfo tensor in _base.Tensors)
            tensors.Add(PlanTensor(tensor.Name, tensor));
        if (_base.TiesEmbeddings && TakesPart(TiedWeights.Head) && _inputs.Any(HasOwnHead))
            tensors.Add(PlanTensor(TiedWeights.Head, TiedWeights.FindEmbedding(_base)!));
        tensors.Sort(static (a, b) => NaturalOrder.Instance.Compare(a.Output.Name, b.Output.Name));
        return tensors;
    }

    private TensorPlan PlanTensor(string name, TensorInfo inBase)
    {
        var inputs = new TensorInfo?[_inputs.Length];
        if (!TakesPart(name))
            return Copy(name, inBase, inputs, TensorAction.Copy);
        for (int i = 0; i < inputs.Length; i++)
            inputs[i] = Pair(name, inBase, i);
        if (!inBase.Type.IsMergeable())
            return Copy(name, inBase, inputs, TensorAction.CopyIdentical);
        if (inputs.All(i => i is null))
            return Copy(name, inBase, inputs, TensorAction.Copy);
        DType promoted = inputs.OfType<TensorInfo>().Aggregate(inBase.Type, (type, input) => DTypes.Promote(type, input.Type));
        return new TensorPlan(new OutputTensor(name, _definition.OutputType ?? promoted, inBase.Shape, inBase.Count), TensorAction.Merge, inBase, inputs, promoted == DType.F64);
    }

    private TensorPlan Copy(string name, TensorInfo inBase, TensorInfo?[] inputs, TensorAction action)
    {
        DType type = inBase.Type.IsMergeable() ? _definition.OutputType ?? inBase.Type : inBase.Type;
        return new TensorPlan(new OutputTensor(name, type, inBase.Shape, inBase.Count), action, inBase, inputs, inBase.Type == DType.F64);
    }

    private TensorInfo? Pair(string name, TensorInfo inBase, int index)
    {
        Checkpoint input = _inputs[index];
        TensorInfo? tensor = input.Find(name);
        if (tensor is null && name == TiedWeights.Head && input.TiesEmbeddings)
            tensor = TiedWeights.FindEmbedding(input);
        if (tensor is null)
        {
            if (_definition.SkipMissing)
            {
                _warnings.Add($"{_definition.Inputs[index].Name} lacks tensor {Text.Quote(name)} and adds nothing there");
                return null;
            }

            throw new CabsException(CabsError.TensorMissing, $"{input.Path}: lacks tensor {Text.Quote(name)} of the base {_base.Path}; use 'missing: skip' to let it add nothing there, or exclude the tensor", name);
        }

        if (!tensor.Shape.SequenceEqual(inBase.Shape))
            throw ShapeMismatch(name, inBase, tensor);
        if (tensor.Type != inBase.Type && !(tensor.Type.IsMergeable() && inBase.Type.IsMergeable()))
            throw new CabsException(CabsError.TensorTypeMismatch, $"tensor {Text.Quote(name)} is {inBase.Type} in {inBase.File} but {tensor.Type} in {tensor.File}; exclude it to keep the base's", name);
        return tensor;
    }

    private CabsException ShapeMismatch(string name, TensorInfo inBase, TensorInfo tensor)
    {
        string remedy = TiedWeights.IsVocabularyIndexed(name)
            ? "the vocabularies differ: merge models with the same tokenizer, or exclude the tensor to keep the base's"
            : "the models are not fine-tunes of this base, or exclude the tensor to keep the base's";
        return new CabsException(CabsError.TensorShapeMismatch, $"tensor {Text.Quote(name)} is {inBase.ShapeText} in {inBase.File} but {tensor.ShapeText} in {tensor.File}; {remedy}", name);
    }

    private void ReportLeftOut(List<TensorPlan> tensors)
    {
        var names = tensors.Select(t => t.Output.Name).ToHashSet(StringComparer.Ordinal);
        for (int i = 0; i < _inputs.Length; i++)
        {
            foreach (TensorInfo tensor in _inputs[i].Tensors.Where(t => !names.Contains(t.Name)))
            {
                string reason = tensor.Name != TiedWeights.Head || !_base.TiesEmbeddings ? "the base has no such tensor"
                    : TakesPart(tensor.Name) ? "the base ties it to its embedding, and so does this model"
                    : "the base ties it to its embedding, and it is excluded";
                _leftOut.Add(new LeftOutTensor(_definition.Inputs[i].Name, tensor.Name, reason));
            }
        }
    }

    // a pattern that fits nothing is a misspelt one
    private void WarnOfIdlePatterns(string key, IReadOnlyList<string> patterns)
    {
        foreach (string pattern in patterns.Where(p => !_base.Tensors.Any(t => Matches(p, t.Name)) && !Matches(p, TiedWeights.Head)))
            _warnings.Add($"{key} {Text.Quote(pattern)} fits no tensor of the base");
    }

    // many fine-tunes of tied models store the head a second time; only one that differs from the embedding says something
    private bool HasOwnHead(Checkpoint input)
    {
        TensorInfo? head = input.Find(TiedWeights.Head), embedding = TiedWeights.FindEmbedding(input);
        if (head is null || (embedding is not null && TensorComparison.AreIdentical(head, embedding, _cancel)))
            return false;
        _warnings.Add($"{input.Path}: has its own {TiedWeights.Head}, the base ties it to its embedding; the result stores one, so set tie_word_embeddings to false in its config.json");
        return true;
    }

    private bool TakesPart(string name) =>
        (_definition.Include.Count == 0 || _definition.Include.Any(p => Matches(p, name))) && !_definition.Exclude.Any(p => Matches(p, name));

    private static bool Matches(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
}
