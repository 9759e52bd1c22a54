using CabsPs.Engine.Checkpoints;

namespace CabsPs.Engine.Tokenizers;

/// <summary>Builds the vocabulary of a merge's result. Numbers of the tokenizer it starts from never change. Behind them come the
/// ordinary tokens that only other models have, then their added tokens, each in the order of the models and of their numbers
/// there, then tokens that the recipe names and no model has.</summary>
public sealed class VocabularyBuilder
{
    private readonly TokenizerSettings _settings;
    private readonly IReadOnlyList<VocabularyModel> _models;
    private readonly int? _base;
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly List<string> _newTokens = [];
    private readonly List<AddedToken> _newAdded = [];
    private readonly List<string> _warnings = [];
    private int _next;

    private VocabularyBuilder(TokenizerSettings settings, IReadOnlyList<VocabularyModel> models, int? baseIndex)
    {
        _settings = settings;
        _models = models;
        _base = baseIndex;
    }

    /// <summary>Builds a vocabulary.</summary>
    /// <param name="settings">What the recipe asks for.</param>
    /// <param name="models">The models, in the recipe's order.</param>
    /// <param name="baseIndex">Which of them is the base, if any.</param>
    /// <exception cref="CabsException">The source has no tokenizer.</exception>
    public static OutputVocabulary Build(TokenizerSettings settings, IReadOnlyList<VocabularyModel> models, int? baseIndex) =>
        new VocabularyBuilder(settings, models, baseIndex).Build();

    private OutputVocabulary Build()
    {
        Tokenizer source = Source();
        foreach ((string token, int id) in source.Ids)
            _ids.Add(token, id);
        _next = source.Length;
        if (_settings.Source == VocabularySource.Union)
            AddOthers(source);
        foreach (TokenRule rule in _settings.Tokens)
        {
            if (!_ids.ContainsKey(rule.Token))
                Add(_models.Select(m => m.Tokenizer?.Added.GetValueOrDefault(rule.Token)).FirstOrDefault(t => t is not null) ?? new AddedToken(rule.Token) { Normalized = true });
        }

        int multiple = _settings.PadToMultipleOf;
        long rows = (_next + multiple - 1L) / multiple * multiple;
        if (rows > TokenizerReading.MaxTokens)
            throw _settings.At($"a vocabulary of {_next} tokens cannot be padded to a multiple of {multiple}");
        _newAdded.Sort((a, b) => _ids[a.Content].CompareTo(_ids[b.Content]));
        return new OutputVocabulary(source, _ids, _newTokens, _newAdded, (int)rows) { Warnings = _warnings };
    }

    private Tokenizer Source()
    {
        if (_settings.Source == VocabularySource.Model)
        {
            VocabularyModel named = _models.First(m => ModelPaths.AreSame(m.Path, _settings.SourceModel!));
            return named.Tokenizer ?? throw _settings.At($"the tokenizer is to come from {named.Name}, which has no tokenizer files; name a model that has them");
        }

        if (_base is { } index)
            return _models[index].Tokenizer ?? throw _settings.At($"the tokenizer is to come from the base {_models[index].Name}, which has no tokenizer files; name a model that has them as the source");
        if (_settings.Source == VocabularySource.Base)
            throw _settings.At("the tokenizer is to come from the base, and the recipe has no base_model; give one, or name a model as the source");
        return _models.FirstOrDefault(m => m.IsMerged && m.Tokenizer is not null)?.Tokenizer
            ?? throw _settings.At("no model has tokenizer files to make a union of");
    }

    private void AddOthers(Tokenizer source)
    {
        Tokenizer[] others = [.. _models.Where(m => m.IsMerged).Select(m => m.Tokenizer).OfType<Tokenizer>().Where(t => t != source)];
        foreach (Tokenizer other in others)
        {
            if (other.Kind != source.Kind)
                _warnings.Add($"the tokenizers of {source.Folder} ({source.Kind}) and {other.Folder} ({other.Kind}) write tokens in different ways; their union holds many tokens twice");
            foreach (string token in other.Ordered)
            {
                if (!other.Added.ContainsKey(token) && _ids.TryAdd(token, _next))
                {
                    _newTokens.Add(token);
                    _next++;
                }
            }
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (Tokenizer other in others)
        {
            foreach (string token in other.Ordered)
            {
                if (other.Added.TryGetValue(token, out AddedToken? added) && !source.Added.ContainsKey(token) && seen.Add(token))
                    Add(added);
            }
        }
    }

    private void Add(AddedToken token)
    {
        _newAdded.Add(token);
        if (_ids.TryAdd(token.Content, _next))
            _next++;
    }
}
