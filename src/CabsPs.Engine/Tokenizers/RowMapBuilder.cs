namespace CabsPs.Engine.Tokenizers;

/// <summary>Fits the rows of each model to the result's vocabulary, as mergekit does. A row that a model lacks is the base's where
/// the base knows the token, the only owner's or the owners' average among the models merged in a tensor, or zeros where nobody
/// knows it; a recipe may name another row. Rows beyond the vocabulary are the mean of all others.</summary>
public sealed class RowMapBuilder
{
    private readonly TokenizerSettings _settings;
    private readonly IReadOnlyList<VocabularyModel> _models;
    private readonly int? _base;
    private readonly string?[] _tokens;
    private readonly Dictionary<string, TokenRule> _rules;
    private readonly Dictionary<string, int> _named = new(StringComparer.Ordinal);

    /// <summary>Prepares the maps of a merge.</summary>
    /// <param name="settings">What the recipe asks for.</param>
    /// <param name="vocabulary">The result's vocabulary.</param>
    /// <param name="models">The models it was built from.</param>
    /// <param name="baseIndex">Which of them is the base, if any.</param>
    public RowMapBuilder(TokenizerSettings settings, OutputVocabulary vocabulary, IReadOnlyList<VocabularyModel> models, int? baseIndex)
    {
        _settings = settings;
        _models = models;
        _base = baseIndex;
        _tokens = new string?[vocabulary.RowCount];
        foreach ((string token, int id) in vocabulary.Ids)
            _tokens[id] = token;
        _rules = settings.Tokens.ToDictionary(t => t.Token, StringComparer.Ordinal);
    }

    /// <summary>Builds the maps for one tensor.</summary>
    /// <param name="merged">The models that are merged there, in order.</param>
    /// <param name="rowCount">How many rows a model's tensor has; asked of the models merged and of those whose rows are taken.</param>
    /// <param name="warnings">Receives what the user may not have meant.</param>
    /// <returns>A map per model merged.</returns>
    /// <exception cref="CabsException">A row that is needed does not exist.</exception>
    public IReadOnlyList<RowMap> Build(IReadOnlyList<int> merged, Func<int, long> rowCount, ICollection<string> warnings)
    {
        RowFill?[] fills = new RowFill?[_tokens.Length];
        var unknown = new List<string>();
        for (int row = 0; row < fills.Length; row++)
        {
            TokenRule? rule = null;
            if (_tokens[row] is not { } token)
                fills[row] = new RowFill(RowFillKind.Mean);
            else if (_rules.TryGetValue(token, out rule)) // resolved even where no model needs it: a wrong one would stay unseen
                fills[row] = rule.Source is ModelRow source ? new RowFill(RowFillKind.Row, Resolve(rule, source, rowCount)) : new RowFill(RowFillKind.Zero);
            else if (!merged.All(m => Vocabulary(m).ContainsKey(token)))
                fills[row] = Lacking(token, merged);
            if (rule is null && fills[row] is { Kind: RowFillKind.Zero })
                unknown.Add(_tokens[row]!);
        }

        if (unknown.Count > 0)
            warnings.Add($"no model merged there knows {unknown.Count} of the vocabulary's tokens ({Text.Quote(unknown[0])}{(unknown.Count > 1 ? ", …" : string.Empty)}), whose rows are zeros; name a source for them under 'tokenizer: tokens:'");
        return [.. merged.Select(m => Map(m, fills, rowCount))];
    }

    private RowMap Map(int model, RowFill?[] fills, Func<int, long> rowCount)
    {
        IReadOnlyDictionary<string, int> vocabulary = Vocabulary(model);
        long own = rowCount(model);
        int[] rows = new int[fills.Length];
        var kept = new List<RowFill>();
        int zero = 0, mean = 0;
        for (int row = 0; row < rows.Length; row++)
        {
            bool has = _tokens[row] is { } token && vocabulary.TryGetValue(token, out rows[row]) && !(_rules.TryGetValue(token, out TokenRule? rule) && rule.Force);
            if (has)
            {
                if (rows[row] >= own)
                    throw Beyond(model, _tokens[row]!, rows[row], own);
                continue;
            }

            RowFill fill = fills[row]!.Value;
            if (fill.Kind == RowFillKind.Row && fill.From.Model == model)
                rows[row] = fill.From.Row;
            else if (fill.Kind == RowFillKind.Zero)
                rows[row] = zero != 0 ? zero : zero = Keep(fill);
            else if (fill.Kind == RowFillKind.Mean)
                rows[row] = mean != 0 ? mean : mean = Keep(fill);
            else
                rows[row] = Keep(fill);
        }

        return new RowMap(rows, [.. kept]);

        int Keep(RowFill fill)
        {
            kept.Add(fill);
            return -kept.Count;
        }
    }

    private CabsException Beyond(int model, string token, int id, long rows)
    {
        VocabularyModel own = _models[model];
        string whose = own.Tokenizer is null ? "it has no tokenizer files, and the base's" : "its tokenizer";
        return new CabsException(CabsError.TokenizerInvalid, $"{own.Path}: {whose} has token {Text.Quote(token)} at number {id}, its weights have {rows} rows; the tokenizer belongs to another model, or the embedding was never resized for its added tokens", own.Path);
    }

    private RowFill Lacking(string token, IReadOnlyList<int> merged)
    {
        if (_base is { } index && Vocabulary(index).TryGetValue(token, out int row))
            return new RowFill(RowFillKind.Row, new ModelRowReference(index, row));
        var owners = new List<ModelRowReference>();
        foreach (int model in merged)
        {
            if (Vocabulary(model).TryGetValue(token, out row))
                owners.Add(new ModelRowReference(model, row));
        }

        return owners.Count switch
        {
            0 => new RowFill(RowFillKind.Zero),
            1 => new RowFill(RowFillKind.Row, owners[0]),
            _ => new RowFill(RowFillKind.Average, Others: owners),
        };
    }

    private ModelRowReference Resolve(TokenRule rule, ModelRow source, Func<int, long> rowCount)
    {
        if (!_named.TryGetValue(source.Model, out int model))
            _named.Add(source.Model, model = Enumerable.Range(0, _models.Count).First(i => Checkpoints.ModelPaths.AreSame(_models[i].Path, source.Model)));
        string token = source.Token ?? rule.Token;
        int row;
        if (source.Id is { } id)
            row = id;
        else if (!Vocabulary(model).TryGetValue(token, out row))
            throw rule.At($"the row of token {Text.Quote(rule.Token)} is to come from {_models[model].Name}, which has no token {Text.Quote(token)}; name a model that has it, or 'kind: model_token' with another token");
        long rows = rowCount(model);
        return row < rows ? new ModelRowReference(model, row)
            : throw rule.At($"the row of token {Text.Quote(rule.Token)} is to be row {row} of {_models[model].Name}, which has {rows}");
    }

    private IReadOnlyDictionary<string, int> Vocabulary(int model) =>
        (_models[model].Tokenizer ?? (_base is { } index ? _models[index].Tokenizer : null))?.Ids
        ?? throw _settings.At($"{_models[model].Name} has no tokenizer files{(_base is null ? " and the recipe has no base_model" : ", nor has the base")}, so its rows cannot be told apart; put its tokenizer into {_models[model].Path}");
}
