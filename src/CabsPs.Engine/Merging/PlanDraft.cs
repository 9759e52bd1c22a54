using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Recipes;
using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Merging;

/// <summary>A model as a slice uses it.</summary>
/// <param name="Entry">Its entry.</param>
/// <param name="Model">The model.</param>
/// <param name="Index">Its place among the definition's inputs; -1 for a base.</param>
internal sealed record SliceModel(ModelInput Entry, Checkpoint Model, int Index);

/// <summary>The models of a slice.</summary>
/// <param name="Base">The base, or null.</param>
/// <param name="Inputs">The others, in order.</param>
internal sealed record SliceModels(SliceModel? Base, IReadOnlyList<SliceModel> Inputs)
{
    /// <summary>The one whose tensors the result has: the base, or the first.</summary>
    public SliceModel Reference => Base ?? Inputs[0];

    /// <summary>All of them.</summary>
    public IEnumerable<SliceModel> All => Base is null ? Inputs : Inputs.Prepend(Base);
}

/// <summary>How many layers of a stack the result has.</summary>
/// <param name="Prefix">The stack.</param>
/// <param name="Count">The number.</param>
internal readonly record struct LayerCount(string Prefix, int Count);

/// <summary>A plan in the making: the tensors decided on so far, and what is to be said of the others.</summary>
internal sealed class PlanDraft
{
    private readonly MergeDefinition _definition;
    private readonly ModelSet _models;
    private readonly Problems _problems;
    private readonly CancellationToken _cancel;
    private readonly VocabularyResult _vocabulary;
    private readonly TensorPairing _pairing;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<(string Model, string Tensor)> _leftOut = [];

    /// <summary>Begins a plan.</summary>
    public PlanDraft(MergeDefinition definition, ModelSet models, Problems problems, CancellationToken cancel)
    {
        (_definition, _models, _problems, _cancel) = (definition, models, problems, cancel);
        Warnings = [.. definition.Warnings];
        _vocabulary = new VocabularyResult(definition, models, Warnings);
        _pairing = new TensorPairing(definition, _vocabulary.Fit, Warnings);
    }

    /// <summary>What is planned.</summary>
    public MergeDefinition Definition => _definition;

    /// <summary>The tensors of the result.</summary>
    public List<TensorPlan> Tensors { get; } = [];

    /// <summary>Tensors that do not reach the result.</summary>
    public List<LeftOutTensor> LeftOut { get; } = [];

    /// <summary>What the user may not have meant.</summary>
    public List<string> Warnings { get; }

    /// <summary>The result's layers.</summary>
    public List<LayerCount> Layers { get; } = [];

    /// <summary>Rows of the result's embeddings where the recipe changes them.</summary>
    public long? VocabularySize => _vocabulary.Fit?.Size;

    /// <summary>Models that are not merged and give rows to the result's embeddings.</summary>
    public IEnumerable<Checkpoint> RowDonors => _vocabulary.Donors;

    /// <summary>The result's tokenizer files; null takes the donor's over as they are.</summary>
    public IReadOnlyList<TokenizerFile>? TokenizerFiles { get; private set; }

    /// <summary>The models of a slice.</summary>
    public SliceModels ModelsOf(MergeSlice slice)
    {
        SliceModel? inBase = null;
        var inputs = new List<SliceModel>();
        foreach (ModelInput source in slice.Sources)
        {
            if (_models.IsBase(slice, source))
                inBase = new SliceModel(source, _models[source.Path], -1);
            else
                inputs.Add(new SliceModel(source, _models[source.Path], _models.IndexOf(source)));
        }

        if (inBase is null && slice.BasePath is { } path && _definition.Method.BaseRule != BaseRule.Ignored)
            inBase = new SliceModel(new ModelInput(ModelPaths.Names([path])[0], path, ParameterSet.Empty), _models[path], -1);
        return new SliceModels(inBase, inputs);
    }

