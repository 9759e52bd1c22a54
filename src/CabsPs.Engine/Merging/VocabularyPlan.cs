using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Merging;

/// <summary>The result's tokens: what a recipe's <c>tokenizer</c> and <c>chat_template</c> ask for, which rows of which models its
/// vocabulary-indexed tensors get, and its tokenizer files.</summary>
internal sealed class VocabularyPlan
{
    private readonly MergeDefinition _definition;
    private readonly ModelSet _set;
    private readonly IReadOnlyList<VocabularyModel> _models;
    private readonly Dictionary<Checkpoint, int> _places = [];
    private readonly RowMapBuilder? _rows;
    private readonly int? _base;

    private VocabularyPlan(MergeDefinition definition, ModelSet set)
    {
        _definition = definition;
        _set = set;
        // the base first, then the others in the recipe's order, then those that only the tokenizer settings name
        foreach (string path in definition.ModelPaths)
            _places.TryAdd(set[path], _places.Count);
        _models = [.. _places.Keys.Select(m => new VocabularyModel(m.Name, m.Path, Tokenizers.Tokenizer.Read(m.Folder ?? m.Path), IsMerged(m)))];
        _base = definition.BasePath is { } own ? _places[set[own]] : null;
        if (definition.Tokenizer is { } settings)
        {
            Vocabulary = VocabularyBuilder.Build(settings, _models, _base);
            _rows = new RowMapBuilder(settings, Vocabulary, _models, _base);
        }
    }

    /// <summary>The result's vocabulary; null leaves the donor's.</summary>
    public OutputVocabulary? Vocabulary { get; }

    /// <summary>Plans the vocabulary of a merge; null where the donor's tokenizer is taken over as it is.</summary>
    /// <exception cref="CabsException">A tokenizer that is needed is missing or wrong.</exception>
    public static VocabularyPlan? For(MergeDefinition definition, ModelSet models) =>
        definition.Tokenizer is null && definition.ChatTemplate is null ? null : new VocabularyPlan(definition, models);

    /// <summary>The rows of the models merged in a tensor, in their order; null where the tensor has no row per token.</summary>
    public IReadOnlyList<MappedTensor>? Map(string name, IReadOnlyList<(Checkpoint Model, TensorInfo Tensor)> merged, List<string> warnings)
    {
        if (_rows is null || !TiedWeights.IsVocabularyIndexed(name))
            return null;
        TensorInfo TensorOf(int model)
        {
            Checkpoint checkpoint = _places.First(p => p.Value == model).Key;
            return merged.Where(m => m.Model == checkpoint).Select(m => m.Tensor).FirstOrDefault()
                ?? new WantedTensor(checkpoint, name).Find()
                ?? TiedWeights.FindEmbedding(checkpoint)
                ?? throw new CabsException(CabsError.TensorMissing, $"{checkpoint.Path}: lacks tensor {Text.Quote(name)}, whose rows the recipe's 'tokenizer' asks for", name);
        }

        var notes = new List<string>();
        IReadOnlyList<RowMap> maps = _rows.Build([.. merged.Select(m => _places[m.Model])], model => TensorOf(model).Shape[0], notes);
        warnings.AddRange(notes.Select(n => $"tensor {Text.Quote(name)}: {n}"));
        return [.. merged.Select((m, i) => new MappedTensor(m.Tensor, maps[i], TensorOf))];
    }

    /// <summary>The result's tokenizer files.</summary>
    public IReadOnlyList<TokenizerFile> Files(List<string> warnings)
    {
        if (Vocabulary is not null)
            warnings.AddRange(Vocabulary.Warnings);
        Tokenizers.Tokenizer source = Vocabulary?.Source ?? _models[_places[_set.Donor]].Tokenizer
            ?? throw new CabsException(CabsError.TokenizerInvalid, $"{_set.Donor.Path}: has no tokenizer files to put the 'chat_template' into; name a tokenizer with 'tokenizer'", "chat_template");
        string? template = _definition.ChatTemplate is { } value ? ChatTemplates.Resolve(value, _models) : null;
        return TokenizerOutput.Create(source, Vocabulary, _models, template, warnings);
    }

    private bool IsMerged(Checkpoint model) =>
        _definition.Inputs.Any(i => _set[i.Path] == model) || (_definition.BasePath is { } own && _set[own] == model)
        || _definition.Modules.SelectMany(m => m.Slices).Any(s => s.BasePath is { } path && _set[path] == model);
}
