using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Merging;

/// <summary>Turns a definition into a plan: opens the models (headers only), pairs their tensors and refuses what cannot be
/// merged, before anything is written.</summary>
public sealed class MergePlanner
{
    private readonly MergeDefinition _definition;
    private readonly ModelSet _models;
    private readonly VocabularyResult _vocabulary;
    private readonly TensorPairing _pairing;
    private readonly List<TensorPlan> _tensors = [];
    private readonly List<LeftOutTensor> _leftOut = [];
    private readonly List<string> _warnings;
    private readonly CancellationToken _cancel;

    private MergePlanner(MergeDefinition definition, CancellationToken cancel)
    {
        _cancel = cancel;
        _definition = definition;
        _warnings = [.. definition.Warnings];
        _models = new ModelSet(definition);
        _vocabulary = new VocabularyResult(definition, _models.All, _models.Donor, _warnings);
        _pairing = new TensorPairing(definition, _vocabulary.Fit, _warnings);
    }

    /// <summary>Plans a merge.</summary>
    /// <param name="definition">What to merge and how.</param>
    /// <param name="options">How to carry it out.</param>
    /// <param name="cancel">Stops the planning.</param>
    /// <exception cref="CabsException">A model cannot be read, or the models do not fit together.</exception>
    public static MergePlan Plan(MergeDefinition definition, MergeOptions options, CancellationToken cancel = default)
    {
        var planner = new MergePlanner(definition, cancel);
        planner.PlanModules();
        planner.WarnOfIdlePatterns("include", definition.Include);
        planner.WarnOfIdlePatterns("exclude", definition.Exclude);
        return new MergePlan(definition, planner._models, planner._tensors, planner._leftOut, planner._warnings, planner._vocabulary, options);
    }

    private void PlanModules()
    {
        foreach (MergeSlice slice in _definition.AllModules.SelectMany(m => m.Slices))
            CheckModels(slice);
        PlanWhole(_definition.AllModules[0].Slices[0], [_definition.Parameters]);
        _tensors.Sort(static (a, b) => NaturalOrder.Instance.Compare(a.Output.Name, b.Output.Name));
        if (_tensors.Count == 0)
            throw new CabsException(CabsError.NothingToMerge, $"{_models.Donor.Path}: holds no tensors", _models.Donor.Path);
        if (!_tensors.Any(t => t.Action == TensorAction.Merge) && (_definition.Include.Count > 0 || _definition.Exclude.Count > 0))
            _warnings.Add($"include and exclude leave no tensor to merge; the result is a copy of {_models.Donor.Path}");
    }

    // the base rule and the number of models, before anything else
    private void CheckModels(MergeSlice slice)
    {
        MergeMethod method = _definition.Method;
        string where = slice.Origin is { } origin ? $"{origin}: " : string.Empty;
        if (method.BaseRule == BaseRule.Required && slice.BasePath is null)
            throw new CabsException(CabsError.RecipeInvalid, $"{where}method {method.Name} needs a base_model, and there is none", "base_model");
        int count = slice.Sources.Count(s => !IsBase(slice, s));
        if (!method.InputCount.Allows(count))
            throw new CabsException(CabsError.RecipeInvalid, $"{where}method {method.Name} takes {method.InputCount}{(slice.BasePath is not null && method.BaseRule != BaseRule.Ignored ? " besides the base" : string.Empty)}, and there {(count == 1 ? "is" : "are")} {count}", "models");
    }

    private bool IsBase(MergeSlice slice, ModelInput source) =>
        _definition.Method.BaseRule != BaseRule.Ignored && slice.BasePath is { } path && _models[path] == _models[source.Path];

    private int IndexOf(ModelInput source) => _models.Inputs.ToList().IndexOf(_models[source.Path]);

    private void PlanWhole(MergeSlice slice, IReadOnlyList<ParameterSet> levels)
    {
        Checkpoint? inBase = _models.Base;
        ModelInput[] sources = [.. slice.Sources.Where(s => !IsBase(slice, s))];
        Checkpoint[] inputs = [.. sources.Select(s => _models[s.Path])];
        Checkpoint reference = inBase ?? inputs[0];
        var names = reference.Tensors.Select(t => t.Name).ToList();
        var layers = new LayerMap(names);
        if (reference.TiesEmbeddings && _pairing.TakesPart(TiedWeights.Head) && inputs.Any(i => HasOwnHead(i, reference)))
            names.Add(TiedWeights.Head);
        foreach (string name in names)
        {
            var scope = new TensorScope(layers.PlaceOf(name), [.. sources.Select(s => new InputScope(s, IndexOf(s), name))], levels);
            _tensors.Add(_pairing.Plan(name, inBase is null ? null : new WantedTensor(inBase, name), [.. inputs.Select(i => new WantedTensor(i, name))], scope));
        }

        ReportLeftOut(reference, sources, inputs);
    }

    private void ReportLeftOut(Checkpoint reference, ModelInput[] sources, Checkpoint[] inputs)
    {
        var names = _tensors.Select(t => t.Output.Name).ToHashSet(StringComparer.Ordinal);
        for (int i = 0; i < inputs.Length; i++)
        {
            foreach (TensorInfo tensor in inputs[i].Tensors.Where(t => !names.Contains(t.Name)))
            {
                string whose = reference == _models.Base ? "the base" : reference.Name;
                string reason = tensor.Name != TiedWeights.Head || !reference.TiesEmbeddings ? $"{whose} has no such tensor"
                    : _pairing.TakesPart(tensor.Name) ? $"{whose} ties it to its embedding, and so does this model"
                    : $"{whose} ties it to its embedding, and it is excluded";
                _leftOut.Add(new LeftOutTensor(sources[i].Name, tensor.Name, reason));
            }
        }
    }

    // a pattern that fits nothing is a misspelt one
    private void WarnOfIdlePatterns(string key, IReadOnlyList<string> patterns)
    {
        foreach (string pattern in patterns.Where(p => !_tensors.Any(t => TensorPairing.Matches(p, t.Output.Name)) && !TensorPairing.Matches(p, TiedWeights.Head)))
            _warnings.Add($"{key} {Text.Quote(pattern)} fits no tensor");
    }

    // many fine-tunes of tied models store the head a second time; only one that differs from the embedding says something
    private bool HasOwnHead(Checkpoint input, Checkpoint reference)
    {
        TensorInfo? head = input.Find(TiedWeights.Head), embedding = TiedWeights.FindEmbedding(input);
        if (head is null || (embedding is not null && TensorComparison.AreIdentical(head, embedding, _cancel)))
            return false;
        _warnings.Add($"{input.Path}: has its own {TiedWeights.Head}, {reference.Path} ties it to its embedding; the result stores one, so set tie_word_embeddings to false in its config.json");
        return true;
    }
}