    /// <summary>Decides on one tensor.</summary>
    /// <param name="name">Its name in the result.</param>
    /// <param name="from">The models.</param>
    /// <param name="nameIn">Its name in each model.</param>
    /// <param name="place">Its layer's place in the slice.</param>
    /// <param name="levels">Parameters, the nearest level first.</param>
    public void Add(string name, SliceModels from, Func<SliceModel, string> nameIn, double place, IReadOnlyList<ParameterSet> levels)
    {
        _cancel.ThrowIfCancellationRequested();
        _problems.Attempt(() =>
        {
            var scope = new TensorScope(place, [.. from.Inputs.Select(i => new InputScope(i.Entry, i.Index, nameIn(i)))], levels);
            TensorPlan plan = _pairing.Plan(name, from.Base is { } own ? new WantedTensor(own.Model, nameIn(own)) : null, [.. from.Inputs.Select(i => new WantedTensor(i.Model, nameIn(i)))], scope);
            if (!_names.Add(name))
                throw new CabsException(CabsError.RecipeInvalid, $"tensor {Text.Quote(name)} would come out twice", name);
            Tensors.Add(plan);
            if (Tensors.Count > Checkpoint.MaxTensors)
                throw new CabsException(CabsError.RecipeInvalid, $"the result would have more than {Checkpoint.MaxTensors} tensors, which no model has");
        });
    }

    /// <summary>Names of tensors outside the layers: the reference's own, and an output head that it ties to its embedding while
    /// another model has its own.</summary>
    public IEnumerable<string> WithHead(IEnumerable<string> names, SliceModels from)
    {
        Checkpoint reference = from.Reference.Model;
        return reference.TiesEmbeddings && _pairing.TakesPart(TiedWeights.Head) && from.Inputs.Any(i => i.Model != reference && HasOwnHead(i.Model, reference)) ? names.Append(TiedWeights.Head) : names;
    }

    /// <summary>Notes tensors of the models that the result has no place for.</summary>
    public void ReportLeftOut(SliceModels from, Func<SliceModel, IEnumerable<string>> names)
    {
        Checkpoint reference = from.Reference.Model;
        var known = names(from.Reference).ToHashSet(StringComparer.Ordinal);
        foreach (SliceModel input in from.Inputs.Where(i => i != from.Reference))
        {
            foreach (string name in names(input).Where(n => !known.Contains(n) && !_names.Contains(n)))
            {
                string whose = from.Base is null ? reference.Name : "the base";
                string reason = name != TiedWeights.Head || !reference.TiesEmbeddings ? $"{whose} has no such tensor"
                    : _pairing.TakesPart(name) ? $"{whose} ties it to its embedding, and so does this model"
                    : $"{whose} ties it to its embedding, and it is excluded";
                if (_leftOut.Add((input.Entry.Name, name)))
                    LeftOut.Add(new LeftOutTensor(input.Entry.Name, name, reason));
            }
        }
    }

    /// <summary>Sorts the tensors and refuses an empty result.</summary>
    public void Finish()
    {
        _problems.Attempt(() => TokenizerFiles = _vocabulary.Files(Warnings));
        Tensors.Sort(static (a, b) => NaturalOrder.Instance.Compare(a.Output.Name, b.Output.Name));
        if (Tensors.Count == 0 && _problems.Found.Count == 0)
            throw new CabsException(CabsError.NothingToMerge, $"{_models.Donor.Path}: holds no tensors", _models.Donor.Path);
        if (!Tensors.Any(t => t.Action == TensorAction.Merge) && (_definition.Include.Count > 0 || _definition.Exclude.Count > 0))
            Warnings.Add($"include and exclude leave no tensor to merge; the result is a copy of {_models.Donor.Path}");
        WarnOfIdlePatterns("include", _definition.Include);
        WarnOfIdlePatterns("exclude", _definition.Exclude);
    }

    // a pattern that fits nothing is a misspelt one
    private void WarnOfIdlePatterns(string key, IReadOnlyList<string> patterns)
    {
        foreach (string pattern in patterns.Where(p => !Tensors.Any(t => TensorPairing.Matches(p, t.Output.Name)) && !TensorPairing.Matches(p, TiedWeights.Head)))
            Warnings.Add($"{key} {Text.Quote(pattern)} fits no tensor");
    }

    // many fine-tunes of tied models store the head a second time; only one that differs from the embedding says something
    private bool HasOwnHead(Checkpoint input, Checkpoint reference)
    {
        TensorInfo? head = input.Find(TiedWeights.Head), embedding = TiedWeights.FindEmbedding(input);
        if (head is null || (embedding is not null && head.Delta is null && File.Exists(head.File) && TensorComparison.AreIdentical(head, embedding, _cancel)))
            return false;
        Warnings.Add($"{input.Path}: has its own {TiedWeights.Head}, {reference.Path} ties it to its embedding; the result stores one, so set tie_word_embeddings to false in its config.json");
        return true;
    }
}
