using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.Merging;

namespace CabsPs.Engine.Tokenizers;

/// <summary>What a merge does about vocabularies, from its definition: how tensors are fitted, and the result's tokenizer files.</summary>
internal sealed class VocabularyResult
{
    private readonly MergeDefinition _definition;
    private readonly ModelSet _models;
    private readonly int _donor;
    private readonly VocabularyPlan? _plan;

    /// <summary>Reads what the definition needs of the models' tokenizers.</summary>
    /// <param name="definition">The merge.</param>
    /// <param name="models">Its models.</param>
    /// <param name="warnings">Receives what the user may not have meant.</param>
    /// <exception cref="CabsException">A tokenizer that is needed cannot be read, or cannot give what is asked for.</exception>
    public VocabularyResult(MergeDefinition definition, ModelSet models, List<string> warnings)
    {
        _definition = definition;
        _models = models;
        _donor = models.All.ToList().IndexOf(models.Donor);
        if (definition.Tokenizer is { } settings)
        {
            Fit = _plan = VocabularyPlan.Create(settings, models.All, definition.BasePath is null ? null : _donor, models.FindPlanned);
            if (definition.TruncateEmbeddings)
                warnings.Add("cutting embeddings has no effect where the recipe says what to do about vocabularies");
            return;
        }

        if (definition.TruncateEmbeddings)
            Fit = new EmbeddingCut(models.All);
        warnings.AddRange(TokenizerAgreement.Check(models.All));
    }

    /// <summary>How vocabulary-indexed tensors are fitted; null leaves them as they are.</summary>
    public IVocabularyFit? Fit { get; }

    /// <summary>Models that are not merged and give rows; known once all tensors are planned.</summary>
    public IEnumerable<Checkpoint> Donors => _plan?.RowDonors ?? [];

    /// <summary>The result's tokenizer files; null leaves the donor's. To be asked once all tensors are planned.</summary>
    /// <param name="warnings">Receives what the user may not have meant.</param>
    /// <exception cref="CabsException">The files cannot hold what must go in.</exception>
    public IReadOnlyList<TokenizerFile>? Files(List<string> warnings)
    {
        if (_plan is null)
            return _definition.ChatTemplate is { } template ? VocabularyPlan.Files(template, _models.All, _donor, warnings) : null;
        IReadOnlyList<TokenizerFile> files = _plan.Files(_definition.ChatTemplate);
        warnings.AddRange(_plan.Warnings);
        if (_models.Donor.Config is { } config && _plan.Models[_donor].Tokenizer is { } old)
            warnings.AddRange(VocabularyConfig.MovedTokens(config.Text, old, _plan.Vocabulary));
        return files;
    }
}
