using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Tokenizers;

/// <summary>What a merge's planner asks of vocabularies: how many rows the result has, where each model's rows come from, and what
/// files the result's tokenizer gets.</summary>
public sealed class VocabularyPlan : IVocabularyFit
{
    private readonly IReadOnlyList<Checkpoint> _models;
    private readonly IReadOnlyList<VocabularyModel> _vocabularyModels;
    private readonly Dictionary<int, Checkpoint> _donors = [];
    private readonly Dictionary<string, IReadOnlyList<RowMap>> _maps = new(StringComparer.Ordinal);
    private readonly RowMapBuilder _builder;
    private readonly List<string> _warnings;
    private readonly Func<string, Checkpoint?>? _planned;

    private VocabularyPlan(TokenizerSettings settings, IReadOnlyList<Checkpoint> models, IReadOnlyList<VocabularyModel> vocabularyModels, int? baseIndex, Func<string, Checkpoint?>? planned)
    {
        _planned = planned;
        _models = models;
        _vocabularyModels = vocabularyModels;
        Vocabulary = VocabularyBuilder.Build(settings, vocabularyModels, baseIndex);
        _builder = new RowMapBuilder(settings, Vocabulary, vocabularyModels, baseIndex);
        _warnings = [.. Vocabulary.Warnings];
    }

    /// <summary>The result's vocabulary.</summary>
    public OutputVocabulary Vocabulary { get; }

    /// <summary>The models, then those that only the settings name.</summary>
    public IReadOnlyList<VocabularyModel> Models => _vocabularyModels;

    /// <summary>Models that only the settings name and that give rows; grows while tensors are mapped.</summary>
    public IEnumerable<Checkpoint> RowDonors => _donors.Values;

    /// <summary>What the user may not have meant; grows while tensors are mapped.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Reads the models' tokenizers and builds the result's vocabulary.</summary>
    /// <param name="settings">What the recipe asks for.</param>
    /// <param name="models">All models of the merge, in the recipe's order; a base that is not listed among them stands first.</param>
    /// <param name="baseIndex">Which of them is the base, if any.</param>
    /// <param name="planned">Finds models that do not exist yet; null where there are none.</param>
    /// <exception cref="CabsException">A tokenizer cannot be read, or the source has none.</exception>
    public static VocabularyPlan Create(TokenizerSettings settings, IReadOnlyList<Checkpoint> models, int? baseIndex, Func<string, Checkpoint?>? planned = null)
    {
        IReadOnlyList<string> names = ModelPaths.Names([.. models.Select(m => m.Path)]);
        return new VocabularyPlan(settings, models, VocabularyModel.ReadAll([.. models.Select((m, i) => (names[i], m))], settings, planned), baseIndex, planned);
    }

    /// <inheritdoc/>
    int? IVocabularyFit.Size => Vocabulary.RowCount;

    /// <inheritdoc/>
    bool IVocabularyFit.Covers(string name, IReadOnlyList<(Checkpoint Model, TensorInfo Tensor)> inputs) =>
        VocabularyTensors.Is(name, [.. inputs.Select(i => i.Tensor)], [.. inputs.Select(i => i.Model)]);

    /// <inheritdoc/>
    int IVocabularyFit.RowsOf(string name) => Vocabulary.RowCount;

    /// <inheritdoc/>
    IReadOnlyList<MappedTensor?> IVocabularyFit.Map(string name, IReadOnlyList<(Checkpoint Model, TensorInfo Tensor)> inputs) =>
        Map(name, [.. inputs.Select(i => (_models.ToList().IndexOf(i.Model), i.Tensor))]);

