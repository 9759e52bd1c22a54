using CabsPs.Engine.Checkpoints;
using CabsPs.Engine.TaskVectors;
using CabsPs.Engine.Tokenizers;

namespace CabsPs.Engine.Merging;

/// <summary>A model that a merge reads: an entry of a recipe's <c>models</c>, a source of a slice, a task vector's model.</summary>
/// <param name="Name">What messages and results call it.</param>
/// <param name="Path">Its folder or file.</param>
/// <param name="Parameters">Values given for this entry alone.</param>
public sealed record ModelInput(string Name, string Path, ParameterSet Parameters)
{
    /// <summary>False for a model that only takes part in choosing the others' positions: a member of their group that was not
    /// piped into the merge.</summary>
    public bool Contributes { get; init; } = true;

    /// <summary>The layers that a slice takes of it; null for all.</summary>
    public LayerRange? Layers { get; init; }

    /// <summary>Where it was asked for, such as <c>recipe.yml line 7</c>, for messages.</summary>
    public string? Origin { get; init; }
}

/// <summary>Vectors that are sparsified together.</summary>
/// <param name="Sparsifier">How.</param>
/// <param name="Members">Indexes into the definition's inputs, in the order of assignment.</param>
/// <param name="Parameters">Values for the whole group; null means the definition's own.</param>
public sealed record SparsifierGroup(Sparsifier Sparsifier, IReadOnlyList<int> Members, ParameterSet? Parameters = null);

/// <summary>What is to be merged and how, from a recipe or a pipeline; nothing has been read yet.</summary>
public sealed record MergeDefinition
{
    /// <summary>The method.</summary>
    public required MergeMethod Method { get; init; }

    /// <summary>The base model's folder or file, or null without one. It gives the result its config.json and small files, also
    /// where the method has no use for a base; without a base, the first model does.</summary>
    public string? BasePath { get; init; }

    /// <summary>All models besides the base, in order, each once; the base too, where it is an input like the others.</summary>
    public required IReadOnlyList<ModelInput> Inputs { get; init; }

    /// <summary>What is built from which layers of which models. Empty: every tensor from <see cref="Inputs"/> as a whole.</summary>
    public IReadOnlyList<MergeModule> Modules { get; init; } = [];

    /// <summary>Values for all models and for the merge as a whole.</summary>
    public ParameterSet Parameters { get; init; } = ParameterSet.Empty;

    /// <summary>Who is sparsified with whom; an input in no group stays dense.</summary>
    public IReadOnlyList<SparsifierGroup> Groups { get; init; } = [];

    /// <summary>Steps after the method, in order.</summary>
    public IReadOnlyList<PostStep> Post { get; init; } = [];

    /// <summary>Wildcards over tensor names; with any, only tensors that match one are merged.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Wildcards over tensor names that are copied from the base.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>The type the result is stored as; null keeps each tensor's promoted input type.</summary>
    public DType? OutputType { get; init; }

    /// <summary>Lets an expert lack a tensor of the base: it adds nothing there.</summary>
    public bool SkipMissing { get; init; }

    /// <summary>Lets NaN and infinity through instead of refusing them.</summary>
    public bool AllowNonFinite { get; init; }

    /// <summary>Which vocabulary the result gets; null keeps the models' rows as they are.</summary>
    public TokenizerSettings? Tokenizer { get; init; }

    /// <summary>The result's chat template: auto, a built-in name or a Jinja text; null leaves the tokenizer's own.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Cuts vocabulary-indexed tensors of different heights to the shortest, where there is no <see cref="Tokenizer"/>.</summary>
    public bool TruncateEmbeddings { get; init; }

    /// <summary>What random choices start from; they depend on it, on the names of model and tensor, and on the place in the
    /// tensor, and on nothing else.</summary>
    public long Seed { get; init; }

    /// <summary>Where the merge was asked for, such as <c>recipe.yml line 1</c>, for messages.</summary>
    public string? Origin { get; init; }

    /// <summary>What the reader of the recipe wants its writer to know.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Paths of all models that are named, each once.</summary>
    public IEnumerable<string> ModelPaths => MergedPaths.Concat(Tokenizer?.Models ?? []).Distinct(StringComparer.Ordinal);

    /// <summary>Paths of the models that are merged, each once, the base's first.</summary>
    public IEnumerable<string> MergedPaths => new[] { BasePath }
        .Concat(Inputs.Select(i => i.Path))
        .Concat(Modules.SelectMany(m => m.Slices).SelectMany(s => s.Sources.Select(i => i.Path).Append(s.BasePath)))
        .OfType<string>().Distinct(StringComparer.Ordinal);

    /// <summary>The modules, or the one that stands for the whole models.</summary>
    internal IReadOnlyList<MergeModule> AllModules =>
        Modules.Count > 0 ? Modules : [new MergeModule(null, [new MergeSlice(Inputs) { BasePath = BasePath, Origin = Inputs.Count > 0 ? Inputs[0].Origin ?? Origin : Origin }])];
}