    // a head that is tied to the embedding is the embedding
    private IReadOnlyList<MappedTensor?> Map(string name, IReadOnlyList<(int Model, TensorInfo Tensor)> inputs)
    {
        TensorInfo TensorOf(int model) => inputs.FirstOrDefault(i => i.Model == model).Tensor ?? FindIn(Donor(model), name);
        long RowsOf(int model) => VocabularyTensors.RowCount(TensorOf(model));
        string key = string.Join(' ', inputs.Select(i => $"{i.Model}:{VocabularyTensors.RowCount(i.Tensor)}"));
        if (!_maps.TryGetValue(key, out IReadOnlyList<RowMap>? maps))
            _maps.Add(key, maps = _builder.Build([.. inputs.Select(i => i.Model)], RowsOf, _warnings));
        return [.. maps.Select((map, i) => map.IsIdentity && VocabularyTensors.RowCount(inputs[i].Tensor) == map.Count ? null : new MappedTensor(inputs[i].Tensor, map, Donors(map, inputs[i].Tensor)))];

        // found here and not while merging: a donor that does not fit is refused before anything is written
        Dictionary<int, TensorInfo> Donors(RowMap map, TensorInfo own) => map.Donors.ToDictionary(m => m, m => Checked(TensorOf(m), own));

        TensorInfo Checked(TensorInfo donor, TensorInfo own) =>
            donor.Type.IsMergeable() && donor.Count / VocabularyTensors.RowCount(donor) == own.Count / VocabularyTensors.RowCount(own) ? donor
                : throw new CabsException(CabsError.TensorShapeMismatch, $"tensor {Text.Quote(name)} is {own.Type} {own.ShapeText} in {own.File} but {donor.Type} {donor.ShapeText} in {donor.File}; rows of the one cannot stand in the other", name);
    }

    /// <summary>The result's tokenizer files.</summary>
    /// <param name="template">The recipe's chat template, or null.</param>
    /// <exception cref="CabsException">The source's files cannot hold what must go in.</exception>
    public IReadOnlyList<TokenizerFile> Files(string? template) =>
        TokenizerOutput.Create(Vocabulary.Source, Vocabulary, _vocabularyModels, TemplateText(template, _vocabularyModels, _warnings), _warnings);

    /// <summary>The tokenizer files of a result that keeps a model's numbering, with another chat template.</summary>
    /// <param name="template">The recipe's chat template.</param>
    /// <param name="models">All models of the merge, in the recipe's order.</param>
    /// <param name="source">Whose files they are: the base, or the first model.</param>
    /// <param name="warnings">Receives what the user may not have meant.</param>
    /// <exception cref="CabsException">The source has no tokenizer files.</exception>
    public static IReadOnlyList<TokenizerFile> Files(string template, IReadOnlyList<Checkpoint> models, int source, List<string> warnings)
    {
        Tokenizer tokenizer = Tokenizer.Read(models[source])
            ?? throw new CabsException(CabsError.VocabularyInvalid, $"'chat_template' goes into the tokenizer's files, and {models[source].Path} has none; give a 'tokenizer' key that names a model with them", "chat_template");
        // the others' tokenizers matter for a choice among their templates alone
        IReadOnlyList<VocabularyModel> read = template == ChatTemplates.Auto ? VocabularyModel.ReadAll([.. models.Select(m => (m.Name, m))], null) : [];
        return TokenizerOutput.Create(tokenizer, null, read, TemplateText(template, read, warnings), warnings);
    }

    private static string? TemplateText(string? template, IReadOnlyList<VocabularyModel> models, List<string> warnings)
    {
        if (template is null)
            return null;
        string? text = ChatTemplates.Resolve(template, models);
        if (text is null)
            warnings.Add("'chat_template: auto' chooses among the models' templates, and none has one; the result has none");
        return text;
    }

    private Checkpoint Donor(int model)
    {
        if (model < _models.Count)
            return _models[model];
        if (!_donors.TryGetValue(model, out Checkpoint? donor))
            _donors.Add(model, donor = _planned?.Invoke(_vocabularyModels[model].Path) ?? Checkpoint.Open(_vocabularyModels[model].Path));
        return donor;
    }

    private static TensorInfo FindIn(Checkpoint model, string name) =>
        model.Find(name)
        ?? (name.EndsWith(TiedWeights.Head, StringComparison.Ordinal) ? TiedWeights.FindEmbedding(model) : null)
        ?? throw new CabsException(CabsError.TensorMissing, $"{model.Path}: lacks tensor {Text.Quote(name)}, a row of which the recipe's 'tokens' or the union of vocabularies needs", name);
}
